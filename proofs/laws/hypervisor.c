/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/**
 * hypervisor.c - a small hypervisor's set-up of one guest: RAM, a heap that is filled on demand, a device. What each guest
 * address translates to is proved from the contracts of stage2/space.h alone; tests/unit/test_client.c runs the same
 * functions on all four formats.
 */
#include "stage2/space.h"

#define HV_DEVICE      0x10000000u
#define HV_DEVICE_SIZE 0x1000u
#define HV_RAM         0x80000000u
#define HV_RAM_SIZE    0x40000000u
#define HV_HEAP        0x100000000u
#define HV_HEAP_SIZE   0x1000000000u

/*@ predicate HvDevice(integer g) = HV_DEVICE <= g < HV_DEVICE + HV_DEVICE_SIZE;
    predicate HvRam(integer g) = HV_RAM <= g < HV_RAM + HV_RAM_SIZE;
    predicate HvHeap(integer g) = HV_HEAP <= g < HV_HEAP + HV_HEAP_SIZE;
    predicate HvNothing{L}(struct s2_space *s, integer g) = NoArea(&s->areas, g) && (Dom(&s->pt.pool, g) ==> PA(&s->pt.pool, g) == -1);
    // RAM and the device are where they were asked to be; the heap is an area with nothing in it yet
    predicate HvRamIs{L}(struct s2_space *s, integer ram) = \forall integer g; HvRam(g) ==>
      Dom(&s->pt.pool, g) && PA(&s->pt.pool, g) == ram + (g - HV_RAM) && AT(&s->pt.pool, g) == new_attr(S2_RWX);
    predicate HvDeviceIs{L}(struct s2_space *s, integer device) = \forall integer g; HvDevice(g) ==>
      Dom(&s->pt.pool, g) && PA(&s->pt.pool, g) == device + (g - HV_DEVICE) && AT(&s->pt.pool, g) == new_attr(S2_RW + S2_DEV);
    predicate HvHeapIs{L}(struct s2_space *s) = \forall integer g; HvHeap(g) ==>
      PA(&s->pt.pool, g) == -1 && !NoArea(&s->areas, g) && pay_attr(AreaPay(&s->areas, g)) == S2_RW;
    predicate HvReady{L}(struct s2_space *s, integer ram, integer device) = HvRamIs(s, ram) && HvDeviceIs(s, device) &&
      HvHeapIs(s) && \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> !HvDevice(g) ==> !HvHeap(g) ==> HvNothing(s, g); */

/** RAM, in an empty space. */
/*@ requires inv: SpaceInv(s);
    requires empty: \forall integer g; 0 <= g ==> HvNothing(s, g);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures caps: s->areas.cap == \old(s->areas.cap) && s->pt.pool.cap == \old(s->pt.pool.cap);
    ensures ram: \result == S2_OK ==> HvRamIs(s, ram);
    ensures rest: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> HvNothing(s, g); */
static s2_status hv_map_ram(struct s2_space *s, uint64_t ram) {
  //@ assert s1: \separated(&s->areas.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s2: \separated(&s->pt.pool.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s3: \separated(&s->pt.pool.top, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s4: \separated(&s->pt.pool.nroot, s->areas.chunks + (0 .. s->areas.cap-1));
  s2_status st = s2_map_linear(s, HV_RAM, HV_RAM_SIZE, ram, S2_RWX | S2_WB, 0);
  //@ assert c1: s->areas.cap == \at(s->areas.cap, Pre);
  //@ assert c2: s->pt.pool.cap == \at(s->pt.pool.cap, Pre);
  //@ assert c3: s->pt.pool.top == \at(s->pt.pool.top, Pre);
  //@ assert c4: s->pt.pool.nroot == \at(s->pt.pool.nroot, Pre);
  //@ assert was: \forall integer g; Dom(&s->pt.pool, g) ==> HvNothing{Pre}(s, g);
  //@ assert kept: st == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> Untouched{Pre,Here}(s, g);
  //@ assert none: st == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> NoArea(&s->areas, g);
  //@ assert hole: st == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> PA(&s->pt.pool, g) == -1;
  return st;
}

/** The device, beside RAM. */
/*@ requires inv: SpaceInv(s) && HvRamIs(s, ram);
    requires rest: \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> HvNothing(s, g);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures caps: s->areas.cap == \old(s->areas.cap) && s->pt.pool.cap == \old(s->pt.pool.cap);
    ensures ram: \result == S2_OK ==> HvRamIs(s, ram);
    ensures device: \result == S2_OK ==> HvDeviceIs(s, device);
    ensures rest: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> !HvDevice(g) ==> HvNothing(s, g); */
