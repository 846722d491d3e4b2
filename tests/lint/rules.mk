# Format and static checks. Deviations from MISRA are numbered in tests/lint/MISRA.md.
FORMATTED := $(sort $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null))
LINTED := $(CORE_SRC)

format: ## rewrite all C files in the project's style
	$(Q)clang-format -i $(FORMATTED)

lint: lint-format lint-cppcheck $(FORMATS:%=lint-tidy-%) lint-layout ## format, clang-tidy, cppcheck with MISRA, layout
lint-format:
	@RESULTS=$(RESULTS) tests/run.sh lint format clang-format --dry-run -Werror $(FORMATTED)
lint-cppcheck:
	@RESULTS=$(RESULTS) tests/run.sh lint cppcheck tests/lint/cppcheck.sh
lint-tidy-%:
	@RESULTS=$(RESULTS) tests/run.sh lint tidy-$* clang-tidy --quiet --warnings-as-errors='*' $(LINTED) \
	  $(ARCH_$*)/control.c $(ARCH_$*)/flush.c -- $(STD) -DS2_HOSTED $(DEF_$*) -Iinclude -I.
lint-layout:
	@RESULTS=$(RESULTS) tests/run.sh lint layout tests/lint/layout.sh
.PHONY: format lint lint-format lint-cppcheck lint-layout $(FORMATS:%=lint-tidy-%)
