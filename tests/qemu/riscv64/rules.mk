# The RISC-V judge: QEMU's G-stage walker, asked with hlv, hlvx and hsv.
RV_CC := riscv64-linux-gnu-gcc
RV_OBJCOPY := riscv64-linux-gnu-objcopy
RV_DIR := tests/qemu/riscv64
RV_OUT := $(B)/qemu/riscv64
RV_FLAGS := $(JUDGE_CFLAGS) $(DEF_gst) -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -no-pie
RV_HDR := $(wildcard $(RV_DIR)/*.h) $(JUDGE_HDR) $(HEADERS)
RV_LIB_SRC := $(CORE_SRC) $(ARCH_gst)/control.c
RV_COMMON_SRC := $(addprefix $(RV_DIR)/,ask.c checks.c machine.c) $(JUDGE_SRC)
RV_ONE_SRC := $(RV_DIR)/one_hart.c tests/qemu/judge/judge_each.c
RV_OWN_SRC := $(RV_COMMON_SRC) $(RV_ONE_SRC)
RV_BOTH_OBJ := $(patsubst %.c,$(RV_OUT)/%.o,$(RV_LIB_SRC) $(RV_COMMON_SRC)) $(RV_OUT)/start.o
RV_OBJ := $(RV_BOTH_OBJ) $(RV_ONE_SRC:%.c=$(RV_OUT)/%.o)
# The broken libraries of the negative tests: the real flush.c behind a file that leaves fences out (broken_flush.c).
RV_BROKEN := all range vmid

$(RV_OUT)/%.o: %.c $(RV_HDR) $(RV_DIR)/rules.mk tests/qemu/rules.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,riscv64 $<)
	$(Q)$(RV_CC) $(RV_FLAGS) -c -o $@ $<
$(RV_OUT)/start.o: $(RV_DIR)/start.S $(RV_DIR)/rules.mk
	@mkdir -p $(@D)
	$(call say,AS,riscv64 $<)
	$(Q)$(RV_CC) $(RV_FLAGS) -c -o $@ $<

# main.o knows how much is asked: made anew when that changes
$(RV_OUT)/amount: FORCE
	@mkdir -p $(@D)
	@echo '$(JUDGE_ADDRESSES) $(JUDGE_SEED)' | cmp -s - $@ || echo '$(JUDGE_ADDRESSES) $(JUDGE_SEED)' >$@
$(RV_OUT)/main.o: $(RV_DIR)/main.c $(RV_OUT)/amount $(RV_HDR) $(RV_DIR)/rules.mk
	$(call say,CC,riscv64 $<)
	$(Q)$(RV_CC) $(RV_FLAGS) -DJUDGE_ADDRESSES=$(JUDGE_ADDRESSES) -DJUDGE_SEED=$(JUDGE_SEED) -c -o $@ $<
$(RV_OUT)/main-broken.o: $(RV_DIR)/main.c $(RV_HDR) $(RV_DIR)/rules.mk
	$(call say,CC,riscv64 $< (negative))
	$(Q)$(RV_CC) $(RV_FLAGS) -DJUDGE_ADDRESSES=90000 -DJUDGE_MUST_DISAGREE=1 -c -o $@ $<

RV_LDFLAGS := -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments -T $(RV_DIR)/link.ld
RV_LINK = $(RV_CC) $(RV_FLAGS) $(RV_LDFLAGS) -o $@ $(filter %.o,$^)
# seconds: far more than it takes, by hand any length
RV_SECONDS := $(if $(filter 1000000,$(JUDGE_ADDRESSES)),300,28800)
RV_FLUSH := $(RV_OUT)/$(ARCH_gst)/flush.o
$(RV_OUT)/judge.elf: $(RV_OBJ) $(RV_OUT)/main.o $(RV_FLUSH) $(RV_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(RV_LINK)

$(RV_OUT)/real_flush.o: $(RV_FLUSH)
	$(Q)$(RV_OBJCOPY) --redefine-sym s2_gst_arch_flush_range=real_flush_range \
	  --redefine-sym s2_gst_arch_flush_all=real_flush_all $< $@
define rv_broken
$(RV_OUT)/broken-$(1).o: $(RV_DIR)/broken_flush.c $(RV_HDR) $(RV_DIR)/rules.mk
	@mkdir -p $$(@D)
	$$(call say,CC,riscv64 $$< ($(1)))
	$(Q)$(RV_CC) $(RV_FLAGS) -DDROP_$(1) -c -o $$@ $$<
$(RV_OUT)/judge-drop-$(1).elf: $(RV_OBJ) $(RV_OUT)/main-broken.o $(RV_OUT)/broken-$(1).o $(RV_OUT)/real_flush.o \
  $(RV_DIR)/link.ld
	$$(call say,LD,$$@)
	$(Q)$$(RV_LINK)
judge-riscv64-drop-$(1): $(RV_OUT)/judge-drop-$(1).elf $(QEMU_STAMP)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges riscv64-drop-$(1) sh $(RV_DIR)/run.sh $(QEMU_BIN) $$< 120
check-qemu-riscv64: judge-riscv64-drop-$(1)
.PHONY: judge-riscv64-drop-$(1)
endef
$(foreach d,$(RV_BROKEN),$(eval $(call rv_broken,$(d))))

# Two harts: the second one's TLB is the business of s2_host_flush_remote(), left out in the negative test. Half the
# addresses: both harts ask each.
RV_SMP_ADDRESSES := $(shell expr $(JUDGE_ADDRESSES) / 2)
$(RV_OUT)/main-smp.o: $(RV_DIR)/main.c $(RV_OUT)/amount $(RV_HDR) $(RV_DIR)/rules.mk
	$(call say,CC,riscv64 $< (two harts))
	$(Q)$(RV_CC) $(RV_FLAGS) -DJUDGE_ADDRESSES=$(RV_SMP_ADDRESSES) -DJUDGE_SEED=$(JUDGE_SEED) -DJUDGE_CASES=0 -c -o $@ $<
$(RV_OUT)/two-harts-dropped.o: $(RV_DIR)/two_harts.c $(RV_HDR) $(RV_DIR)/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,riscv64 $< (negative))
	$(Q)$(RV_CC) $(RV_FLAGS) -DDROP_remote -c -o $@ $<
$(RV_OUT)/judge-smp.elf: $(RV_BOTH_OBJ) $(RV_OUT)/main-smp.o $(RV_OUT)/$(RV_DIR)/two_harts.o $(RV_FLUSH) \
  $(RV_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(RV_LINK)
$(RV_OUT)/judge-drop-remote.elf: $(RV_BOTH_OBJ) $(RV_OUT)/main-broken.o $(RV_OUT)/two-harts-dropped.o $(RV_FLUSH) \
  $(RV_DIR)/link.ld
	$(call say,LD,$@)
	$(Q)$(RV_LINK)
judge-riscv64-smp: $(RV_OUT)/judge-smp.elf $(QEMU_STAMP)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges riscv64-smp sh $(RV_DIR)/run.sh $(QEMU_BIN) $< $(RV_SECONDS)
	$(Q)sed -n 's/^judged: /          &/p' $(RESULTS)/judges/riscv64-smp.log
judge-riscv64-drop-remote: $(RV_OUT)/judge-drop-remote.elf $(QEMU_STAMP)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges riscv64-drop-remote sh $(RV_DIR)/run.sh $(QEMU_BIN) $< 120
check-qemu-riscv64: judge-riscv64-smp judge-riscv64-drop-remote
.PHONY: judge-riscv64-smp judge-riscv64-drop-remote

# Mutants (mutate.sh): the judge must see each.
RV_MUTANTS := user-bit valid-links write-execute accessed-dirty ppn-shift pbmt-shift hgatp-mode hgatp-root two-roots \
  harvest-fence
RV_ALL_SRC := $(RV_LIB_SRC) $(ARCH_gst)/flush.c
define rv_mutant
$(RV_OUT)/judge-$(1).elf: $(RV_DIR)/mutate.sh $(RV_OWN_SRC) $(RV_DIR)/main.c $(RV_OUT)/start.o $(RV_ALL_SRC) \
  $(RV_HDR) $(RV_DIR)/rules.mk
	$$(call say,CC,riscv64 mutant $(1))
	$(Q)sh $(RV_DIR)/mutate.sh $(1) $(RV_OUT)/mutant-$(1)
	$(Q)$(RV_CC) -I$(RV_OUT)/mutant-$(1) $(RV_FLAGS) -O1 -w -DJUDGE_ADDRESSES=90000 -DJUDGE_MUTANT=1 \
	  $(RV_LDFLAGS) -o $$@ $(RV_ALL_SRC:%=$(RV_OUT)/mutant-$(1)/%) \
	  $(RV_OWN_SRC) $(RV_DIR)/main.c $(RV_OUT)/start.o
judge-riscv64-mutant-$(1): $(RV_OUT)/judge-$(1).elf $(QEMU_STAMP)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges riscv64-mutant-$(1) sh $(RV_DIR)/run.sh $(QEMU_BIN) $$< 120
check-qemu-riscv64: judge-riscv64-mutant-$(1)
.PHONY: judge-riscv64-mutant-$(1)
endef
$(foreach m,$(RV_MUTANTS),$(eval $(call rv_mutant,$(m))))

judge-riscv64: $(RV_OUT)/judge.elf $(QEMU_STAMP)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges riscv64 sh $(RV_DIR)/run.sh $(QEMU_BIN) $< $(RV_SECONDS)
	$(Q)sed -n 's/^judged: /          &/p' $(RESULTS)/judges/riscv64.log
check-qemu-riscv64: judge-riscv64
check-qemu: check-qemu-riscv64
judge-long-riscv64:
	$(call judge_long,riscv64)
judge-long: judge-long-riscv64
.PHONY: judge-riscv64 check-qemu-riscv64 judge-long-riscv64
