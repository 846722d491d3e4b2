/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * model.h - the oracle: a guest address space as a sorted list of maplets and a set of present pages.
 *
 * It shares no code with the library. A linear maplet is always present; a page of an alloc maplet is present when a
 * frame is recorded for it. Which frame the host handed out is learnt when the page first appears, and must not change
 * until the page is removed.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "stage2/area.h"
#include "stage2/attr.h"
#include "stage2/types.h"

#define M_AREAS  2048
#define M_FRAMES 2560
#define M_SLOTS  8192
#define M_CLEAN  1024
#define M_NONE   UINT64_MAX

struct m_area {
  uint64_t start, end;
  int64_t delta;
  uint32_t attr;
  uint32_t backend;
};

struct model {
  struct m_area area[M_AREAS];
  uint32_t n;
  uint64_t owner[M_FRAMES]; /* frame -> guest page number, or M_NONE */
  uint32_t frames;          /* how many are owned                    */
  uint64_t key[M_SLOTS];    /* guest page number -> frame            */
  uint32_t val[M_SLOTS];
  struct {
    uint64_t start, end;
  } clean[M_CLEAN]; /* tracked: leaves here are without the right to write; sorted, apart from each other */
  uint32_t nclean;
};

void m_init(struct model *m);
/** The area that covers g, or the first that ends after it; -1 when there is none. */
int32_t m_at(const struct model *m, uint64_t g);
int32_t m_next(const struct model *m, uint64_t g);
bool m_overlap(const struct model *m, uint64_t x, uint64_t y);
bool m_covered(const struct model *m, uint64_t x, uint64_t y);
void m_insert(struct model *m, uint64_t x, uint64_t y, int64_t delta, uint32_t attr, uint32_t backend);
void m_remove(struct model *m, uint64_t x, uint64_t y);
void m_protect(struct model *m, uint64_t x, uint64_t y, uint32_t rights);
/** Frames of present alloc pages. m_frame: the frame of the page that holds g, or -1. */
int64_t m_frame(const struct model *m, uint64_t g);
void m_learn(struct model *m, uint64_t g, uint32_t frame);
void m_forget(struct model *m, uint64_t x, uint64_t y);
/** Dirty tracking: [x, y) is clean, or it is not. m_clean_at: the first clean address from g on, M_NONE: none. */
void m_clean(struct model *m, uint64_t x, uint64_t y);
void m_dirty(struct model *m, uint64_t x, uint64_t y);
uint64_t m_clean_at(const struct model *m, uint64_t g);
/** The rights and type of a leaf at g, which lies in area `at`. */
uint32_t m_attr(const struct model *m, int32_t at, uint64_t g);
uint64_t m_find_free(const struct model *m, uint64_t hint, uint64_t size, uint64_t lo, uint64_t hi, uint64_t align);

#endif
