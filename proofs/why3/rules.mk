# The geometry and the definitions that WP relies on, proved in Why3; and the list of laws with what realises each.
WHY3_THEORIES := geometry definitions

define why3_rule
prove-why3-$(1): specs/$(1).mlw proofs/why3/prove.sh
	@RESULTS=$$(RESULTS) tests/run.sh goals why3-$(1) sh proofs/why3/prove.sh specs/$(1).mlw
.PHONY: prove-why3-$(1)
endef
$(foreach t,$(WHY3_THEORIES),$(eval $(call why3_rule,$(t))))

prove-laws:
	@RESULTS=$(RESULTS) tests/run.sh goals laws python3 proofs/tools/laws.py --check
prove-why3: $(WHY3_THEORIES:%=prove-why3-%) prove-laws ## geometry and definitions proved in Why3, laws accounted for
.PHONY: prove-why3 prove-laws
PROVE_BITS_TARGETS += prove-why3
