# Hardware walkers as judges: bare-metal programs on top of the library, run headless in emulators.
# JUDGE_ADDRESSES=N: addresses to compare per judge; JUDGE_SEED=N: another run of random operations.
JUDGE_ADDRESSES ?= 1000000
JUDGE_SEED ?= 1
# a long run is fifty shorter ones, whose lines in JUDGE_LONG add up; it goes on where it was stopped
JUDGE_LONG ?= $(B)/qemu/long
JUDGE_LONG_ADDRESSES ?= 2000000
JUDGE_LONG_SEEDS ?= $(shell seq 101 150)
judge_long = +$(Q)MAKE='$(MAKE)' sh tests/qemu/tools/long.sh $(1) '$(JUDGE_LONG)' $(JUDGE_LONG_ADDRESSES) $(JUDGE_LONG_SEEDS)
QEMU_BIN := $(B)/qemu/bin
QEMU_STAMP := $(B)/qemu/installed
JUDGE_SRC := $(addprefix tests/qemu/judge/,judge.c judge_ops.c judge_host.c judge_put.c judge_mem.c)
JUDGE_HDR := $(wildcard tests/qemu/judge/*.h)
# as the embedded builds: no libc, nothing that a compiler makes up
JUDGE_CFLAGS := $(STD) $(WARN) -O2 -g -ffreestanding -nostdlib -fno-builtin -fno-stack-protector -fno-pic \
  -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -Iinclude -I.

# $(QEMU_BIN)/qemu-system-... is QEMU of the version the judges are pinned to
$(QEMU_STAMP): tests/qemu/tools/install-qemu.sh tests/qemu/tools/VERSION proofs/tools/next-suite.sh
	@mkdir -p $(@D)
	$(call say,TOOLS,QEMU of tests/qemu/tools/VERSION)
	$(Q)sh tests/qemu/tools/install-qemu.sh --bin >$@.new && rm -f $(QEMU_BIN) && ln -s "$$(cat $@.new)" $(QEMU_BIN) && \
	  mv $@.new $@

check-qemu: ## hardware walkers as judges: QEMU and Bochs against every translation, boots of Linux
judge-long: ## the same comparisons with 10^8 addresses per judge, by hand, resumable
FORCE:
.PHONY: check-qemu judge-long FORCE

-include $(sort $(wildcard tests/qemu/*/rules.mk))
