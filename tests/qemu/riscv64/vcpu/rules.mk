# The vCPU on QEMU's hart. Included by arch/riscv64/vcpu/rules.mk.
VCPU_TEST_SRC := $(addprefix tests/qemu/riscv64/,vcpu/main.c vcpu/host.c vcpu/guest.S hv/out.c hv/start.S)
VCPU_TEST_DEPS := $(RV64_LIB) $(HEADERS) $(wildcard tests/qemu/riscv64/*/*.h) tests/qemu/riscv64/hv/link.ld \
  tests/qemu/riscv64/vcpu/rules.mk

$(B)/rv64/vcpu/test.elf: $(VCPU_TEST_SRC) $(VCPU_TEST_DEPS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(RV64_PREFIX)gcc $(RV64_CFLAGS) $(RV64_LDFLAGS) -Wl,--defsym=HV_START=0x80000000 -T tests/qemu/riscv64/hv/link.ld \
	  -o $@ $(VCPU_TEST_SRC) $(RV64_LIB)
qemu-vcpu: $(B)/rv64/vcpu/test.elf
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh qemu vcpu sh tests/qemu/riscv64/vcpu/run.sh $<
check-qemu: qemu-vcpu
.PHONY: qemu-vcpu

# what an exit costs; with many exits for -icount, with few for the trace
define vcpu_bench_rule
$(B)/rv64/vcpu/$(1).elf: $(VCPU_TEST_SRC:%/main.c=%/bench.c) $(VCPU_TEST_DEPS)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(RV64_PREFIX)gcc $(RV64_CFLAGS) $(2) $(RV64_LDFLAGS) -Wl,--defsym=HV_START=0x80000000 \
	  -T tests/qemu/riscv64/hv/link.ld -o $$@ $(VCPU_TEST_SRC:%/main.c=%/bench.c) $(RV64_LIB)
endef
$(eval $(call vcpu_bench_rule,bench,))
$(eval $(call vcpu_bench_rule,bench-small,-DFEW=8u -DMANY=16u))
qemu-vcpu-bench: $(B)/rv64/vcpu/bench.elf $(B)/rv64/vcpu/bench-small.elf
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh qemu vcpu-bench sh tests/qemu/riscv64/vcpu/bench.sh $^ $(B)/rv64/vcpu/bench
	$(Q)grep -vE 'passed|exit' $(RESULTS)/qemu/vcpu-bench.log | sed 's/^/          /'
check-qemu: qemu-vcpu-bench
.PHONY: qemu-vcpu-bench

# the test must notice each of these
qemu-vcpu-mutants: $(RV64_LIB) $(VCPU_TEST_DEPS)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh mutants qemu-vcpu sh tests/qemu/riscv64/vcpu/mutant.sh $(B)/rv64/vcpu/mutants \
	  $(B)/rv64/libstage2-gst.a $(RV64_PREFIX)gcc $(RV64_CFLAGS) $(RV64_LDFLAGS) -Wl,--defsym=HV_START=0x80000000 \
	  -T tests/qemu/riscv64/hv/link.ld
check-qemu: qemu-vcpu-mutants
.PHONY: qemu-vcpu-mutants
