# Linux under a thin hypervisor at EL2 that stands on the library: README.md. tests/qemu/aarch64/rules.mk includes it.
HV_DIR := tests/qemu/aarch64/hv
HV_OUT := $(B)/qemu/hv
HV_CC := aarch64-linux-gnu-gcc
# the emulator is Debian 12's own 7.2; names with -pinned are judged by the pinned 10
HV_QEMU ?= qemu-system-aarch64
HV_CFLAGS := $(STD) $(WARN) -O2 -g -march=armv8-a -ffreestanding -nostdlib -fno-builtin -mgeneral-regs-only \
  -mstrict-align -mno-outline-atomics -fno-pic -fno-stack-protector -fno-tree-loop-distribute-patterns \
  -fno-asynchronous-unwind-tables $(DEF_a64) -Iinclude -I.
# the hypervisor and the library but for its invalidation, which the negative tests exchange
HV_SRC := $(wildcard $(HV_DIR)/*.c) tests/qemu/judge/judge_mem.c $(CORE_SRC) $(ARCH_a64)/control.c
HV_OBJ := $(HV_SRC:%.c=$(HV_OUT)/%.o) $(HV_OUT)/start.o
HV_LD := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments

$(HV_OUT)/%.o: %.c $(HEADERS) $(HV_DIR)/hv.h $(HV_DIR)/hv.mk
	@mkdir -p $(@D)
	$(call say,CC,hv $<)
	$(Q)$(HV_CC) $(HV_CFLAGS) -c -o $@ $<
$(HV_OUT)/start.o: $(HV_DIR)/start.S $(HV_DIR)/hv.mk
	@mkdir -p $(@D)
	$(call say,AS,hv $<)
	$(Q)$(HV_CC) $(HV_CFLAGS) -c -o $@ $<
$(HV_OUT)/flush-real.c: $(ARCH_a64)/flush.c
	@mkdir -p $(@D)
	$(Q)cp $< $@
# libraries with one TLBI less, or with one that only this CPU obeys; mutate.sh fails where there is nothing to change
HV_CUTS := no-ipas2e1is no-vmalle1is no-vmalls12e1is local-ipas2e1 local-vmalle1
define hv_cut_rules
$(HV_OUT)/flush-$(1).c: $(ARCH_a64)/flush.c tests/qemu/aarch64/mutate.sh
	@mkdir -p $$(@D)
	$(Q)sh tests/qemu/aarch64/mutate.sh $(1) $$< $$@.new >$$@.flags && mv $$@.new $$@
endef
$(foreach c,$(HV_CUTS),$(eval $(call hv_cut_rules,$(c))))

define hv_elf_rules
$(HV_OUT)/flush-$(1).o: $(HV_OUT)/flush-$(1).c $(HEADERS) $(HV_DIR)/hv.mk
	$(Q)$(HV_CC) $(HV_CFLAGS) -c -o $$@ $$<
$(HV_OUT)/hv-$(1).elf: $(HV_OBJ) $(HV_OUT)/flush-$(1).o $(HV_DIR)/hv.ld
	$$(call say,LD,$$@)
	$(Q)$(HV_CC) $(HV_LD) -T $(HV_DIR)/hv.ld -o $$@ $$(filter %.o,$$^)
endef
$(foreach c,real $(HV_CUTS),$(eval $(call hv_elf_rules,$(c))))

# What is run: NAME, then the arguments of run.sh. want= names what shows that the hard case was there.
HV_RUNS := evict-4k evict-4k-smp2 evict-2m dirty-4k pieces-dirty-smp2
HV_PINNED := max-dirty-smp2
HV_RUN_evict-4k := resident=4096 want='evictions>=10000 refills>=5000 fulls>=10'
HV_RUN_evict-4k-smp2 := smp=2 resident=4096 want='evictions>=10000 refills>=5000 fulls>=10'
HV_RUN_evict-2m := resident=16384 blocks=1 want='evictions>=20 refills>=5000 blocks>=40 used<=8'
HV_RUN_dirty-4k := resident=4096 round=1000 want='evictions>=10000 rounds>=10 upgrades>=2000 clean>=5000'
HV_RUN_pieces-dirty-smp2 := smp=2 resident=16384 blocks=1 pieces=1 round=500 \
  want='evictions>=500 splits>=50 collapses>=20 breaks>=70 rounds>=4 upgrades>=2000'
# every feature that QEMU has: S2_FEAT_AD and S2_FEAT_VMID16 with a wide VMID, system registers of a GICv3
HV_MAX := cpu=max,pauth-impdef=on gic=3 features=12 vmid=4660 hardware=1
HV_RUN_max-dirty-smp2 := $(HV_MAX) smp=2 resident=8192 round=1000 \
  want='hardware>=1 evictions>=5000 rounds>=10 logged>=5000 clean>=2000'
# more of the same, not in `make check`
HV_MORE := max-dirty-smp2 max-dirty max-dirty-2m-smp2 max-pieces-dirty-smp2 all-4k all-2m all-4k-smp2 evict-2m-smp2 \
  pieces pieces-dirty dirty-4k-smp2 dirty-2m-smp2 evict-tight-smp2 evict-4k-smp4 max-evict max-2m-smp2
HV_RUN_all-4k :=
HV_RUN_all-2m := blocks=1 want='used<=8'
HV_RUN_all-4k-smp2 := smp=2 gic=3
HV_RUN_evict-2m-smp2 := smp=2 resident=16384 blocks=1 limit=120 want='evictions>=20 blocks>=40'
HV_RUN_pieces := resident=8192 blocks=1 pieces=1 want='evictions>=5000 splits>=10'
HV_RUN_pieces-dirty := resident=16384 blocks=1 pieces=1 round=500 want='splits>=50 collapses>=20'
HV_RUN_dirty-4k-smp2 := smp=2 resident=4096 round=500 workers=4 want='evictions>=10000 upgrades>=2000'
HV_RUN_dirty-2m-smp2 := smp=2 resident=16384 blocks=1 round=20 want='upgrades>=100 rounds>=5'
HV_RUN_evict-tight-smp2 := smp=2 resident=1024 limit=300 want='evictions>=30000 walk>=300'
HV_RUN_evict-4k-smp4 := smp=4 resident=4096 workers=4 limit=300 want='evictions>=10000'
HV_RUN_max-evict := $(HV_MAX) resident=4096 want='evictions>=10000'
HV_RUN_max-dirty := $(HV_MAX) resident=4096 round=1000 want='hardware>=1 evictions>=10000 rounds>=10 clean>=5000'
HV_RUN_max-dirty-2m-smp2 := $(HV_MAX) smp=2 resident=16384 blocks=1 round=20 limit=120 \
  want='hardware>=1 evictions>=20 rounds>=2 blocks>=40'
HV_RUN_max-pieces-dirty-smp2 := $(HV_MAX) smp=2 resident=16384 blocks=1 pieces=1 round=500 limit=120 \
  want='hardware>=1 evictions>=500 splits>=15 rounds>=2'
HV_RUN_max-2m-smp2 := $(HV_MAX) smp=2 resident=16384 blocks=1 limit=120 want='evictions>=20'
# the run in which each cut kills
HV_DEATH_no-ipas2e1is := resident=4096 rounds=0
HV_DEATH_no-vmalle1is := resident=4096 rounds=0
HV_DEATH_no-vmalls12e1is := round=300
HV_DEATH_local-ipas2e1 := smp=2 resident=4096 rounds=0
HV_DEATH_local-vmalle1 := smp=2 resident=4096

define hv_run_rules
check-linux-a64-$(1): $(HV_OUT)/hv-real.elf
	$$(Q)QEMU='$$(HV_QEMU)' RESULTS='$$(RESULTS)' sh tests/run.sh judges a64-linux-$(1) \
	  sh $(HV_DIR)/run.sh $$< $$(HV_RUN_$(1))
check-linux-a64-$(1)-pinned: $(HV_OUT)/hv-real.elf $(QEMU_STAMP)
	$$(Q)QEMU='$$(QEMU_BIN)/qemu-system-aarch64' RESULTS='$$(RESULTS)' sh tests/run.sh judges a64-linux-$(1)-pinned \
	  sh $(HV_DIR)/run.sh $$< $$(HV_RUN_$(1))
.PHONY: check-linux-a64-$(1) check-linux-a64-$(1)-pinned
endef
$(foreach r,$(HV_RUNS) $(HV_MORE),$(eval $(call hv_run_rules,$(r))))
define hv_death_rules
check-linux-a64-$(1): $(HV_OUT)/hv-real.elf $(HV_OUT)/hv-$(1).elf
	$$(Q)QEMU='$$(HV_QEMU)' RESULTS='$$(RESULTS)' sh tests/run.sh judges a64-linux-$(1) \
	  sh $(HV_DIR)/negative.sh $(HV_OUT)/hv-real.elf $(HV_OUT)/hv-$(1).elf $$(HV_DEATH_$(1))
check-linux-a64-$(1)-pinned: $(HV_OUT)/hv-real.elf $(HV_OUT)/hv-$(1).elf $(QEMU_STAMP)
	$$(Q)QEMU='$$(QEMU_BIN)/qemu-system-aarch64' RESULTS='$$(RESULTS)' sh tests/run.sh judges a64-linux-$(1)-pinned \
	  sh $(HV_DIR)/negative.sh $(HV_OUT)/hv-real.elf $(HV_OUT)/hv-$(1).elf $$(HV_DEATH_$(1))
.PHONY: check-linux-a64-$(1) check-linux-a64-$(1)-pinned
endef
$(foreach c,$(HV_CUTS),$(eval $(call hv_death_rules,$(c))))

HV_NAMES := $(HV_RUNS) $(HV_MORE) $(HV_CUTS)
# `make check` runs the first; the second is every configuration under both emulators
check-linux-a64: $(addprefix check-linux-a64-,$(HV_RUNS) $(HV_CUTS) $(HV_PINNED:%=%-pinned))
check-linux-a64-all: $(addprefix check-linux-a64-,$(HV_NAMES) $(HV_NAMES:%=%-pinned))
check-qemu-aarch64: check-linux-a64
.PHONY: check-linux-a64 check-linux-a64-all
