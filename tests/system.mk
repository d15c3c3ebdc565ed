# SPDX-License-Identifier: GPL-2.0-only
# System tests: the built command on real devices, in namespaces of their own. SUITE="frames veth" picks tests by name.
TOOLS_BPF := $(wildcard tests/tools/*.bpf.c)
PRELOADS := fault nic
TOOLS_SRC := $(filter-out $(TOOLS_BPF) $(PRELOADS:%=tests/tools/%.c) tests/tools/badguest.c,$(wildcard tests/tools/*.c))
TOOLS := $(TOOLS_SRC:tests/tools/%.c=$(BUILD)/tests/tools/%) $(TOOLS_BPF:tests/tools/%.bpf.c=$(BUILD)/tests/tools/%.o) \
	$(PRELOADS:%=$(BUILD)/tests/tools/%.so) $(BUILD)/tests/tools/badguest
SUITE ?=
JOBS ?= 3

$(BUILD)/tests/tools/%: tests/tools/%.c Makefile tests/system.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -iquote user -MMD -MP -o $@ $< -pthread

# A guest, that knows the library's inside.
$(BUILD)/tests/tools/badguest: tests/tools/badguest.c $(GUEST_A) Makefile tests/system.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -Iinclude -iquote user -MMD -MP -o $@ $< $(GUEST_A) -pthread

$(BUILD)/tests/tools/%.o: tests/tools/%.bpf.c Makefile tests/system.mk
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g -target bpf -Wall -Wextra -Werror -I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<

$(BUILD)/tests/tools/%.so: tests/tools/%.c Makefile tests/system.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) $(CFLAGS) -shared -fPIC -o $@ $<

-include $(TOOLS_SRC:tests/tools/%.c=$(BUILD)/tests/tools/%.d) $(BUILD)/tests/tools/badguest.d

.PHONY: tools
tools: $(TOOLS)

.PHONY: check-system
check-system: $(PROGRAM) $(TOOLS)
	$(Q)tests/lib/suite.sh -j $(JOBS) $(SUITE)

.PHONY: check
check:
	$(Q)scripts/deps.sh build test lint demo
	$(Q)scripts/check.sh
