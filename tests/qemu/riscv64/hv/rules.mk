# A Linux guest on the vCPU: hypervisor images that differ in their -D, one boot each. Included by
# arch/riscv64/vcpu/rules.mk.
HV_SRC := $(sort $(wildcard tests/qemu/riscv64/hv/*.c)) tests/qemu/riscv64/hv/start.S
HV_DEPS := $(RV64_LIB) $(HEADERS) $(wildcard tests/qemu/riscv64/hv/*.h) tests/qemu/riscv64/hv/link.ld \
  tests/qemu/riscv64/hv/rules.mk
HV_BOOTS := sv39 sv39-evict sv48-evict smp2-evict smp2-no-fence opensbi opensbi-smp2-evict no-sstc two smp2-wfi
HV_HARTS_smp2-evict := 2
HV_HARTS_smp2-no-fence := 2
HV_HARTS_smp2-wfi := 2
HV_LOAD_smp2-wfi := workers=1 files=1
HV_DEF_sv39-evict := -DRESIDENT=4096
HV_DEF_sv48-evict := -DRESIDENT=4096 -DGPA_BITS=50
HV_DEF_smp2-evict := -DRESIDENT=8192 -DHARTS=2
HV_DEF_smp2-no-fence := -DRESIDENT=8192 -DHARTS=2 -DNO_REMOTE_FENCE
# every wfi and wrs.nto of an idle guest hart exits
HV_DEF_smp2-wfi := -DHARTS=2 -DTRAP_WFI=1
HV_ENV_smp2-wfi := EXITS=wfi
HV_WANT_smp2-no-fence := dead
# the hypervisor as the payload of QEMU's OpenSBI; the guest's RAM begins 2 MiB later
HV_START_opensbi := 0x80200000
HV_DEF_opensbi := -DUNDER_SBI
HV_ENV_opensbi := BIOS=default KERNEL_GPA=80400000
# two harts: started, interrupted and fenced by OpenSBI
HV_START_opensbi-smp2-evict := 0x80200000
HV_HARTS_opensbi-smp2-evict := 2
HV_DEF_opensbi-smp2-evict := -DUNDER_SBI -DRESIDENT=8192 -DHARTS=2
HV_ENV_opensbi-smp2-evict := BIOS=default KERNEL_GPA=80400000 EVICTIONS=1 \
  SAYS='SBI hart_start 1 IPIs [1-9][0-9]* remote fences [1-9]'
# the guest is not told of Sstc, and its timer calls are turned into the host's timer
HV_DEF_no-sstc := -DGUEST_FEATURES=S2_RV_FEAT_FP+S2_RV_FEAT_ENVCFG
HV_ENV_no-sstc := ISA_EDIT=s/_sstc//
# two guests on one hart, both with vectors: the same GPAs, one pool of frames, a VMID each
HV_DEF_two := -DGUESTS=2 -DRESIDENT=12288 -DGUEST_FEATURES=S2_RV_FEAT_ALL
HV_ENV_two := GUESTS=2 EVICTIONS=1 CPU=rv64,v=true SAYS='guest 1 .* vector saves [1-9]'
HV_ENV_sv39-evict := EVICTIONS=1
HV_ENV_sv48-evict := EVICTIONS=1
HV_ENV_smp2-evict := EVICTIONS=1

define hv_rules
$(B)/rv64/hv/$(1).elf: $(HV_SRC) $(HV_DEPS)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(RV64_PREFIX)gcc $(RV64_CFLAGS) $(HV_DEF_$(1)) $(RV64_LDFLAGS) \
	  -Wl,--defsym=HV_START=$(or $(HV_START_$(1)),0x80000000) \
	  -T tests/qemu/riscv64/hv/link.ld -o $$@ $(HV_SRC) $(RV64_LIB)
qemu-rv-linux-$(1): $(B)/rv64/hv/$(1).elf
	$(Q)$(HV_ENV_$(1)) RESULTS='$(RESULTS)' sh tests/run.sh qemu rv-linux-$(1) sh tests/qemu/riscv64/hv/boot.sh \
	  $(B)/rv64/hv/$(1).files $$< $(or $(HV_HARTS_$(1)),1) $(or $(HV_WANT_$(1)),ok) $(or $(HV_LOAD_$(1)),workers=2 files=4) rounds=1
check-qemu-rv-linux: qemu-rv-linux-$(1)
.PHONY: qemu-rv-linux-$(1)
endef
$(foreach b,$(HV_BOOTS),$(eval $(call hv_rules,$(b))))
check-qemu: check-qemu-rv-linux
.PHONY: check-qemu-rv-linux
