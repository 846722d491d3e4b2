# Benchmarks: the library beside plain reference loops. FORMATS_BENCH chooses formats (default: ept).
FORMATS_BENCH ?= ept
BENCH_ARGS ?=
BENCH_SRC := tests/bench/bench.c tests/bench/reference.c

# No libstage2-hosted.a here: bench.c brings its own host, whose answers cost next to nothing.
define bench_rules
$(B)/bench/$(1)/%.o: tests/bench/%.c tests/bench/reference.h $(HEADERS) Makefile tests/bench/rules.mk
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_$(1)) -c -o $$@ $$<
$(B)/bench/bench-$(1): $(BENCH_SRC:tests/bench/%.c=$(B)/bench/$(1)/%.o) $(B)/libstage2-$(1).a
	$$(call say,LD,$$@)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(HOSTED_LDFLAGS) -Wl,-z,now -o $$@ $$^
endef
$(foreach f,$(FORMATS),$(eval $(call bench_rules,$(f))))

bench: $(FORMATS_BENCH:%=$(B)/bench/bench-%) ## workloads beside reference loops (FORMATS_BENCH=, BENCH_ARGS=--csv)
	$(Q)for f in $(FORMATS_BENCH); do $(B)/bench/bench-$$f $(BENCH_ARGS) || exit 1; done

bench-instr: $(FORMATS_BENCH:%=$(B)/bench/bench-%) ## the same with retired instructions from valgrind --tool=callgrind
	$(Q)for f in $(FORMATS_BENCH); do \
	  sh tests/bench/instr.sh $(B)/bench/bench-$$f $(B)/bench/instr-$$f $(BENCH_ARGS) || exit 1; \
	done

check-bench: $(FORMATS:%=$(B)/bench/bench-%) ## the benchmark workloads once, small: results equal the reference's
	$(Q)for f in $(FORMATS); do sh tests/run.sh bench quick-$$f $(B)/bench/bench-$$f --quick || exit 1; done
.PHONY: bench bench-instr check-bench
