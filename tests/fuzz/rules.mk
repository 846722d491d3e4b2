# Fuzzing with libFuzzer, one program per format; library and harness are built with its instrumentation and sanitizers.
# FUZZ_SECONDS=600 by hand. A crash leaves its input in build/fuzz-<format>-*.
FUZZ_SECONDS ?= 10
FUZZ_SEED ?= 1
FUZZ_CC ?= clang
FUZZ_FLAGS := $(STD) $(WARN) -O1 -g -DS2_HOSTED -Iinclude -I. -fsanitize=fuzzer,address,undefined \
  -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_HARNESS := tests/fuzz/fuzz_space.c $(addprefix tests/model/,world.c check.c step.c)
FUZZ_ONE := $(addprefix tests/model/,model.c host.c)
FUZZ_DEPS := $(HEADERS) $(wildcard tests/model/*.h) Makefile tests/fuzz/rules.mk
# can this compiler link a fuzzer at all?
FUZZ_PROBE := printf 'int LLVMFuzzerTestOneInput(char *d, long n) { return n > 99 && *d; }' | \
  $(FUZZ_CC) -x c -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null

define fuzz_rules
$(B)/fuzz/$(1)/fuzz_space: $(FUZZ_HARNESS) $(FUZZ_ONE) $$(SRC_$(1)) $(FUZZ_DEPS)
	@mkdir -p $$(@D)
	$$(call say,FUZZ,$(1))
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) $(DEF_$(1)) -o $$@ $(FUZZ_HARNESS) $(FUZZ_ONE) $$(SRC_$(1))
fuzz-$(1):
	$(Q)if ! $(FUZZ_PROBE); then \
	  printf '  SKIP    fuzz/%s: no fuzzer runtime (install clang and libclang-rt-dev)\n' $(1); \
	else \
	  $(MAKE) --no-print-directory $(B)/fuzz/$(1)/fuzz_space && mkdir -p $(B)/fuzz/$(1)/corpus && \
	  RESULTS='$(RESULTS)' sh tests/run.sh fuzz $(1) $(B)/fuzz/$(1)/fuzz_space -seed=$(FUZZ_SEED) -max_len=512 \
	    -len_control=5 -max_total_time=$(FUZZ_SECONDS) -timeout=20 -print_final_stats=1 \
	    -artifact_prefix=$(B)/fuzz/$(1)/ $(B)/fuzz/$(1)/corpus; \
	fi
check-fuzz: fuzz-$(1)
.PHONY: fuzz-$(1)
endef
$(foreach f,$(FORMATS),$(eval $(call fuzz_rules,$(f))))

check-fuzz: ## fuzz every format for FUZZ_SECONDS (10) each
.PHONY: check-fuzz
