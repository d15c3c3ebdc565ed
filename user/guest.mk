# SPDX-License-Identifier: GPL-2.0-only
# The guest library: static, shared, and what pkg-config says of it. It needs nothing but libc; the command uses it as any other program does.
GUEST_MODULES := guest umem xsk xsk_client xsk_fail xsk_open xsk_tell
GUEST_OBJ := $(GUEST_MODULES:%=$(BUILD)/guest/%.o)
GUEST_ABI := 0
GUEST_A := $(BUILD)/libvtapxdp-guest.a
GUEST_SO := $(BUILD)/libvtapxdp-guest.so.$(VERSION)
GUEST_SO_LINKS := $(BUILD)/libvtapxdp-guest.so $(BUILD)/libvtapxdp-guest.so.$(GUEST_ABI)
GUEST_PC := $(BUILD)/libvtapxdp-guest.pc
LIBDIR ?= $(PREFIX)/lib
AR ?= ar

$(BUILD)/guest/%.o: user/%.c Makefile user/guest.mk
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fPIC -Iinclude -iquote user -MMD -MP -c -o $@ $<

$(GUEST_A): $(GUEST_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(GUEST_SO): $(GUEST_OBJ) user/guest.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libvtapxdp-guest.so.$(GUEST_ABI) -Wl,--version-script=user/guest.map \
		-Wl,-z,defs -o $@ $(GUEST_OBJ) -pthread

$(GUEST_SO_LINKS): $(GUEST_SO)
	$(Q)ln -sf $(<F) $@

# With the directories that it is installed into; whoever builds against the build directory gives --define-variable.
$(GUEST_PC): user/guest.mk Makefile FORCE
	@mkdir -p $(@D)
	$(Q){ echo 'prefix=$(PREFIX)'; echo 'libdir=$(LIBDIR)'; echo 'includedir=$(INCLUDEDIR)'; echo; \
		echo 'Name: libvtapxdp-guest'; echo 'Description: Guests of vtapxdp: frames through AF_XDP, without copying'; \
		echo 'Version: $(VERSION)'; echo 'Cflags: -I$${includedir}'; echo 'Libs: -L$${libdir} -lvtapxdp-guest'; \
		echo 'Libs.private: -pthread'; } > $@.tmp
	$(Q)cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

.PHONY: FORCE
FORCE:

.PHONY: guest-library
guest-library: $(GUEST_A) $(GUEST_SO) $(GUEST_SO_LINKS) $(GUEST_PC)

.PHONY: install-guest
install-guest: guest-library
	install -D -m 0644 include/vtapxdp/guest.h $(DESTDIR)$(INCLUDEDIR)/vtapxdp/guest.h
	install -D -m 0644 $(GUEST_A) $(DESTDIR)$(LIBDIR)/$(notdir $(GUEST_A))
	install -D -m 0755 $(GUEST_SO) $(DESTDIR)$(LIBDIR)/$(notdir $(GUEST_SO))
	ln -sf $(notdir $(GUEST_SO)) $(DESTDIR)$(LIBDIR)/libvtapxdp-guest.so.$(GUEST_ABI)
	ln -sf libvtapxdp-guest.so.$(GUEST_ABI) $(DESTDIR)$(LIBDIR)/libvtapxdp-guest.so
	install -D -m 0644 $(GUEST_PC) $(DESTDIR)$(LIBDIR)/pkgconfig/$(notdir $(GUEST_PC))

-include $(GUEST_OBJ:.o=.d)
