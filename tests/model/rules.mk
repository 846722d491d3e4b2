# Model-based tests: random sequences and failure injection against a sorted-maplet model, all formats in one program.
# They bring their own host, so that the order of invalidations and frees can be watched.
MODEL_SEEDS ?= 60
MODEL_FIRST ?= 1
MODEL_STEPS ?= 600
MODEL_HDR := $(wildcard tests/model/*.h)
MODEL_PER := world check step driver
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

check-model: $(B)/model/model ## model-based tests: random sequences and failure injection, all formats
	$(Q)RESULTS=$(RESULTS) sh tests/run.sh model $(notdir $(B)) $< $(MODEL_SEEDS) $(MODEL_FIRST) $(MODEL_STEPS)
	$(Q)grep '^injection points' $(RESULTS)/model/$(notdir $(B)).log
.PHONY: check-model
