# T2: the library's walk against the manual's, per format, and a second opinion on the core.
WALK_HARNESSES := made any translate
# One-page map and unmap of the real src/, bounded. In every run: map where the leaf table is there and where only the
# root is, for each format; unmap for the two formats with the smaller trees. By hand, make prove-walk-core: all of it,
# with map at the levels between.
WALK_CORE := map unmap between
WALK_CORE_ALWAYS := $(FORMATS:%=%-map) a64-unmap gst-unmap

define walk_rule
prove-walk-$(1)-$(2): $$(PROOF_TOOLS)
	@RESULTS=$$(RESULTS) sh tests/run.sh harnesses walk-$(1)-$(2) sh proofs/walk/run.sh $(1) $(2)
$(3): prove-walk-$(1)-$(2)
.PHONY: prove-walk-$(1)-$(2)
endef
$(foreach f,$(FORMATS),$(foreach h,$(WALK_HARNESSES),$(eval $(call walk_rule,$(f),$(h),prove-walk))))
$(foreach f,$(FORMATS),$(foreach h,$(WALK_CORE),$(eval $(call walk_rule,$(f),$(h),prove-walk-core))))
prove-walk: $(WALK_CORE_ALWAYS:%=prove-walk-%)

# the unit test that walks by the manuals too is made again when they change
$(FORMATS:%=$(B)/unit/%/test_walk): $(wildcard specs/walk/*.[ch]) proofs/walk/format.h

prove-walk: ## the library's walk equals each manual's, on any table contents; one-page map and unmap of the real src/
prove-walk-core: ## one-page map and unmap at every level where the path of the page can end
.PHONY: prove-walk prove-walk-core
PROVE_BITS_TARGETS += prove-walk
