# The contracts of every source file are read by Frama-C: parsed, typed, and linked to the logic in specs/.
FRAMAC_CPP := -Iinclude -Ispecs -I. -Isrc

# one rule per file, written out: make does not look for pattern rules of phony targets
define contract_rules
check-contracts-$(1):
	@RESULTS=$$(RESULTS) tests/run.sh contracts $(1) tests/contracts/parse.sh src/$(1).c "$$(FRAMAC_CPP)"
.PHONY: check-contracts-$(1)
endef
$(foreach c,$(CORE_SRC:src/%.c=%),$(eval $(call contract_rules,$(c))))

check-contracts: $(CORE_SRC:src/%.c=check-contracts-%) ## every contract parses and type-checks under Frama-C
.PHONY: check-contracts
