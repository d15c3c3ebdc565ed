# SPDX-License-Identifier: GPL-2.0-only
# The benchmark. make bench BENCH="--quick --only tap" passes options on: tests/bench/bench.py --help.
BENCH_BPF := $(patsubst tests/bench/%.bpf.c,%,$(wildcard tests/bench/*.bpf.c))
BENCH_SKELETONS := $(BENCH_BPF:%=$(BUILD)/bench/%.skel.h)
BENCH_SINK := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,$(wildcard tests/bench/sink*.c))
BENCH_SINK := $(filter-out %.bpf.o,$(BENCH_SINK))
BENCH_TOOLS := $(patsubst %,$(BUILD)/bench/%,gen sink cpu bare talk)
BENCH_CFLAGS = $(USER_CFLAGS) -iquote tests/bench
BENCH ?=
CHECK ?=

$(BENCH_BPF:%=$(BUILD)/bench/%.bpf.o): $(BUILD)/bench/%.bpf.o: tests/bench/%.bpf.c Makefile tests/bench.mk
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror -D__TARGET_ARCH_$(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/') \
		-I/usr/include/$(shell uname -m)-linux-gnu -MMD -MP -c -o $@ $<

$(BENCH_SKELETONS): $(BUILD)/bench/%.skel.h: $(BUILD)/bench/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name vtb_$*$(if $(filter cpu,$*),_bpf) > $@.tmp && mv $@.tmp $@

$(BUILD)/bench/%.o: tests/bench/%.c Makefile tests/bench.mk | $(BENCH_SKELETONS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BENCH_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bench/sink: $(BENCH_SINK)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS)

$(filter-out $(BUILD)/bench/sink,$(BENCH_TOOLS)): %: %.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(USER_LIBS) -pthread

.SECONDARY: $(BENCH_BPF:%=$(BUILD)/bench/%.bpf.o) $(BENCH_TOOLS:=.o) $(BENCH_SINK)
-include $(wildcard $(BUILD)/bench/*.d)

.PHONY: bench-tools
bench-tools: $(BENCH_TOOLS)

.PHONY: bench
bench:
	$(Q)scripts/deps.sh build bench
	$(Q)$(MAKE) $(PROGRAM) $(TOOLS) $(BENCH_TOOLS)
	$(Q)VTX_BUILD=$(BUILD) tests/bench/bench.py $(BENCH)

.PHONY: check-bench
check-bench: $(PROGRAM) $(TOOLS) $(BENCH_TOOLS)
	$(Q)VTX_BUILD=$(BUILD) tests/bench/check.py $(CHECK)
