/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * names.h - one library per format, all four linkable into one program.
 *
 * Compile with exactly one of -DS2_FORMAT_EPT, -DS2_FORMAT_NPT, -DS2_FORMAT_A64, -DS2_FORMAT_GST. Source code says
 * s2_map_linear(); the linker sees s2_ept_map_linear(). Frama-C sees the plain names: the core is proved once, for an
 * abstract format. Types and the host's functions (host.h) are the same for all formats and are not renamed.
 */
#ifndef STAGE2_NAMES_H
#define STAGE2_NAMES_H

#if defined(S2_FORMAT_EPT)
#define S2_NAME(x)     s2_ept_##x
#define S2_FORMAT_NAME "ept"
#elif defined(S2_FORMAT_NPT)
#define S2_NAME(x)     s2_npt_##x
#define S2_FORMAT_NAME "npt"
#elif defined(S2_FORMAT_A64)
#define S2_NAME(x)     s2_a64_##x
#define S2_FORMAT_NAME "a64"
#elif defined(S2_FORMAT_GST)
#define S2_NAME(x)     s2_gst_##x
#define S2_FORMAT_NAME "gst"
#elif defined(__FRAMAC__) || defined(S2_FORMAT_NONE)
#define S2_NAME(x)     s2_##x
#define S2_FORMAT_NAME "abstract"
#else
#error "define one of S2_FORMAT_EPT, S2_FORMAT_NPT, S2_FORMAT_A64, S2_FORMAT_GST"
#endif

