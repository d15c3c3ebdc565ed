# SPDX-License-Identifier: GPL-2.0-only
# Unit tests: pure modules, built with the sanitizers, run without privileges. Each tests/unit/test_*.c is a program of its own.
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
UNIT_UNDER_TEST := $(patsubst %,$(BUILD)/unit/%.o,parse options render error policy prefix rate vlan link netlink rss_table guest umem xsk xsk_client xsk_fail \
	broker_message broker_packet broker_confine words)
UNIT_CFLAGS = $(USER_CFLAGS) -DVTX_DEBUG_FRAMES -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)
UNIT_LIBS = $(USER_LIBS) $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null || echo -lcmocka)

$(BUILD)/unit/%.o: user/%.c Makefile tests/unit.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/test_%.o: tests/unit/test_%.c Makefile tests/unit.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_TESTS): %: %.o $(UNIT_UNDER_TEST)
	$(call say,LINK,$@)
	$(Q)$(CC) $(UNIT_CFLAGS) $(LDFLAGS) -o $@ $^ $(UNIT_LIBS)

.PHONY: check-unit
check-unit: $(UNIT_TESTS)
	$(Q)tests/lib/cmocka.sh check-unit user $^

.SECONDARY: $(UNIT_TESTS:%=%.o)
-include $(UNIT_TESTS:%=%.d) $(UNIT_UNDER_TEST:.o=.d)
