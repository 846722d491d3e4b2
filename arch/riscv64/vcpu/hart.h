/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hart.h - the hart as Frama-C sees it, in the place of inline assembly and enter.S: external functions with contracts.
 *
 * A CSR that is read may hold anything: nothing is concluded from what was written to it. s2_rv_device, a ghost, stands
 * for all CSRs, FP registers and translation caches of the hart; a function that assigns nothing else leaves C memory as
 * it was. What is believed here is that the instructions do no more than that (specs/SOUNDNESS.md).
 */
#ifndef ARCH_RV_HART_H
#define ARCH_RV_HART_H

/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_set_sstatus(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
uint64_t s2_rv_take_sstatus(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_scounteren(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_scounteren(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_senvcfg(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_senvcfg(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vsstatus(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vsstatus(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_set_vsstatus(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vsie(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vsie(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vstvec(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vstvec(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vsscratch(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vsscratch(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vsepc(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vsepc(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vscause(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vscause(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vstval(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vstval(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vstimecmp(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vstimecmp(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_vsatp(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_vsatp(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hedeleg(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hideleg(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hie(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_htimedelta(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hcounteren(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hgeie(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_henvcfg(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_hvip(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hvip(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_set_hvip(uint64_t v);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_clear_hvip(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_hgatp(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_write_hgatp(uint64_t v);
/*@ terminates \true; exits \false; assigns \nothing; */
uint64_t s2_rv_read_time(void);

/* fences */
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fence_vvma(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fence_gvma(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fence_i(void);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fence_vvma_page(uint64_t va);
/*@ terminates \true; exits \false; assigns s2_rv_device; */
void s2_rv_fence_gvma_page(uint64_t gpa);

#endif