static s2_status hv_map_device(struct s2_space *s, uint64_t ram, uint64_t device) {
  (void)ram; /* named by the contract */
  //@ assert s1: \separated(&s->areas.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s2: \separated(&s->pt.pool.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s3: \separated(&s->pt.pool.top, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s4: \separated(&s->pt.pool.nroot, s->areas.chunks + (0 .. s->areas.cap-1));
  s2_status st = s2_map_linear(s, HV_DEVICE, HV_DEVICE_SIZE, device, S2_RW | S2_DEV, S2_PAGES);
  //@ assert c1: s->areas.cap == \at(s->areas.cap, Pre);
  //@ assert c2: s->pt.pool.cap == \at(s->pt.pool.cap, Pre);
  //@ assert c3: s->pt.pool.top == \at(s->pt.pool.top, Pre);
  //@ assert c4: s->pt.pool.nroot == \at(s->pt.pool.nroot, Pre);
  //@ assert apart: \forall integer g; HvRam(g) ==> !HvDevice(g);
  //@ assert kept: st == S2_OK ==> \forall integer g; HvRam(g) ==> Untouched{Pre,Here}(s, g);
  return st;
}

/** The heap, beside both. */
/*@ requires inv: SpaceInv(s) && HvRamIs(s, ram) && HvDeviceIs(s, device);
    requires rest: \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> !HvDevice(g) ==> HvNothing(s, g);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures caps: s->areas.cap == \old(s->areas.cap) && s->pt.pool.cap == \old(s->pt.pool.cap);
    ensures ram: \result == S2_OK ==> HvRamIs(s, ram);
    ensures device: \result == S2_OK ==> HvDeviceIs(s, device);
    ensures heap: \result == S2_OK ==> HvHeapIs(s);
    ensures rest: \result == S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> !HvRam(g) ==> !HvDevice(g) ==> !HvHeap(g) ==> HvNothing(s, g); */
static s2_status hv_map_heap(struct s2_space *s, uint64_t ram, uint64_t device) {
  (void)ram;
  (void)device;
  //@ assert s1: \separated(&s->areas.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s2: \separated(&s->pt.pool.cap, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s3: \separated(&s->pt.pool.top, s->areas.chunks + (0 .. s->areas.cap-1));
  //@ assert s4: \separated(&s->pt.pool.nroot, s->areas.chunks + (0 .. s->areas.cap-1));
  s2_status st = s2_map_alloc(s, HV_HEAP, HV_HEAP_SIZE, S2_RW | S2_WB, 0);
  //@ assert c1: s->areas.cap == \at(s->areas.cap, Pre);
  //@ assert c2: s->pt.pool.cap == \at(s->pt.pool.cap, Pre);
  //@ assert c3: s->pt.pool.top == \at(s->pt.pool.top, Pre);
  //@ assert c4: s->pt.pool.nroot == \at(s->pt.pool.nroot, Pre);
  //@ assert apart: \forall integer g; HvRam(g) || HvDevice(g) ==> !HvHeap(g);
  //@ assert ram: st == S2_OK ==> \forall integer g; HvRam(g) ==> Untouched{Pre,Here}(s, g);
  //@ assert device: st == S2_OK ==> \forall integer g; HvDevice(g) ==> Untouched{Pre,Here}(s, g);
  return st;
}

/** All three, in an empty space. */
/*@ requires inv: SpaceInv(s);
    requires empty: \forall integer g; 0 <= g ==> HvNothing(s, g);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures caps: s->areas.cap == \old(s->areas.cap) && s->pt.pool.cap == \old(s->pt.pool.cap);
    ensures ready: \result == S2_OK ==> HvReady(s, ram, device); */
static s2_status hv_map(struct s2_space *s, uint64_t ram, uint64_t device) {
  s2_status st = hv_map_ram(s, ram);
  if (st == S2_OK) {
    st = hv_map_device(s, ram, device);
  }
  if (st == S2_OK) {
    st = hv_map_heap(s, ram, device);
  }
  return st;
}

/** All three, or an empty space again. */
/*@ requires inv: SpaceInv(s);
    requires empty: \forall integer g; 0 <= g ==> HvNothing(s, g);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures ready: \result == S2_OK ==> HvReady(s, ram, device);
    ensures again: \result != S2_OK ==> \forall integer g; Dom(&s->pt.pool, g) ==> HvNothing(s, g); */
static s2_status hv_set_up(struct s2_space *s, uint64_t ram, uint64_t device) {
  s2_status st = hv_map(s, ram, device);
  if (st != S2_OK) {
    s2_clear(s);
  }
  return st;
}

/** The guest touched its heap: either a page is there now, or nothing has changed. RAM and device stay where they are. */
/*@ requires inv: SpaceInv(s) && !s->shares;
    requires where: HvHeap(g);
    requires ram: \forall integer v; HvRam(v) ==> Dom(&s->pt.pool, v) && PA(&s->pt.pool, v) == ram + (v - HV_RAM);
    terminates \true; exits \false;
    assigns S2_SPACE_WRITES(s);
    ensures inv: SpaceInv(s);
    ensures there: \result ==> PA(&s->pt.pool, g) != -1;
    ensures same: !\result ==> SpaceSame{Pre,Post}(s);
    ensures ram: \forall integer v; HvRam(v) ==> PA(&s->pt.pool, v) == ram + (v - HV_RAM); */
static bool hv_touch(struct s2_space *s, uint64_t g, uint64_t ram) {
  (void)ram; /* named by the contract */
  return s2_fault(s, g, S2_W).kind == S2_FAULT_RESOLVED;
}
