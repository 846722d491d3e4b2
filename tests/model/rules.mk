# Model-based tests: random sequences and failure injection against a sorted-maplet model, all formats in one program.
# They bring their own host, so that the order of invalidations and frees can be watched.
# MODEL_SEEDS=1000 MODEL_FIRST=1000 by hand; sanitizers and coverage are slower and get fewer
MODEL_SEEDS ?= $(if $(filter 1,$(SAN) $(COV)),12,50)
MODEL_FIRST ?= 1
MODEL_STEPS ?= 600
MODEL_HDR := $(wildcard tests/model/*.h)
MODEL_PER := world check step driver twin
MODEL_ONE := model host main
MODEL_OBJ := $(foreach f,$(FORMATS),$(MODEL_PER:%=$(B)/model/$(f)/%.o)) $(MODEL_ONE:%=$(B)/model/%.o)

define model_rules
$(B)/model/$(1)/%.o: tests/model/%.c $(MODEL_HDR) $(HEADERS) Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_$(1)) -c -o $$@ $$<
endef
$(foreach f,$(FORMATS),$(eval $(call model_rules,$(f))))

$(B)/model/%.o: tests/model/%.c $(MODEL_HDR) $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) -DS2_FORMAT_NONE -c -o $@ $<
$(B)/model/model: $(MODEL_OBJ) $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOSTED_LDFLAGS) -o $@ $(MODEL_OBJ) $(LIBS)

# one line of results per format, so that they can run beside each other
define model_check
model-$(1): $(B)/model/model
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh model $(1) $$< $(MODEL_SEEDS) $(MODEL_FIRST) $(MODEL_STEPS) $(1)
	$(Q)sed -n 's/^injection points/          &/p' $(RESULTS)/model/$(1).log
check-model: model-$(1)
.PHONY: model-$(1)
endef
$(foreach f,$(FORMATS),$(eval $(call model_check,$(f))))

check-model: ## model-based tests: random sequences and failure injection, every format
.PHONY: check-model
