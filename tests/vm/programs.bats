#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# This kernel's verifier, and the decision under it.

load lab

@test "the verifier accepts every program" {
	run in_vm "build/tests/bpf/test_verifier 2>&1"
	echo "$output"
	has "what it says" "$output" "[  PASSED  ] 2 test(s)."
	mkdir -p "$TOP/build/verifier"
	in_vm "cat build/verifier/$KERNEL" >"$TOP/build/verifier/$KERNEL"
	sed 's/^/# verifier: /' "$TOP/build/verifier/$KERNEL" >&3
}

@test "every row of the decision" {
	run in_vm "build/tests/bpf/test_decide 2>&1"
	echo "$output"
	has "what it says" "$output" "[  PASSED  ]"
	has_not "what it says" "$output" "[  FAILED  ]"
}
