# T2: the library's walk against the manual's, per format, and a second opinion on the core.
WALK_HARNESSES := made any translate map unmap

define walk_rule
prove-walk-$(1)-$(2): $$(PROOF_TOOLS)
	@RESULTS=$$(RESULTS) sh tests/run.sh harnesses walk-$(1)-$(2) sh proofs/walk/run.sh $(1) $(2)
prove-walk: prove-walk-$(1)-$(2)
.PHONY: prove-walk-$(1)-$(2)
endef
$(foreach f,$(FORMATS),$(foreach h,$(WALK_HARNESSES),$(eval $(call walk_rule,$(f),$(h)))))

prove-walk: ## the library's walk equals each manual's, and one-page map and unmap keep the rest
.PHONY: prove-walk
PROVE_BITS_TARGETS += prove-walk
