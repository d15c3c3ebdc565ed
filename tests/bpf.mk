# SPDX-License-Identifier: GPL-2.0-only
# BPF tests: the decision and the programs, one frame at a time by BPF_PROG_TEST_RUN. As root; nothing is attached anywhere.
BPF_TESTS := $(BUILD)/tests/bpf/test_decide $(BUILD)/tests/bpf/test_programs
BPF_TEST_SKELETON := $(BUILD)/tests/bpf/test_decide.skel.h

$(BUILD)/tests/bpf/decide.o: tests/bpf/decide.bpf.c Makefile
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(BPF_TEST_SKELETON): $(BUILD)/tests/bpf/decide.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name vtx_test_decide > $@.tmp && mv $@.tmp $@

$(BPF_TESTS): $(BUILD)/tests/bpf/%: tests/bpf/%.c $(BPF_TEST_SKELETON) $(SKELETONS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -o $@ $< $(USER_LIBS) -lcmocka

.PHONY: check-bpf
check-bpf: $(BPF_TESTS)
	$(Q)tests/lib/cmocka.sh check-bpf root $(BPF_TESTS)

.SECONDARY: $(BUILD)/tests/bpf/decide.o
-include $(BUILD)/tests/bpf/decide.d $(BPF_TESTS:=.d)
