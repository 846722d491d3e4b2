# The contracts of every source file are read by Frama-C: parsed, typed, and linked to the logic in specs/.
FRAMAC_CPP := -Iinclude -Ispecs -I. -Isrc
check-contracts: $(CORE_SRC:src/%.c=check-contracts-%) ## every contract parses and type-checks under Frama-C
check-contracts-%: src/%.c $(HEADERS)
	@RESULTS=$(RESULTS) tests/run.sh contracts $* tests/contracts/parse.sh $< "$(FRAMAC_CPP)"
.PHONY: check-contracts $(CORE_SRC:src/%.c=check-contracts-%)
