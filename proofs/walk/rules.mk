# T2: the library's walk against the manual's, per format, and a second opinion on the core.
WALK_HARNESSES := made any translate
# one-page map and unmap of the real src/, bounded; four minutes, so by hand: make prove-walk-core
WALK_CORE := map unmap

define walk_rule
prove-walk-$(1)-$(2): $$(PROOF_TOOLS)
	@RESULTS=$$(RESULTS) sh tests/run.sh harnesses walk-$(1)-$(2) sh proofs/walk/run.sh $(1) $(2)
$(3): prove-walk-$(1)-$(2)
.PHONY: prove-walk-$(1)-$(2)
endef
$(foreach f,$(FORMATS),$(foreach h,$(WALK_HARNESSES),$(eval $(call walk_rule,$(f),$(h),prove-walk))))
$(foreach f,$(FORMATS),$(foreach h,$(WALK_CORE),$(eval $(call walk_rule,$(f),$(h),prove-walk-core))))

prove-walk: ## the library's walk equals each manual's, on any table contents
.PHONY: prove-walk prove-walk-core
PROVE_BITS_TARGETS += prove-walk
