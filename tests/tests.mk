# SPDX-License-Identifier: GPL-2.0-only
-include tests/unit.mk tests/bpf.mk tests/system.mk tests/bench.mk tests/vm.mk tests/lint.mk
