# SPDX-License-Identifier: GPL-2.0-only
# clang-tidy reads code as the compiler does, hence the flags, and the skeletons: copies, marked as none of its business, since bpftool made them.
LINT_SKELETONS := $(SKELETONS:$(BUILD)/%=$(BUILD)/lint/%)

$(LINT_SKELETONS): $(BUILD)/lint/%: $(BUILD)/%
	@mkdir -p $(@D)
	$(Q){ echo '/* NOLINTBEGIN */'; cat $<; echo '/* NOLINTEND */'; } > $@.tmp && mv $@.tmp $@

.PHONY: lint
lint: $(LINT_SKELETONS)
	$(Q)scripts/lint.sh $(patsubst -I$(BUILD),-I$(BUILD)/lint,$(USER_CFLAGS))

# What is printed from the conformance tests' table. Lint says when it is not up to date.
.PHONY: docs
docs:
	$(Q)tests/conformance/document.py > docs/modes.md.tmp && mv docs/modes.md.tmp docs/modes.md
