# Unit tests: every tests/unit/test_*.c, built and run once per format.
UNIT_TESTS := $(basename $(notdir $(sort $(wildcard tests/unit/test_*.c))))
UNIT_DEPS := $(HEADERS) $(wildcard arch/*.h tests/unit/*.h) Makefile tests/unit/rules.mk

define unit_rules
$(B)/unit/$(1)/$(2): tests/unit/$(2).c $(B)/libstage2-$(1).a $(HOSTEDLIB) $(UNIT_DEPS)
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_$(1)) $(HOSTED_LDFLAGS) -o $$@ $$< $(B)/libstage2-$(1).a $(HOSTEDLIB) -lcmocka
unit-$(1)-$(2): $(B)/unit/$(1)/$(2)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh unit $(1)-$(2) $$<
check-unit: unit-$(1)-$(2)
.PHONY: unit-$(1)-$(2)
endef
$(foreach f,$(FORMATS),$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rules,$(f),$(t)))))

check-unit: ## unit tests, every format
.PHONY: check-unit
