# Freestanding builds for the real targets: nothing but the six calls of host.h is left undefined.
EMBED_PREFIX_ept := $(if $(filter x86_64,$(shell uname -m)),,x86_64-linux-gnu-)
EMBED_PREFIX_npt := $(EMBED_PREFIX_ept)
EMBED_PREFIX_a64 := aarch64-linux-gnu-
EMBED_PREFIX_gst := riscv64-linux-gnu-

define embed_rules
embed-$(1):
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh embed $(1) sh tests/embed/embed.sh $(B)/embed/$(1) $(1) \
	  '$(EMBED_PREFIX_$(1))' $(ARCH_$(1)) '$(DEF_$(1))' -O2
check-embed: embed-$(1)
.PHONY: embed-$(1)
endef
$(foreach f,$(FORMATS),$(eval $(call embed_rules,$(f))))

check-embed: ## freestanding cross builds with no libc symbol left, and a minimal user
.PHONY: check-embed
