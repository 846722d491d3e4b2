# Line and branch coverage of src/ and arch/ by the unit and model tests, all formats together (gcov, lcov).
COV_B := $(if $(filter 1,$(COV)),$(B),$(B)-cov)
COV_TOOL ?= $(if $(findstring clang,$(CCNAME)),llvm-cov gcov,gcov)

coverage: ## line and branch coverage of src/ and arch/ by the unit and model tests
	@find $(COV_B) -name '*.gcda' -delete 2>/dev/null || true
	+$(Q)$(MAKE) --no-print-directory COV=1 RESULTS='$(RESULTS)/under-coverage' check-unit check-model
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh coverage $(CCNAME) sh tests/coverage/coverage.sh $(COV_B) '$(COV_TOOL)'
	$(Q)cat $(RESULTS)/coverage/$(CCNAME).log
.PHONY: coverage
