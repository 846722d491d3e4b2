# The RISC-V virtual CPU. The Makefile includes this file; it includes the vCPU's proofs and tests.
#   $(B)/libstage2-vcpu.a        hosted: the C parts, with an array for CSRs; the test program brings the assembly
#   $(B)/rv64/libstage2-vcpu.a   freestanding, for HS-mode; $(B)/rv64/libstage2-gst.a beside it
VCPU_DIR := arch/riscv64/vcpu
VCPU_SRC := $(sort $(wildcard $(VCPU_DIR)/*.c))
VCPU_LIB := $(B)/libstage2-vcpu.a
RV64_PREFIX ?= riscv64-linux-gnu-
RV64_LIB := $(B)/rv64/libstage2-vcpu.a $(B)/rv64/libstage2-gst.a
RV64_CFLAGS := $(STD) $(WARN) -O2 -g -ffreestanding -nostdlib -fno-builtin -fno-stack-protector -fno-pic -fno-pie \
  -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
  -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany $(DEF_gst) -Iinclude -I.
RV64_LDFLAGS := -nostdlib -nostartfiles -static -no-pie -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,norelro \
  -Wl,--no-warn-rwx-segments

$(B)/vcpu/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(call say,CC,vcpu $<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_gst) -c -o $@ $<
$(VCPU_LIB): $(VCPU_SRC:%.c=$(B)/vcpu/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/rv64/%.o: %.c $(HEADERS) $(VCPU_DIR)/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,rv64 $<)
	$(Q)$(RV64_PREFIX)gcc $(RV64_CFLAGS) -c -o $@ $<
$(B)/rv64/%.o: %.S $(HEADERS) $(VCPU_DIR)/rules.mk
	@mkdir -p $(@D)
	$(call say,AS,rv64 $<)
	$(Q)$(RV64_PREFIX)gcc $(RV64_CFLAGS) -c -o $@ $<
$(B)/rv64/libstage2-gst.a: $(SRC_gst:%.c=$(B)/rv64/%.o)
$(B)/rv64/libstage2-vcpu.a: $(VCPU_SRC:%.c=$(B)/rv64/%.o) $(B)/rv64/$(VCPU_DIR)/enter.o
$(RV64_LIB):
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(RV64_PREFIX)ar rcs $@ $^

all: $(VCPU_LIB)

# lint: hosted with the core (LINTED_gst), and as the target compiles it
LINTED_gst = $(VCPU_SRC)
lint-tidy-vcpu:
	@RESULTS=$(RESULTS) tests/run.sh lint tidy-vcpu clang-tidy --quiet --warnings-as-errors='*' $(VCPU_SRC) -- \
	  --target=riscv64-linux-gnu -march=rv64imac $(STD) -ffreestanding $(DEF_gst) -Iinclude -I.
lint: lint-tidy-vcpu
.PHONY: lint-tidy-vcpu

# contracts: Frama-C reads them, without a format's bits and without a hart (csr.h)
define vcpu_contract_rules
check-contracts-vcpu-$(1):
	@RESULTS=$$(RESULTS) tests/run.sh contracts vcpu-$(1) tests/contracts/parse.sh $(VCPU_DIR)/$(1).c "$$(FRAMAC_CPP)"
check-contracts: check-contracts-vcpu-$(1)
.PHONY: check-contracts-vcpu-$(1)
endef
$(foreach c,$(VCPU_SRC:$(VCPU_DIR)/%.c=%),$(eval $(call vcpu_contract_rules,$(c))))

# freestanding libraries have a folder of their own: the hosted ones beside them have the same names
install-vcpu: $(RV64_LIB) ## copy the freestanding vCPU and its G-stage library to PREFIX/lib/riscv64 (make install does it)
	$(Q)install -d $(DESTDIR)$(PREFIX)/lib/riscv64
	$(Q)install -m 644 $(RV64_LIB) $(DESTDIR)$(PREFIX)/lib/riscv64/
.PHONY: install-vcpu

# what the library needs is what the headers say; it defines s2_rv_ names only and has no writable data
embed-vcpu: $(RV64_LIB)
	$(Q)RESULTS='$(RESULTS)' sh tests/run.sh embed vcpu sh $(VCPU_DIR)/symbols.sh $(RV64_PREFIX) $(B)/rv64 $(RV64_LIB)
embed-vcpu-installed: all $(RV64_LIB)
	+$(Q)RESULTS='$(RESULTS)' sh tests/run.sh embed vcpu-installed sh tests/embed/installed.sh $(B)/embed/installed \
	  $(RV64_PREFIX) $(MAKE) --no-print-directory CC='$(CC)' B='$(B)'
check-embed: embed-vcpu embed-vcpu-installed
.PHONY: embed-vcpu embed-vcpu-installed

-include proofs/cbmc/vcpu/rules.mk
-include tests/unit/riscv/rules.mk
-include tests/qemu/riscv64/vcpu/rules.mk
-include tests/qemu/riscv64/hv/rules.mk
