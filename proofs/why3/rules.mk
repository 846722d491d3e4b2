# The geometry and the definitions that WP relies on, proved in Why3; and the list of laws with what realises each.
WHY3_THEORIES := geometry definitions tlb

define why3_rule
prove-why3-$(1): specs/$(1).mlw proofs/why3/prove.sh
	@RESULTS=$$(RESULTS) tests/run.sh goals why3-$(1) sh proofs/why3/prove.sh specs/$(1).mlw
.PHONY: prove-why3-$(1)
endef
$(foreach t,$(WHY3_THEORIES),$(eval $(call why3_rule,$(t))))

prove-laws:
	@RESULTS=$(RESULTS) tests/run.sh goals laws python3 proofs/tools/laws.py --check
prove-why3-mutants: specs/tlb.mlw proofs/why3/mutant.sh
	@RESULTS=$(RESULTS) tests/run.sh mutants why3-tlb sh proofs/why3/mutant.sh specs/tlb.mlw proofs/why3/tlb_mutants.txt
prove-why3: $(WHY3_THEORIES:%=prove-why3-%) prove-laws prove-why3-mutants ## geometry and definitions proved in Why3, laws accounted for
.PHONY: prove-why3 prove-laws prove-why3-mutants
PROVE_BITS_TARGETS += prove-why3
