# SPDX-License-Identifier: GPL-2.0-only
# Other kernels, in virtual machines. KERNELS="sid" picks some: bookworm, bookworm-backports, sid.
KERNELS ?=

.PHONY: check-vm
check-vm: $(PROGRAM) $(TOOLS) $(BUILD)/tests/bpf/test_verifier $(BUILD)/tests/bpf/test_decide $(BPF_NEWEST)
	$(Q)tests/vm/check.sh $(KERNELS)
