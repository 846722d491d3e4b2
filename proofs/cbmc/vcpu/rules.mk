# The instruction decoder of the RISC-V vCPU: proved against specs/riscv_loads_stores.txt on every encoding, and compared
# with objdump. Included by arch/riscv64/vcpu/rules.mk.
VCPU_HARNESSES := $(patsubst proofs/cbmc/vcpu/%/harness.c,%,$(sort $(wildcard proofs/cbmc/vcpu/*/harness.c)))
VCPU_MUTANTS := $(shell sed -n 's/^\([a-z0-9-]*\) | .*/\1/p' proofs/cbmc/vcpu/mutants.txt)
VCPU_SPEC := $(PB)/vcpu/loads_stores.h
# random words beside the whole 16-bit space
VCPU_WORDS ?= 400000

$(VCPU_SPEC): specs/riscv_loads_stores.txt proofs/cbmc/vcpu/table.py
	@mkdir -p $(@D)
	$(call say,BITS,$<)
	$(Q)python3 proofs/cbmc/vcpu/table.py $< >$@.new && mv $@.new $@

# written out, one rule per check: make does not look for pattern rules of phony targets
define vcpu_harness_rule
prove-vcpu-$(1): $(PROOF_TOOLS) $(VCPU_SPEC)
	@RESULTS=$$(RESULTS) tests/run.sh harnesses vcpu-$(1) sh proofs/cbmc/vcpu/run.sh $(1)
prove-vcpu: prove-vcpu-$(1)
.PHONY: prove-vcpu-$(1)
endef
define vcpu_mutant_rule
prove-vcpu-mutant-$(1): $(PROOF_TOOLS)
	@RESULTS=$$(RESULTS) tests/run.sh mutants vcpu-$(1) sh proofs/cbmc/vcpu/mutant.sh $(1)
prove-vcpu: prove-vcpu-mutant-$(1)
.PHONY: prove-vcpu-mutant-$(1)
endef
$(foreach h,$(VCPU_HARNESSES),$(eval $(call vcpu_harness_rule,$(h))))
$(foreach m,$(VCPU_MUTANTS),$(eval $(call vcpu_mutant_rule,$(m))))

$(B)/vcpu/answer: proofs/cbmc/vcpu/answer.c arch/riscv64/vcpu/decode.c arch/riscv64/vcpu/decode.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_gst) $(HOSTED_LDFLAGS) -o $@ proofs/cbmc/vcpu/answer.c arch/riscv64/vcpu/decode.c
prove-vcpu-objdump: $(B)/vcpu/answer
	@RESULTS=$(RESULTS) tests/run.sh differential vcpu-objdump python3 proofs/cbmc/vcpu/objdump.py \
	  specs/riscv_loads_stores.txt $(B)/vcpu/answer riscv64-linux-gnu-objdump $(VCPU_WORDS) $(B)/vcpu
prove-vcpu: prove-vcpu-objdump
prove-vcpu: ## the RISC-V vCPU's decoder: CBMC over every encoding, its mutants, and objdump
prove-bits-all: prove-vcpu
.PHONY: prove-vcpu prove-vcpu-objdump
