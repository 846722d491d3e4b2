# Format and static checks. Deviations from MISRA are numbered in tests/lint/MISRA.md.
FORMATTED := $(sort $(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null))
LINTED := $(CORE_SRC)
# what only one format has, by its rules.mk: LINTED_gst

format: ## rewrite all C files in the project's style
	$(Q)clang-format -i $(FORMATTED)

lint: lint-format lint-cppcheck $(FORMATS:%=lint-tidy-%) lint-layout ## format, clang-tidy, cppcheck with MISRA, layout
lint-format:
	@RESULTS=$(RESULTS) tests/run.sh lint format clang-format --dry-run -Werror $(FORMATTED)
lint-cppcheck:
	@RESULTS=$(RESULTS) tests/run.sh lint cppcheck tests/lint/cppcheck.sh
# one rule per format, written out: make does not look for pattern rules of phony targets
define tidy_rules
lint-tidy-$(1):
	@RESULTS=$$(RESULTS) tests/run.sh lint tidy-$(1) clang-tidy --quiet --warnings-as-errors='*' $$(LINTED) \
	  $(ARCH_$(1))/control.c $(ARCH_$(1))/flush.c $$(LINTED_$(1)) -- $(STD) -DS2_HOSTED $(DEF_$(1)) -Iinclude -I.
endef
$(foreach f,$(FORMATS),$(eval $(call tidy_rules,$(f))))
lint-layout:
	@RESULTS=$(RESULTS) tests/run.sh lint layout tests/lint/layout.sh
.PHONY: format lint lint-format lint-cppcheck lint-layout $(FORMATS:%=lint-tidy-%)
