# Unit tests of the RISC-V vCPU: hosted, with an array for CSRs and a script for a guest. Included by
# arch/riscv64/vcpu/rules.mk.
RV_UNIT := $(basename $(notdir $(sort $(wildcard tests/unit/riscv/test_*.c))))

define rv_unit_rules
$(B)/unit/riscv/$(1): tests/unit/riscv/$(1).c tests/unit/riscv/fake.c tests/unit/riscv/fake.h $(VCPU_LIB) \
    $(B)/libstage2-gst.a $(HOSTEDLIB) $(UNIT_DEPS)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_gst) $(HOSTED_LDFLAGS) -Wl,--wrap=s2_host_flush_remote -o $$@ $$< tests/unit/riscv/fake.c $(VCPU_LIB) \
	  $(B)/libstage2-gst.a $(HOSTEDLIB) -lcmocka
unit-riscv-$(1): $(B)/unit/riscv/$(1)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh unit riscv-$(1) $$<
check-unit: unit-riscv-$(1)
check-unit-riscv: unit-riscv-$(1)
.PHONY: unit-riscv-$(1)
endef
$(foreach t,$(RV_UNIT),$(eval $(call rv_unit_rules,$(t))))
.PHONY: check-unit-riscv
