# The program `stage2`, and `make demo`. format_cmd.c and measure.c are compiled once per format, the rest once.
TOOL_DIR := src/tool
TOOL_HEADERS := $(TOOL_DIR)/tool.h arch/bit_name.h $(wildcard arch/*/*/bits.h)
TOOL_PER_FORMAT := format_cmd measure
TOOL_SRC := $(filter-out $(TOOL_PER_FORMAT:%=$(TOOL_DIR)/%.c),$(sort $(wildcard $(TOOL_DIR)/*.c)))
TOOL_FORMAT_OBJ := $(foreach n,$(TOOL_PER_FORMAT),$(FORMATS:%=$(B)/tool/$(n)-%.o))
TOOL_OBJ := $(TOOL_SRC:$(TOOL_DIR)/%.c=$(B)/tool/%.o) $(TOOL_FORMAT_OBJ)
TOOL_PLAIN_OBJ := $(filter-out $(B)/tool/map_fdt.o,$(TOOL_OBJ)) $(B)/tool/map_fdt-without.o

# LIBFDT=1 or 0; by default whatever a test program says.
ifndef LIBFDT
LIBFDT := $(shell printf '\043include <libfdt.h>\nint main(void) { return fdt_check_full("", 0) == 0; }\n' | \
  $(CC) -x c -o /dev/null - -lfdt 2>/dev/null && echo 1 || echo 0)
endif
TOOL_FDT_FLAGS := $(if $(filter 1,$(LIBFDT)),-DSTAGE2_LIBFDT)
TOOL_FDT_LIBS := $(if $(filter 1,$(LIBFDT)),-lfdt)

$(B)/tool/%.o: $(TOOL_DIR)/%.c $(TOOL_HEADERS) $(HEADERS) $(TOOL_DIR)/rules.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) -DS2_FORMAT_NONE $(TOOL_FDT_FLAGS) -c -o $@ $<
$(B)/tool/map_fdt-without.o: $(TOOL_DIR)/map_fdt.c $(TOOL_HEADERS) $(HEADERS) $(TOOL_DIR)/rules.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,without libfdt $<)
	$(Q)$(CC) $(HOSTED_CFLAGS) -DS2_FORMAT_NONE -c -o $@ $<

define tool_format_rule
$(B)/tool/$(2)-$(1).o: $(TOOL_DIR)/$(2).c $(TOOL_HEADERS) $(HEADERS) $(TOOL_DIR)/rules.mk Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_$(1)) -c -o $$@ $$<
endef
$(foreach f,$(FORMATS),$(foreach n,$(TOOL_PER_FORMAT),$(eval $(call tool_format_rule,$(f),$(n)))))

$(B)/stage2: $(TOOL_OBJ) $(LIBS) $(HOSTEDLIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOSTED_LDFLAGS) -o $@ $(TOOL_OBJ) $(LIBS) $(HOSTEDLIB) $(TOOL_FDT_LIBS)
# The same without libfdt: what a machine that lacks it gets. For the tests.
$(B)/stage2-without-fdt: $(TOOL_PLAIN_OBJ) $(LIBS) $(HOSTEDLIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOSTED_LDFLAGS) -o $@ $(TOOL_PLAIN_OBJ) $(LIBS) $(HOSTEDLIB)

all: $(B)/stage2

demo: all ## build everything and lay out three real machines in all four formats
	$(Q)$(TOOL_DIR)/demo.sh $(B)/stage2 $(B)/demo $(LIBFDT)
.PHONY: demo
