/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/** guest.c - copies to and from guest memory, piece by directly reachable piece. */
#include "stage2/guest.h"
#include "stage2/host.h"
#include "ops.h"

/*@ terminates \true; exits \false; assigns \nothing;
    ensures is: \result.status == status && \result.at == \null && \result.len == 0; */
static struct s2_piece no_piece(s2_status status) {
  struct s2_piece r = {status, NULL, 0};
  return r;
}

/** Why a fault was not resolved, as a copy reports it. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures there: f.kind == S2_FAULT_RESOLVED || f.kind == S2_FAULT_SPURIOUS ? \result == S2_OK : \result == f.status; */
static s2_status fault_status(struct s2_fault_result f) {
  return f.kind == S2_FAULT_RESOLVED || f.kind == S2_FAULT_SPURIOUS ? S2_OK : f.status;
}

/**
 * Nothing is mapped at gpa, or with too few rights: not there at all, forbidden, or only not yet (a lazy page, or one that
 * is write-protected for tracking or sharing), which S2_GUEST_FAULT resolves as the guest's own access would.
 */
/*@ requires inv: SpaceInv(s);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s); */
static s2_status bring_in(struct s2_space *s, uint64_t gpa, uint32_t access, uint32_t flags) {
  struct s2_area area = s2_areas_find(&s->areas, gpa);
  if (area.backend == S2_BACK_NONE) {
    return S2_ERR_NOT_MAPPED;
  }
  if ((area.attr & access) != access) {
    return S2_ERR_DENIED;
  }
  return (flags & S2_GUEST_FAULT) == 0 ? S2_ERR_LAZY : fault_status(s2_fault(s, gpa, access));
}

struct s2_piece s2_guest_run(struct s2_space *s, uint64_t gpa, uint64_t max, uint32_t access, uint32_t flags) {
  if ((flags & ~S2_GUEST_FAULT) != 0 || access == 0 || (access & ~S2_RIGHTS) != 0) {
    return no_piece(S2_ERR_CONFIG);
  }
  struct s2_translation t = s2_translate_run(s, gpa, max, access);
  if (t.status == S2_ERR_NOT_MAPPED || t.status == S2_ERR_DENIED) {
    s2_status st = bring_in(s, gpa, access, flags);
    if (st != S2_OK) {
      return no_piece(st);
    }
    t = s2_translate_run(s, gpa, max, access);
  }
  if (t.status != S2_OK) {
    return no_piece(t.status);
  }
  void *at = s2_host_memory(s->pt.flush.ctx, t.hpa, t.len);
  struct s2_piece r = {at == NULL ? S2_ERR_MEMORY : S2_OK, at, at == NULL ? 0 : t.len};
  return r;
}

/** What is wrong with [gpa, gpa + len) before its first byte is touched. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures ok: \result == S2_OK <==> (buf != \null || len == 0) && (flags & ~S2_GUEST_FAULT) == 0 && gpa + len <= UINT64_MAX; */
static s2_status check_copy(const void *buf, uint64_t gpa, uint64_t len, uint32_t flags) {
  if (buf == NULL && len > 0) {
    return S2_ERR_NULL;
  }
  if ((flags & ~S2_GUEST_FAULT) != 0) {
    return S2_ERR_CONFIG;
  }
  return len > UINT64_MAX - gpa ? S2_ERR_OVERFLOW : S2_OK;
}

/*@ requires to: \valid(to + (0 .. len - 1)) && \valid_read(from + (0 .. len - 1));
    requires apart: \separated(to + (0 .. len - 1), from + (0 .. len - 1));
    terminates \true; exits \false;
    assigns to[0 .. len - 1];
    ensures copy: \forall integer j; 0 <= j < len ==> to[j] == \old(from[j]); */
static void copy_bytes(uint8_t *to, const uint8_t *from, uint64_t len) {
  uint64_t k;
  /*@ loop invariant k: 0 <= k <= len;
      loop invariant copy: \forall integer j; 0 <= j < k ==> to[j] == \at(from[\at(j, Here)], Pre);
      loop invariant from: \forall integer j; 0 <= j < len ==> from[j] == \at(from[\at(j, Here)], Pre);
      loop assigns k, to[0 .. len - 1];
      loop variant len - k; */
  for (k = 0; k < len; k++) {
    to[k] = from[k];
  }
}

/*@ requires to: \valid(to + (0 .. len - 1));
    terminates \true; exits \false;
    assigns to[0 .. len - 1];
    ensures fill: \forall integer j; 0 <= j < len ==> to[j] == byte; */
static void fill_bytes(uint8_t *to, uint8_t byte, uint64_t len) {
  uint64_t k;
  /*@ loop invariant k: 0 <= k <= len;
      loop invariant fill: \forall integer j; 0 <= j < k ==> to[j] == byte;
      loop assigns k, to[0 .. len - 1];
      loop variant len - k; */
  for (k = 0; k < len; k++) {
    to[k] = byte;
  }
}

struct s2_copied s2_guest_read(struct s2_space *s, uint64_t gpa, void *buf, uint64_t len, uint32_t flags) {
  struct s2_copied r = {check_copy(buf, gpa, len, flags), 0};
  uint8_t *to = buf;
  /*@ loop invariant done: r.done <= len;
      loop variant len - r.done; */
  while (r.status == S2_OK && r.done < len) {
    struct s2_piece piece = s2_guest_run(s, gpa + r.done, len - r.done, S2_R, flags);
    r.status = piece.status;
    if (piece.status == S2_OK) {
      copy_bytes(to + r.done, piece.at, piece.len);
      r.done += piece.len;
    }
  }
  return r;
}

struct s2_copied s2_guest_write(struct s2_space *s, uint64_t gpa, const void *buf, uint64_t len, uint32_t flags) {
  struct s2_copied r = {check_copy(buf, gpa, len, flags), 0};
  const uint8_t *from = buf;
  /*@ loop invariant done: r.done <= len;
      loop variant len - r.done; */
  while (r.status == S2_OK && r.done < len) {
    struct s2_piece piece = s2_guest_run(s, gpa + r.done, len - r.done, S2_W, flags);
    r.status = piece.status;
    if (piece.status == S2_OK) {
      copy_bytes(piece.at, from + r.done, piece.len);
      r.done += piece.len;
    }
  }
  return r;
}

struct s2_copied s2_guest_fill(struct s2_space *s, uint64_t gpa, uint8_t byte, uint64_t len, uint32_t flags) {
  struct s2_copied r = {check_copy(&byte, gpa, len, flags), 0};
  /*@ loop invariant done: r.done <= len;
      loop variant len - r.done; */
  while (r.status == S2_OK && r.done < len) {
    struct s2_piece piece = s2_guest_run(s, gpa + r.done, len - r.done, S2_W, flags);
    r.status = piece.status;
    if (piece.status == S2_OK) {
      fill_bytes(piece.at, byte, piece.len);
      r.done += piece.len;
    }
  }
  return r;
}
