# WP: what proofs/wp/proved.txt names. `make prove` proves it afresh; `make replay` asks the committed cache first and runs a
# prover only for what has changed since; `make prove-FILE FILE=src/tree.h FUNCTIONS="..."` for daily work.
WP_FILES := $(shell sed -n 's/^\([a-z][^ ]*\).*/\1/p' proofs/wp/proved.txt)
# those that take longest come first, so that the last minutes keep every core at work
WP_LONG := src/map.c src/area.c src/unmap.c src/walk.c src/split.c src/windows.h src/space.c src/fault.c specs/logic/ranges.acsl \
  src/pool.c arch/riscv64/vcpu/sbi.c arch/riscv64/vcpu/exit.c src/chunk.h proofs/laws/spaces.c specs/logic/lemmas.acsl \
  arch/riscv64/vcpu/state.c arch/riscv64/vcpu/mmio.c src/ops.h
WP_FILES := $(filter $(WP_FILES),$(WP_LONG)) $(filter-out $(WP_LONG),$(WP_FILES))
wp_name = $(subst /,_,$(subst .,_,$(1)))
wp_functions = $(shell sed -n 's,^$(1) ,,p' proofs/wp/proved.txt)

# one rule per file, written out: make does not look for pattern rules of phony targets
define wp_rules
prove-wp-$(call wp_name,$(1)): | prove-started
	@RESULTS=$$(RESULTS) CACHE=rebuild QUICK=10 PAR=1 TIMEOUT=60 tests/run.sh goals wp-$(call wp_name,$(1)) sh proofs/wp/run.sh $(1) $(call wp_functions,$(1))
replay-wp-$(call wp_name,$(1)): build/wp-replay/cache/filled
	@RESULTS=$$(RESULTS) WPDIR=build/wp-replay CACHE=update PAR=1 TIMEOUT=40 tests/run.sh replay wp-$(call wp_name,$(1)) sh proofs/wp/run.sh $(1) $(call wp_functions,$(1))
smoke-wp-$(call wp_name,$(1)) requires-wp-$(call wp_name,$(1)): build/why3/why3.conf
	@RESULTS=$$(RESULTS) SMOKE=$$(if $$(filter smoke-%,$$@),all,requires) WPDIR=build/wp-$$(firstword $$(subst -, ,$$@)) PAR=2 \
	  tests/run.sh smoke $$@ sh proofs/wp/run.sh $(1) $(call wp_functions,$(1))
.PHONY: prove-wp-$(call wp_name,$(1)) replay-wp-$(call wp_name,$(1)) smoke-wp-$(call wp_name,$(1)) requires-wp-$(call wp_name,$(1))
endef
$(foreach f,$(WP_FILES),$(eval $(call wp_rules,$(f))))

prove: prove-holes $(foreach f,$(WP_FILES),prove-wp-$(call wp_name,$(f))) ## Frama-C/WP: every goal of proofs/wp/proved.txt, afresh
replay: $(foreach f,$(WP_FILES),replay-wp-$(call wp_name,$(f))) ## Frama-C/WP: the same from proofs/results/cache.txt, provers for changed goals only
build/wp-replay/cache/filled: proofs/results/cache.txt
	@rm -rf $(@D) && python3 proofs/wp/results.py unpack $< $(@D) && touch $@
prove-started: # what the cache has from before is not of this run
	@mkdir -p build/wp && touch build/wp/started
build/why3/why3.conf:
	@sh proofs/why3/config.sh >/dev/null
# files with lemmas only have no function whose contract could contradict itself
WP_SMOKE := $(foreach f,$(filter-out specs/logic/area%.acsl specs/logic/table%.acsl,$(WP_FILES)),$(call wp_name,$(f)))
prove-smoke: $(WP_SMOKE:%=smoke-wp-%) ## Frama-C/WP: no contradiction in contracts, loops and calls, every statement is reached
prove-requires: $(WP_SMOKE:%=requires-wp-%) ## Frama-C/WP: the requires of every proved function can be met
prove-holes: # every function of the library is proved or listed as open, and every theorem's functions are proved
	@RESULTS=$(RESULTS) tests/run.sh lint wp-holes python3 proofs/wp/results.py holes
prove-results: ## after `make prove`: compare with proofs/results/wp.txt; every function proved or listed as open
	@RESULTS=$(RESULTS) tests/run.sh goals results python3 proofs/wp/results.py check build/wp proofs/results/wp.txt
prove-accept: ## after `make prove`: make its results and its cache the committed ones
	@python3 proofs/wp/results.py table build/wp >build/wp/table && mv build/wp/table proofs/results/wp.txt
	@python3 proofs/wp/results.py times build/wp >proofs/results/wp-times.txt
	@python3 proofs/wp/results.py cache build/wp >proofs/results/cache.txt
prove-FILE: ## Frama-C/WP on FILE=... FUNCTIONS="...", from the cache
	@sh proofs/wp/run.sh $(FILE) $(FUNCTIONS)
.PHONY: prove prove-started prove-smoke prove-requires prove-holes replay prove-results prove-accept prove-FILE

# one rule per mutant: LIST+NAME is the line NAME of proofs/wp/mutants/LIST.txt
WP_MUTANT_LISTS := $(patsubst proofs/wp/mutants/%.txt,%,$(sort $(wildcard proofs/wp/mutants/*.txt)))
WP_MUTANTS := $(foreach l,$(WP_MUTANT_LISTS),$(shell sed -n 's/^\([a-z0-9-]*\) | .*/$(l)+\1/p' proofs/wp/mutants/$(l).txt))
define wp_mutant_rule
prove-wp-mutant-$(1)-$(2):
	@RESULTS=$$(RESULTS) tests/run.sh mutants wp-$(1)-$(2) sh proofs/wp/mutant.sh $(1) $(2)
.PHONY: prove-wp-mutant-$(1)-$(2)
endef
$(foreach m,$(WP_MUTANTS),$(eval $(call wp_mutant_rule,$(firstword $(subst +, ,$(m))),$(lastword $(subst +, ,$(m))))))
prove-mutants: $(foreach m,$(WP_MUTANTS),prove-wp-mutant-$(subst +,-,$(m))) ## Frama-C/WP: mutants, each killed by the goal it names
.PHONY: prove-mutants
