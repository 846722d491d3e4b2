# The AArch64 judges: QEMU's stage 2 walker, asked with AT and by a guest at EL1 and EL0.
A64J_CC := aarch64-linux-gnu-gcc
A64J_DIR := tests/qemu/aarch64
A64J_OUT := $(B)/qemu/aarch64
A64J_FLAGS := $(JUDGE_CFLAGS) $(DEF_a64) -march=armv8-a -mgeneral-regs-only -mstrict-align -mno-outline-atomics -no-pie
A64J_HDR := $(wildcard $(A64J_DIR)/*.h) $(JUDGE_HDR) $(HEADERS)
A64J_DEP := $(A64J_HDR) $(A64J_DIR)/rules.mk tests/qemu/rules.mk Makefile
A64J_LINK = $(A64J_CC) $(A64J_FLAGS) -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments -T $(A64J_DIR)/link.ld \
  -o $@ $(filter %.o,$^)
A64J_OBJ := $(A64J_OUT)/start.o $(addprefix $(A64J_OUT)/,$(A64J_DIR)/machine.o $(A64J_DIR)/probe.o \
  $(A64J_DIR)/check.o tests/qemu/judge/judge_put.o tests/qemu/judge/judge_mem.o tests/qemu/judge/judge_host.o)
A64J_DRIVER := $(A64J_OUT)/$(A64J_DIR)/fit.o $(addprefix $(A64J_OUT)/tests/qemu/judge/,judge.o judge_ops.o)
A64J_LIB_SRC := $(CORE_SRC) $(ARCH_a64)/control.c $(ARCH_a64)/flush.c
A64J_LIB := $(A64J_LIB_SRC:%.c=$(A64J_OUT)/%.o)
# the guest is asked right after each invalidation, and when a frame comes home
A64J_WRAP := -Wl,--wrap=s2_a64_arch_flush_range,--wrap=s2_a64_arch_flush_all,--wrap=s2_host_frame_free

$(A64J_OUT)/%.o: %.c $(A64J_DEP)
	@mkdir -p $(@D)
	$(call say,CC,aarch64 $<)
	$(Q)$(A64J_CC) $(A64J_FLAGS) -c -o $@ $<
$(A64J_OUT)/start.o: $(A64J_DIR)/start.S $(A64J_DEP)
	@mkdir -p $(@D)
	$(call say,AS,aarch64 $<)
	$(Q)$(A64J_CC) $(A64J_FLAGS) -c -o $@ $<

# those that know how much is asked are made anew when that changes
$(A64J_OUT)/amount: FORCE
	@mkdir -p $(@D)
	@echo '$(JUDGE_ADDRESSES) $(JUDGE_SEED)' | cmp -s - $@ || echo '$(JUDGE_ADDRESSES) $(JUDGE_SEED)' >$@
$(A64J_OUT)/at.o $(A64J_OUT)/access.o: $(A64J_OUT)/%.o: $(A64J_DIR)/%.c $(A64J_OUT)/amount $(A64J_DEP)
	$(call say,CC,aarch64 $<)
	$(Q)$(A64J_CC) $(A64J_FLAGS) -DJUDGE_ADDRESSES=$(JUDGE_ADDRESSES) -DJUDGE_SEED=$(JUDGE_SEED) -c -o $@ $<
$(A64J_OUT)/at-broken.o $(A64J_OUT)/access-broken.o: $(A64J_OUT)/%-broken.o: $(A64J_DIR)/%.c $(A64J_DEP)
	@mkdir -p $(@D)
	$(call say,CC,aarch64 $< (negative))
	$(Q)$(A64J_CC) $(A64J_FLAGS) -DJUDGE_ADDRESSES=100000 -DJUDGE_MUST_DISAGREE=1 -c -o $@ $<

$(A64J_OUT)/at.elf $(A64J_OUT)/access.elf: $(A64J_OUT)/%.elf: $(A64J_OUT)/%.o $(A64J_OBJ) $(A64J_DRIVER) $(A64J_LIB) \
  $(A64J_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(A64J_LINK)
$(A64J_OUT)/cases.elf: $(A64J_OUT)/$(A64J_DIR)/cases.o $(A64J_OBJ) $(A64J_LIB) $(A64J_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(A64J_LINK)
$(A64J_OUT)/tlbi.elf: $(addprefix $(A64J_OUT)/$(A64J_DIR)/,tlbi.o watch.o) $(A64J_OBJ) $(A64J_LIB) $(A64J_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(A64J_LINK) $(A64J_WRAP)

# Libraries with one broken file (mutate.sh), and what is tried in it.
A64J_BROKEN_flush := no-ipas2e1is no-vmalle1is no-vmalls12e1is no-tlbi local-ipas2e1 local-vmalle1 local-whole \
  bytes-for-pages first-step-only stage1-for-whole
A64J_BROKEN := $(A64J_BROKEN_flush) no-break free-first
# those that random accesses on one CPU with stage 1 off can see
A64J_BROKEN_access := no-vmalle1is no-vmalls12e1is no-tlbi
$(foreach m,$(A64J_BROKEN_flush),$(eval A64J_FILE_$(m) := $(ARCH_a64)/flush.c))
# those that PAR_EL1 can
A64J_BROKEN_at := start-level short-width no-dirty
$(foreach m,$(A64J_BROKEN_at),$(eval A64J_FILE_$(m) := $(ARCH_a64)/control.c))
A64J_FILE_no-break := src/split.c
A64J_FILE_free-first := src/backend_alloc.c

define a64j_broken
$(A64J_OUT)/$(1)/flags: $(A64J_FILE_$(1)) $(A64J_DIR)/mutate.sh
	@mkdir -p $$(@D)
	$$(call say,BREAK,$$< ($(1)))
	$(Q)sh $(A64J_DIR)/mutate.sh $(1) $$< $$(@D)/broken.c >$$@.new && mv $$@.new $$@
$(A64J_OUT)/$(1)/broken.o: $(A64J_OUT)/$(1)/flags $(A64J_DEP)
	$$(call say,CC,aarch64 $(A64J_FILE_$(1)) ($(1)))
	$(Q)$(A64J_CC) $(A64J_FLAGS) -Isrc -c -o $$@ $$(@D)/broken.c
$(A64J_OUT)/$(1)/tlbi.o: $(A64J_DIR)/tlbi.c $(A64J_OUT)/$(1)/flags $(A64J_DEP)
	$$(call say,CC,aarch64 $$< ($(1)))
	$(Q)$(A64J_CC) $(A64J_FLAGS) "$$$$(cat $$(@D)/flags)" -c -o $$@ $$<
$(A64J_OUT)/$(1)/tlbi.elf: $(A64J_OUT)/$(1)/tlbi.o $(A64J_OUT)/$(A64J_DIR)/watch.o $(A64J_OUT)/$(1)/broken.o \
  $(A64J_OBJ) $(filter-out $(A64J_OUT)/$(A64J_FILE_$(1):%.c=%.o),$(A64J_LIB)) $(A64J_DIR)/link.ld
	$$(call say,LD,$$@)
	$(Q)$$(A64J_LINK) $(A64J_WRAP)
$(A64J_OUT)/$(1)/at.elf $(A64J_OUT)/$(1)/access.elf: $(A64J_OUT)/$(1)/%.elf: $(A64J_OUT)/%-broken.o \
  $(A64J_OUT)/$(1)/broken.o $(A64J_OBJ) $(A64J_DRIVER) \
  $(filter-out $(A64J_OUT)/$(A64J_FILE_$(1):%.c=%.o),$(A64J_LIB)) $(A64J_DIR)/link.ld
	$$(call say,LD,$$@)
	$(Q)$$(A64J_LINK)
endef
$(foreach m,$(A64J_BROKEN) $(A64J_BROKEN_at),$(eval $(call a64j_broken,$(m))))

# Checks, each with its line. The emulator is Debian 12's own 7.2; the pinned 10 judges again where the name says so.
A64J_QEMU ?= qemu-system-aarch64
A64J_PINNED := $(QEMU_BIN)/qemu-system-aarch64
A64J_TIME = $(if $(filter 1000000,$(JUDGE_ADDRESSES)),600,14400)

# a64j_check NAME PROGRAM QEMU MODEL THREADS CPUS
define a64j_check
judge-aarch64-$(1): $(A64J_OUT)/$(2).elf $(if $(filter $(A64J_PINNED),$(3)),$(QEMU_STAMP))
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges aarch64-$(1) \
	  sh $(A64J_DIR)/run.sh $(3) $(4) $(5) $(6) $$< $(A64J_TIME)
	$(Q)sed -n 's/^judged: /          &/p; s/^accesses of /          &/p; s/^known difference/          &/p' \
	  $(RESULTS)/judges/aarch64-$(1).log
check-qemu-aarch64: judge-aarch64-$(1)
.PHONY: judge-aarch64-$(1)
endef
$(foreach p,at access cases,$(eval $(call a64j_check,$(p),$(p),$(A64J_QEMU),max,single,1)))
$(foreach p,at access cases,$(eval $(call a64j_check,$(p)-pinned,$(p),$(A64J_PINNED),max,single,1)))
$(foreach p,at access,$(eval $(call a64j_check,$(p)-a72,$(p),$(A64J_QEMU),cortex-a72,single,1)))
$(eval $(call a64j_check,tlbi,tlbi,$(A64J_QEMU),max,single,2))
$(eval $(call a64j_check,tlbi-threads,tlbi,$(A64J_QEMU),max,multi,2))
$(eval $(call a64j_check,tlbi-pinned,tlbi,$(A64J_PINNED),max,multi,2))
$(foreach m,$(A64J_BROKEN),$(eval $(call a64j_check,$(m),$(m)/tlbi,$(A64J_QEMU),max,single,2)))
$(foreach m,$(A64J_BROKEN_access),$(eval $(call a64j_check,random-$(m),$(m)/access,$(A64J_QEMU),max,single,1)))
$(foreach m,$(A64J_BROKEN_at),$(eval $(call a64j_check,at-$(m),$(m)/at,$(A64J_QEMU),max,single,1)))

check-qemu: check-qemu-aarch64
judge-long-aarch64:
	$(call judge_long,aarch64-at)
	$(call judge_long,aarch64-access)
judge-long: judge-long-aarch64
.PHONY: check-qemu-aarch64 judge-long-aarch64 FORCE

-include tests/qemu/aarch64/hv/hv.mk