#if !defined(__FRAMAC__) && !defined(S2_FORMAT_NONE)
/* pool.h */
#define s2_pool_init          S2_NAME(pool_init)
#define s2_pool_take          S2_NAME(pool_take)
#define s2_pool_limbo         S2_NAME(pool_limbo)
#define s2_pool_give          S2_NAME(pool_give)
#define s2_pool_drain         S2_NAME(pool_drain)
/* table.h */
#define s2_pt_init            S2_NAME(pt_init)
#define s2_pt_map             S2_NAME(pt_map)
#define s2_pt_unmap           S2_NAME(pt_unmap)
#define s2_pt_protect         S2_NAME(pt_protect)
#define s2_pt_query           S2_NAME(pt_query)
#define s2_pt_next            S2_NAME(pt_next)
#define s2_pt_walk            S2_NAME(pt_walk)
#define s2_pt_split           S2_NAME(pt_split)
#define s2_pt_collapse        S2_NAME(pt_collapse)
#define s2_pt_tables_needed   S2_NAME(pt_tables_needed)
#define s2_pt_root            S2_NAME(pt_root)
#define s2_pt_set_vmid        S2_NAME(pt_set_vmid)
#define s2_pt_clear           S2_NAME(pt_clear)
/* tree.h (internal) */
#define s2_tree_link          S2_NAME(tree_link)
#define s2_tree_unlink        S2_NAME(tree_unlink)
#define s2_tree_prune_from    S2_NAME(tree_prune_from)
#define s2_tree_grow          S2_NAME(tree_grow)
#define s2_tree_fresh         S2_NAME(tree_fresh)
/* ops.h (internal) */
#define s2_plan_map           S2_NAME(plan_map)
#define s2_commit_map         S2_NAME(commit_map)
#define s2_commit_below       S2_NAME(commit_below)
#define s2_plan_cut           S2_NAME(plan_cut)
#define s2_cut                S2_NAME(cut)
#define s2_split_at           S2_NAME(split_at)
#define s2_remove             S2_NAME(remove)
#define s2_mark               S2_NAME(mark)
#define s2_reap               S2_NAME(reap)
#define s2_set_rights         S2_NAME(set_rights)
#define s2_alloc_one          S2_NAME(alloc_one)
#define s2_alloc_page         S2_NAME(alloc_page)
#define s2_linear_map         S2_NAME(linear_map)
#define s2_alloc_populate     S2_NAME(alloc_populate)
#define s2_alloc_release      S2_NAME(alloc_release)
/* flush.h */
#define s2_flush_range        S2_NAME(flush_range)
#define s2_flush_page         S2_NAME(flush_page)
#define s2_flush_operands     S2_NAME(flush_operands)
#define s2_flush_full         S2_NAME(flush_full)
#define s2_arch_flush_range   S2_NAME(arch_flush_range)
#define s2_arch_flush_all     S2_NAME(arch_flush_all)
/* area.h */
#define s2_areas_init         S2_NAME(areas_init)
#define s2_areas_find         S2_NAME(areas_find)
#define s2_areas_again        S2_NAME(areas_again)
#define s2_areas_look         S2_NAME(areas_look)
#define s2_areas_next         S2_NAME(areas_next)
#define s2_areas_overlap      S2_NAME(areas_overlap)
#define s2_areas_covered      S2_NAME(areas_covered)
#define s2_areas_insert       S2_NAME(areas_insert)
#define s2_areas_remove       S2_NAME(areas_remove)
#define s2_areas_can_remove   S2_NAME(areas_can_remove)
#define s2_areas_protect      S2_NAME(areas_protect)
#define s2_areas_find_free    S2_NAME(areas_find_free)
#define s2_areas_count        S2_NAME(areas_count)
#define s2_areas_clear        S2_NAME(areas_clear)
/* space.h */
#define s2_init               S2_NAME(init)
#define s2_fini               S2_NAME(fini)
#define s2_clear              S2_NAME(clear)
#define s2_map_linear         S2_NAME(map_linear)
#define s2_map_alloc          S2_NAME(map_alloc)
#define s2_unmap              S2_NAME(unmap)
#define s2_protect            S2_NAME(protect)
#define s2_collapse           S2_NAME(collapse)
#define s2_discard            S2_NAME(discard)
#define s2_discard_list       S2_NAME(discard_list)
#define s2_translate          S2_NAME(translate)
#define s2_translate_run      S2_NAME(translate_run)
#define s2_translate_batch    S2_NAME(translate_batch)
#define s2_query              S2_NAME(query)
#define s2_fault              S2_NAME(fault)
#define s2_root               S2_NAME(root)
#define s2_set_vmid           S2_NAME(set_vmid)
#define s2_contains           S2_NAME(contains)
#define s2_find_free          S2_NAME(find_free)
#define s2_area_at            S2_NAME(area_at)
#define s2_area_next          S2_NAME(area_next)
/* guest.h */
#define s2_guest_run          S2_NAME(guest_run)
#define s2_guest_read         S2_NAME(guest_read)
#define s2_guest_write        S2_NAME(guest_write)
#define s2_guest_fill         S2_NAME(guest_fill)
/* cursor.h */
#define s2_cursor_init        S2_NAME(cursor_init)
#define s2_cursor_forget      S2_NAME(cursor_forget)
#define s2_cursor_walk        S2_NAME(cursor_walk)
/* ahead.h */
#define s2_ahead_init         S2_NAME(ahead_init)
#define s2_ahead_guess        S2_NAME(ahead_guess)
#define s2_ahead_brought      S2_NAME(ahead_brought)
#define s2_fault_ahead        S2_NAME(fault_ahead)
/* track.h */
#define s2_track_start        S2_NAME(track_start)
#define s2_track_harvest      S2_NAME(track_harvest)
#define s2_track_stop         S2_NAME(track_stop)
/* latency.h */
#define s2_latency_init       S2_NAME(latency_init)
#define s2_latency_add        S2_NAME(latency_add)
#define s2_latency_percentile S2_NAME(latency_percentile)
#define s2_latency_mean       S2_NAME(latency_mean)
#define s2_translate_timed    S2_NAME(translate_timed)
#define s2_fault_timed        S2_NAME(fault_timed)
/* share.h */
#define s2_clone              S2_NAME(clone)
#define s2_copy_page          S2_NAME(copy_page)
#define s2_take_frame         S2_NAME(take_frame)
/* check.h */
#define s2_pt_check           S2_NAME(pt_check)
#define s2_space_check        S2_NAME(space_check)
#define s2_flaw_text          S2_NAME(flaw_text)
/* stats.h */
#define s2_stats_of           S2_NAME(stats_of)
#define s2_memory_report      S2_NAME(memory_report)
#endif

#endif
