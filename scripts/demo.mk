# SPDX-License-Identifier: GPL-2.0-only

# The build is a make of its own: what the first line installs was not there when this one
# looked for its tools.
.PHONY: demo
demo:
	$(Q)scripts/deps.sh build demo
	$(Q)$(MAKE) all
	$(Q)VTAPXDP=$(PROGRAM) scripts/demo.sh
