# T10: how many entries a call reads and writes, proved of a copy that counts them (count.py, bounds.txt).
COST := build/cost
COST_FILES := proofs/cost/cost.acsl $(shell sed -n 's/^\([a-z][^ ]*\) [a-z].*/\1/p' proofs/cost/bounds.txt | sort -u)
COST_MUTANTS := $(shell sed -n 's/^\([a-z0-9-]*\) | .*/\1/p' proofs/cost/mutants.txt)
COST_SOURCES := $(wildcard include/stage2/*.h src/*.h src/*.c specs/logic/* specs/*.mlw proofs/wp/* proofs/cost/*)

$(COST)/counted: $(COST_SOURCES)
	@python3 proofs/cost/count.py . $(COST) && touch $@

define cost_rules
prove-cost-$(subst /,_,$(subst .,_,$(1))): $(COST)/counted
	@RESULTS=$$(RESULTS) tests/run.sh goals cost-$(subst /,_,$(subst .,_,$(1))) sh proofs/cost/run.sh $(COST) $(1)
prove-cost: prove-cost-$(subst /,_,$(subst .,_,$(1)))
.PHONY: prove-cost-$(subst /,_,$(subst .,_,$(1)))
endef
define cost_mutant_rule
prove-cost-mutant-$(1):
	@RESULTS=$$(RESULTS) tests/run.sh mutants cost-$(1) sh proofs/cost/mutant.sh $(1)
prove-cost: prove-cost-mutant-$(1)
.PHONY: prove-cost-mutant-$(1)
endef
$(foreach f,$(COST_FILES),$(eval $(call cost_rules,$(f))))
$(foreach m,$(COST_MUTANTS),$(eval $(call cost_mutant_rule,$(m))))

prove-cost: ## Frama-C/WP: bounds on the entries that each call reads and writes (T10), and mutants
prove: prove-cost
.PHONY: prove-cost
