# SPDX-License-Identifier: GPL-2.0-only
VERSION := 0.1.0
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
INCLUDEDIR ?= $(PREFIX)/include
CC ?= gcc
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
BUILD ?= build
V ?= 0

ifeq ($(V),1)
Q :=
say =
else
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
MAKEFLAGS += --no-print-directory
endif

# Where packages are not installed yet (make demo and make check install them), pkg-config has nothing to say.
PKGS := libbpf libxdp libnl-3.0 libnl-genl-3.0 libnl-route-3.0 json-c libcap-ng libseccomp
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror
USER_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Iinclude -iquote user -I$(BUILD) -DVTX_VERSION='"$(VERSION)"' \
	$(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
USER_LIBS = $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Werror -D__TARGET_ARCH_$(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/') \
	-Iinclude -I. -Ibpf

.PHONY: all
all:

include user/guest.mk

USER_SRC := $(filter-out $(GUEST_MODULES:%=user/%.c),$(wildcard user/*.c))
USER_OBJ := $(USER_SRC:%.c=$(BUILD)/%.o)
BPF_SRC := $(wildcard bpf/*.bpf.c)
SKELETONS := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.skel.h)
PROGRAM := $(BUILD)/vtapxdp

all: $(PROGRAM) guest-library

$(PROGRAM): $(USER_OBJ) $(GUEST_A)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS) -pthread

# Skeletons first: the dependency files that name them exist only after the first build.
$(BUILD)/user/%.o: user/%.c Makefile | $(SKELETONS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bpf/%.o: bpf/%.bpf.c Makefile
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name vtx_$* > $@.tmp 2> $@.log || { cat $@.log >&2; exit 1; }
	$(Q)mv $@.tmp $@

-include $(USER_OBJ:.o=.d) $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.d)

.PHONY: vmlinux
vmlinux:
	$(Q)scripts/vmlinux-h.py > vmlinux.h.tmp && mv vmlinux.h.tmp vmlinux.h

.PHONY: install
install: $(PROGRAM) install-guest
	install -D -m 0755 $(PROGRAM) $(DESTDIR)$(SBINDIR)/vtapxdp
	install -D -m 0644 include/vtapxdp/abi.h $(DESTDIR)$(INCLUDEDIR)/vtapxdp/abi.h

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)

# Objects that skeletons are made of are worth keeping: bpftool and tests load them.
.SECONDARY: $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.o)

-include tests/tests.mk scripts/demo.mk
