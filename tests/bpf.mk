# SPDX-License-Identifier: GPL-2.0-only
# BPF tests: the decision and the programs, one frame at a time by BPF_PROG_TEST_RUN. As root; nothing is attached anywhere.
BPF_TESTS := $(patsubst tests/bpf/%.c,$(BUILD)/tests/bpf/%,$(wildcard tests/bpf/test_*.c))
BPF_TEST_PARTS := $(patsubst tests/bpf/%.bpf.c,%,$(wildcard tests/bpf/*.bpf.c))
BPF_TEST_SKELETONS := $(BPF_TEST_PARTS:%=$(BUILD)/tests/bpf/test_%.skel.h)

$(BPF_TEST_PARTS:%=$(BUILD)/tests/bpf/%.o): $(BUILD)/tests/bpf/%.o: tests/bpf/%.bpf.c Makefile
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

# The newest clang that is installed: its code has to pass the verifier, too.
CLANG_NEWEST ?= $(lastword $(CLANG) $(sort $(wildcard /usr/bin/clang-[12][0-9])))
BPF_NEWEST := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/newest/%.o)

$(BPF_NEWEST): $(BUILD)/newest/%.o: bpf/%.bpf.c Makefile tests/bpf.mk
	$(call say,NEWEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG_NEWEST) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(BPF_TEST_SKELETONS): $(BUILD)/tests/bpf/test_%.skel.h: $(BUILD)/tests/bpf/%.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name vtx_test_$* > $@.tmp && mv $@.tmp $@

$(BPF_TESTS): $(BUILD)/tests/bpf/%: tests/bpf/%.c $(BPF_TEST_SKELETONS) $(SKELETONS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -DVTX_BUILD='"$(BUILD)"' -MMD -MP -o $@ $< $(USER_LIBS) -lcmocka

.PHONY: check-bpf
check-bpf: $(BPF_TESTS) $(BPF_NEWEST)
	$(Q)tests/lib/cmocka.sh check-bpf root $(BPF_TESTS)

.SECONDARY: $(BPF_TEST_PARTS:%=$(BUILD)/tests/bpf/%.o)
-include $(BPF_NEWEST:.o=.d) $(BPF_TEST_PARTS:%=$(BUILD)/tests/bpf/%.d) $(BPF_TESTS:=.d)
