# The x86 judges: NPT asked through SVM in QEMU, with 4 and with 5 levels; EPT asked through VMX in Bochs, with 4.
X86_CC := $(if $(filter x86_64,$(shell uname -m)),gcc,x86_64-linux-gnu-gcc)
X86_OBJCOPY := $(X86_CC:gcc=objcopy)
X86_DIR := tests/qemu/x86_64
X86_FLAGS := $(JUDGE_CFLAGS) -mno-red-zone -mno-sse -mgeneral-regs-only
X86_HDR := $(wildcard $(X86_DIR)/*.h) $(wildcard specs/walk/*) $(JUDGE_HDR) $(HEADERS)
X86_SRC := $(addprefix $(X86_DIR)/,boot.S guest.S machine.c ask.c entries.c main.c)
X86_LIMIT := $(if $(filter 1000000,$(JUDGE_ADDRESSES)),900,28800)

BOCHS := $(B)/qemu/bochs
BOCHS_STAMP := $(B)/qemu/bochs-installed

# $(BOCHS) is Bochs of the version that install-bochs.sh is pinned to
$(BOCHS_STAMP): $(X86_DIR)/install-bochs.sh proofs/tools/next-suite.sh
	@mkdir -p $(@D)
	$(call say,TOOLS,Bochs of $<)
	$(Q)sh $< --bin >$@.new && rm -f $(BOCHS) && ln -s "$$(cat $@.new)" $(BOCHS) && mv $@.new $@

# what is compiled, for which format, and what runs it
X86_JUDGES := npt npt57 ept
X86_DEF_npt := $(DEF_npt)
X86_DEF_npt57 := $(DEF_npt) -DJUDGE_LA57
X86_DEF_ept := $(DEF_ept)
X86_OWN_npt := $(X86_DIR)/svm.c $(X86_DIR)/remote.c $(SRC_npt)
X86_OWN_npt57 := $(X86_OWN_npt)
X86_OWN_ept := $(X86_DIR)/vmx.c $(SRC_ept)
X86_WRAP_ept := -Wl,--wrap=s2_ept_arch_flush_all,--wrap=s2_ept_arch_flush_range
X86_RUN_npt := $(QEMU_BIN)/qemu-system-x86_64,qemu64,+svm,+npt,+pdpe1gb,phys-bits=48
X86_RUN_npt57 := $(QEMU_BIN)/qemu-system-x86_64,max,phys-bits=52
X86_RUN_ept := $(BOCHS)
X86_TOOL_npt := $(QEMU_STAMP)
X86_TOOL_npt57 := $(QEMU_STAMP)
X86_TOOL_ept := $(BOCHS_STAMP)
# the fifth level is one entry more on the way: a fifth of the addresses where nothing else is asked for
X86_ADDRESSES_npt := $(JUDGE_ADDRESSES)
X86_ADDRESSES_npt57 := $(if $(filter 1000000,$(JUDGE_ADDRESSES)),200000,$(JUDGE_ADDRESSES))
X86_ADDRESSES_ept := $(JUDGE_ADDRESSES)

define x86_judge
X86_OBJ_$(1) := $$(patsubst %,$(B)/qemu/x86_64/$(1)/%.o,$(X86_SRC) $(JUDGE_SRC) $(X86_OWN_$(1)))
$(B)/qemu/x86_64/$(1)/%.o: % $(X86_HDR) $(X86_DIR)/rules.mk tests/qemu/rules.mk Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(X86_CC) $(X86_FLAGS) $(X86_DEF_$(1)) -c -o $$@ $$<
$(B)/qemu/x86_64/$(1).elf: $$(X86_OBJ_$(1)) $(X86_DIR)/image.ld
	$$(call say,LD,$$@)
	$(Q)$(X86_CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments -z noexecstack \
	  $(X86_WRAP_$(1)) \
	  -T $(X86_DIR)/image.ld -o $$@ $$(X86_OBJ_$(1))
# two cylinders of 16 heads and 63 sectors, as run.sh tells Bochs
$(B)/qemu/x86_64/$(1).img: $(B)/qemu/x86_64/$(1).elf
	$(Q)$(X86_OBJCOPY) -O binary -j .boot -j .text -j .rodata -j .data $$< $$@ && truncate -s 1032192 $$@
judge-$(1): $(B)/qemu/x86_64/$(1).img $(X86_TOOL_$(1))
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges $(1) sh $(X86_DIR)/run.sh '$(X86_RUN_$(1))' $$< $(X86_LIMIT) \
	  $(X86_ADDRESSES_$(1)) $(JUDGE_SEED)
	$(Q)sed -n 's/^judged: /          &/p; s/^known/          &/p; s/^stale/          &/p; \
	  s/^not visible/          &/p; s/^not judged/          &/p' $(RESULTS)/judges/$(1).log
check-qemu-x86_64: judge-$(1)
judge-long-$(1):
	$(call judge_long,$(1))
judge-long: judge-long-$(1)
.PHONY: judge-$(1) judge-long-$(1)
endef
$(foreach j,$(X86_JUDGES),$(eval $(call x86_judge,$(j))))
check-qemu: check-qemu-x86_64
.PHONY: check-qemu-x86_64

# Mutants of the formats: the judge must see each. Bochs begins sooner with its RAM at 1 GiB.
X86_MUTANTS := npt-block-bit npt-user-bit npt-execute-bit ept-block-bit ept-memory-type ept-accessed
x86_format = $(firstword $(subst -, ,$(1)))
define x86_mutant
X86_OWN_SRC_$(1) := $(X86_SRC) $(JUDGE_SRC) $(filter $(X86_DIR)/%,$(X86_OWN_$(call x86_format,$(1))))
X86_LIB_SRC_$(1) := $(filter-out $(X86_DIR)/%,$(X86_OWN_$(call x86_format,$(1))))
$(B)/qemu/x86_64/$(1).img: $$(X86_OWN_SRC_$(1)) $$(X86_LIB_SRC_$(1)) $(X86_HDR) $(X86_DIR)/image.ld \
  $(X86_DIR)/mutate.sh $(X86_DIR)/rules.mk
	@mkdir -p $$(@D)
	$$(call say,CC,mutant $(1))
	$(Q)sh $(X86_DIR)/mutate.sh $(call x86_format,$(1)) $(1:$(call x86_format,$(1))-%=%) $$(@D)/mutant-$(1)
	$(Q)$(X86_CC) -I$$(@D)/mutant-$(1) $(X86_FLAGS) -O1 -w $(X86_DEF_$(call x86_format,$(1))) -static -no-pie \
	  -Wl,--build-id=none -Wl,--no-warn-rwx-segments -z noexecstack $(X86_WRAP_$(call x86_format,$(1))) \
	  -T $(X86_DIR)/image.ld -o $$(@:.img=.elf) $$(X86_OWN_SRC_$(1)) $$(X86_LIB_SRC_$(1):%=$$(@D)/mutant-$(1)/%)
	$(Q)$(X86_OBJCOPY) -O binary -j .boot -j .text -j .rodata -j .data $$(@:.img=.elf) $$@ && truncate -s 1032192 $$@
judge-mutant-$(1): $(B)/qemu/x86_64/$(1).img $(X86_TOOL_$(call x86_format,$(1)))
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh judges mutant-$(1) sh $(X86_DIR)/run.sh \
	  '$(X86_RUN_$(call x86_format,$(1)))' $$< 120 30000 1 1 $(if $(filter ept-%,$(1)),1073741824,0)
check-qemu-x86_64: judge-mutant-$(1)
.PHONY: judge-mutant-$(1)
endef
$(foreach m,$(X86_MUTANTS),$(eval $(call x86_mutant,$(m))))
