# libstage2 - see `make help`. Directories bring their own rules in rules.mk.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := all

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')

CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
AR ?= ar
OBJCOPY ?= objcopy
CCNAME := $(notdir $(firstword $(CC)))
# Where everything built goes; one folder per compiler so that gcc and clang do not mix.
B ?= build/$(CCNAME)
# Where every check leaves its line: kind/name -> "passed failed seconds"
RESULTS ?= build/results

WARN := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wcast-qual \
  -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef -Wswitch-enum -Wvla -Wwrite-strings \
  -Wno-unused-function
STD := -std=c11
OPT ?= -O2 -g
HOSTED_CFLAGS := $(STD) $(WARN) $(OPT) -DS2_HOSTED -Iinclude -I.
# SAN=1 builds everything with address and undefined-behaviour sanitizers, in its own folder.
ifeq ($(SAN),1)
B := $(B)-san
HOSTED_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOSTED_LDFLAGS += -fsanitize=address,undefined
endif
# COV=1 builds for line and branch coverage.
ifeq ($(COV),1)
B := $(B)-cov
HOSTED_CFLAGS += --coverage -O0
HOSTED_LDFLAGS += --coverage
endif
HOSTED_CFLAGS += $(EXTRA_CFLAGS)

FORMATS := ept npt a64 gst
DEF_ept := -DS2_FORMAT_EPT
DEF_npt := -DS2_FORMAT_NPT
DEF_a64 := -DS2_FORMAT_A64
DEF_gst := -DS2_FORMAT_GST
ARCH_ept := arch/x86_64/ept
ARCH_npt := arch/x86_64/npt
ARCH_a64 := arch/aarch64/stage2
ARCH_gst := arch/riscv64/gstage

CORE_SRC := $(sort $(wildcard src/*.c))
HOSTED_SRC := $(sort $(wildcard arch/hosted/*.c))
HEADERS := $(wildcard include/stage2/*.h src/*.h arch/*.h arch/*/*.h arch/*/*/*.h)

LIBS := $(FORMATS:%=$(B)/libstage2-%.a)
HOSTEDLIB := $(B)/libstage2-hosted.a

all: $(LIBS) $(HOSTEDLIB) ## build the four libraries (hosted) and the tool

# one library per format from the same sources
define format_rules
SRC_$(1) := $(CORE_SRC) $(ARCH_$(1))/control.c $(ARCH_$(1))/flush.c
OBJ_$(1) := $$(SRC_$(1):%.c=$(B)/$(1)/%.o)
$(B)/$(1)/%.o: %.c $(HEADERS) Makefile
	@mkdir -p $$(@D)
	$$(call say,CC,$(1) $$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) $(DEF_$(1)) -c -o $$@ $$<
$(B)/libstage2-$(1).a: $$(OBJ_$(1))
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach f,$(FORMATS),$(eval $(call format_rules,$(f))))

$(B)/hosted/%.o: arch/hosted/%.c $(HEADERS) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(HOSTED_CFLAGS) -DS2_FORMAT_NONE -c -o $@ $<
$(HOSTEDLIB): $(HOSTED_SRC:arch/hosted/%.c=$(B)/hosted/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

-include src/tool/rules.mk
-include $(sort $(wildcard tests/*/rules.mk))
-include proofs/rules.mk
-include arch/riscv64/vcpu/rules.mk

tools: ## install what the checks need and this machine lacks
	@sh tests/tools.sh
check: ## install what is missing, then build with gcc and clang and pass every test and proof
	@+sh tests/tools.sh && MAKE="$(MAKE)" sh tests/check.sh
status: ## one line per kind of evidence, from the last results
	@sh tests/status.sh

PREFIX ?= /usr/local
# headers find each other from $(PREFIX)/include alone
install: all ## copy headers, libraries and the tool to PREFIX (DESTDIR is honoured)
	$(Q)install -d $(DESTDIR)$(PREFIX)/include/stage2 $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/bin
	$(Q)install -m 644 include/stage2/*.h $(DESTDIR)$(PREFIX)/include/stage2/
	$(Q)for h in arch/*.h $(foreach f,$(FORMATS),$(ARCH_$(f))/entry.h $(ARCH_$(f))/geometry.h); do \
	    install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/stage2/$$h; done
	$(Q)sed -i 's,#include "arch/,#include "../../,' $(foreach f,$(FORMATS),$(DESTDIR)$(PREFIX)/include/stage2/$(ARCH_$(f))/geometry.h)
	$(Q)install -m 644 $(LIBS) $(DESTDIR)$(PREFIX)/lib/
	$(Q)install -m 755 $(B)/stage2 $(DESTDIR)$(PREFIX)/bin/
	+$(Q)if command -v $(RV64_PREFIX)gcc >/dev/null; then $(MAKE) --no-print-directory install-vcpu; fi

help: ## this list
	@printf 'libstage2: make TARGET [CC=gcc|clang] [SAN=1] [COV=1] [V=1]\n\n'
	@grep -hE '^[a-z-]+:.*## ' Makefile $(wildcard src/tool/rules.mk tests/*/rules.mk proofs/rules.mk proofs/*/rules.mk proofs/cbmc/vcpu/rules.mk arch/*/*/rules.mk tests/qemu/*/rules.mk tests/qemu/*/*/*.mk) | \
	  sed -E 's/^([a-z-]+):.*## /\1\t/' | sort -u | awk -F'\t' '{printf "  %-16s %s\n", $$1, $$2}'

clean: ## remove everything built
	rm -rf build
.PHONY: all tools check status install help clean
