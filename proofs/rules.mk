# Proofs. Each harness and each mutant is one check, run through tests/run.sh; proofs/*/rules.mk add their own to
# PROVE_BITS_TARGETS. What is generated goes to build/proofs.
PB := build/proofs
PROVE_BITS_TARGETS ?=
-include $(sort $(wildcard proofs/*/rules.mk))

PROOF_TOOLS := $(PB)/tools.txt
BITS_HEADERS := $(FORMATS:%=$(PB)/bits/%.h)
harnesses_of = $(patsubst proofs/cbmc/$(1)/%/harness.c,$(1)-%,$(sort $(wildcard proofs/cbmc/$(1)/*/harness.c)))
HARNESSES := $(foreach f,$(FORMATS),$(call harnesses_of,$(f)))
MUTANTS := $(foreach f,$(FORMATS),$(shell sed -n 's/^\([a-z0-9-]*\) | .*/$(f)+\1/p' proofs/negative/$(f).txt))
CBMC_FLAGS_TRIED := $(patsubst proofs/negative/flags/%.c,%,$(sort $(wildcard proofs/negative/flags/*.c)))

$(PROOF_TOOLS): proofs/tools/install-cbmc.sh $(wildcard proofs/tools/next-suite.sh) proofs/tools/VERSIONS
	@mkdir -p $(@D)
	$(call say,TOOLS,CBMC and the provers of proofs/tools/VERSIONS)
	$(Q)sh proofs/tools/install-cbmc.sh >$@.new && mv $@.new $@

$(PB)/bits/%.h: specs/bits/%.txt proofs/tools/bits.py
	@mkdir -p $(@D)
	$(call say,BITS,$<)
	$(Q)python3 proofs/tools/bits.py $< >$@.new && mv $@.new $@

# what WP believes of a format, as C
LAWS_H := $(PB)/laws.h
$(LAWS_H): include/stage2/format.h specs/logic/entry.acsl proofs/tools/acsl.py
	@mkdir -p $(@D)
	$(call say,LAWS,$(wordlist 1,2,$^))
	$(Q)python3 proofs/tools/acsl.py $(wordlist 1,2,$^) >$@.new && mv $@.new $@

# written out, one rule per check: make does not look for pattern rules of phony targets
define harness_rule
prove-harness-$(1)-$(2): $(PROOF_TOOLS) $(PB)/bits/$(1).h $(LAWS_H)
	@RESULTS=$$(RESULTS) tests/run.sh harnesses $(1)-$(2) sh proofs/cbmc/run.sh $(1) $(2)
.PHONY: prove-harness-$(1)-$(2)
endef
define mutant_rule
prove-mutant-$(1)-$(2): $(PROOF_TOOLS) $(PB)/bits/$(1).h $(LAWS_H)
	@RESULTS=$$(RESULTS) tests/run.sh mutants $(1)-$(2) sh proofs/negative/mutant.sh $(1) $(2)
.PHONY: prove-mutant-$(1)-$(2)
endef
define flag_rule
prove-flag-$(1): $(PROOF_TOOLS)
	@RESULTS=$$(RESULTS) tests/run.sh mutants flag-$(1) sh proofs/negative/flag.sh $(1)
.PHONY: prove-flag-$(1)
endef
define layout_rule
prove-layout-$(1):
	@RESULTS=$$(RESULTS) tests/run.sh mutants layout-$(1) sh proofs/negative/layout.sh $(1)
.PHONY: prove-layout-$(1)
endef
prove-laws-negative:
	@RESULTS=$(RESULTS) tests/run.sh mutants laws sh proofs/negative/laws.sh
.PHONY: prove-laws-negative
first = $(firstword $(subst $(1), ,$(2)))
rest = $(patsubst $(call first,$(1),$(2))$(1)%,%,$(2))
$(foreach h,$(HARNESSES),$(eval $(call harness_rule,$(call first,-,$(h)),$(call rest,-,$(h)))))
$(foreach m,$(MUTANTS),$(eval $(call mutant_rule,$(call first,+,$(m)),$(call rest,+,$(m)))))
$(foreach c,$(CBMC_FLAGS_TRIED),$(eval $(call flag_rule,$(c))))
$(foreach f,$(FORMATS),$(eval $(call layout_rule,$(f))))

prove-bits-harnesses: $(HARNESSES:%=prove-harness-%) ## every entry bit, index and control register: the CBMC harnesses
prove-bits-mutants: $(subst +,-,$(MUTANTS:%=prove-mutant-%)) ## mutants of code, layout and harness that must be killed
prove-bits-mutants: $(CBMC_FLAGS_TRIED:%=prove-flag-%) $(FORMATS:%=prove-layout-%) prove-laws-negative
prove-bits-cbmc: prove-bits-harnesses prove-bits-mutants ## both
prove-bits-all: prove-bits-cbmc $(PROVE_BITS_TARGETS)
prove-bits: ## everything about bits and geometry: CBMC, and what proofs/*/rules.mk add; a summary at the end
	+@start=$$(date +%s); rc=0; rm -rf $(RESULTS)/harnesses $(RESULTS)/mutants $(RESULTS)/laws; \
	  $(MAKE) --no-print-directory -k RESULTS=$(RESULTS) prove-bits-all || rc=1; \
	  RESULTS=$(RESULTS) tests/run.sh laws harnesses python3 proofs/tools/laws.py --results $(RESULTS)/harnesses || rc=1; \
	  sh proofs/summary.sh $(RESULTS) "$(FORMATS)" $$(($$(date +%s) - start)); exit $$rc
.PHONY: prove-bits prove-bits-all prove-bits-cbmc prove-bits-harnesses prove-bits-mutants
