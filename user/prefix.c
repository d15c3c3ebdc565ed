// SPDX-License-Identifier: GPL-2.0-only
#include "prefix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "parse.h"

#define V4_BITS 96 /* before an IPv4 address in ::ffff:a.b.c.d */

static bool read_address(const char *text, struct in6_addr *addr, bool *v4)
{
	struct in_addr in;

	*v4 = inet_pton(AF_INET, text, &in) == 1;
	if (!*v4)
		return inet_pton(AF_INET6, text, addr) == 1;
	*addr = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(addr->s6_addr + 12, &in, sizeof(in));
	return true;
}

static void make_mask(__u32 bits, __u8 mask[16])
{
	memset(mask, 0, 16);
	for (__u32 i = 0; i < bits; i++)
		mask[i / 8] |= 0x80 >> (i % 8);
}

/* A guest can't have it for its own. */
static bool is_nobodys(const struct in6_addr *addr, bool v4)
{
	__u32 host = ntohl(addr->s6_addr32[3]);

	if (v4)
		return IN_MULTICAST(host) || host == INADDR_BROADCAST;
	return IN6_IS_ADDR_MULTICAST(addr) || IN6_IS_ADDR_V4MAPPED(addr);
}

static int check(const char *text, const char *what, const struct in6_addr *addr, bool v4, __u32 bits, const __u8 mask[16])
{
	static const __u8 none[10];

	if (is_nobodys(addr, v4))
		return vtx_error(-EINVAL, "%s: %.64s can't be a guest's own address: give a unicast one, IPv4 as 192.0.2.1", what, text);
	if (bits == 128 && !addr->s6_addr32[3] && (v4 || IN6_IS_ADDR_UNSPECIFIED(addr)))
		return vtx_error(-EINVAL, "%s: %.64s is no address that a guest could have: give the guest's own, or none", what, text);
	for (int i = 0; i < 16; i++)
		if (addr->s6_addr[i] & ~mask[i])
			return vtx_error(-EINVAL, "%s: %.64s has bits beyond its length: write the address alone, or the network's first",
					 what, text);
	if (!v4 && bits <= 80 && !memcmp(addr, none, sizeof(none)))
		return vtx_error(-EINVAL, "%s: %.64s takes in the IPv4-mapped addresses, and so all of IPv4: give a longer prefix", what,
				 text);
	return 0;
}

int vtx_parse_prefix(const char *text, const char *what, struct vtx_prefix *prefix)
{
	char address[VTX_PREFIX_TEXT];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct in6_addr addr;
	__u8 mask[16];
	__u32 bits;
	bool v4;
	int err = 0;

	snprintf(address, sizeof(address), "%.*s", (int)(len < sizeof(address) ? len : sizeof(address) - 1), text);
	if (len >= sizeof(address) || !read_address(address, &addr, &v4))
		return vtx_error(-EINVAL,
				 "%s: '%.64s' is no IP address; write one as 192.0.2.5, 192.0.2.0/24, 2001:db8::5 or 2001:db8::/64", what,
				 text);
	bits = v4 ? 32 : 128;
	if (slash)
		err = vtx_parse_u32(slash + 1, what, 0, bits, &bits);
	if (err)
		return err;
	bits += v4 ? V4_BITS : 0;
	make_mask(bits, mask);
	err = check(text, what, &addr, v4, bits, mask);
	if (err)
		return err;
	memcpy(prefix->addr, &addr, sizeof(prefix->addr));
	memcpy(prefix->mask, mask, sizeof(prefix->mask));
	return 0;
}

static int count_bits(const struct vtx_prefix *prefix)
{
	int bits = 0;

	for (int i = 0; i < 4; i++)
		bits += __builtin_popcount(prefix->mask[i]);
	return bits;
}

bool vtx_prefix_is_address(const struct vtx_prefix *prefix)
{
	return count_bits(prefix) == 128;
}

void vtx_format_ip(const __u8 addr[16], char text[VTX_PREFIX_TEXT])
{
	struct in6_addr in;

	memcpy(&in, addr, sizeof(in));
	if (IN6_IS_ADDR_V4MAPPED(&in))
		inet_ntop(AF_INET, addr + 12, text, VTX_PREFIX_TEXT);
	else
		inet_ntop(AF_INET6, addr, text, VTX_PREFIX_TEXT);
}

void vtx_format_prefix(const struct vtx_prefix *prefix, char text[VTX_PREFIX_TEXT])
{
	int bits = count_bits(prefix);
	struct in6_addr in;
	size_t len;

	memcpy(&in, prefix->addr, sizeof(in));
	vtx_format_ip(in.s6_addr, text);
	len = strlen(text);
	if (bits < 128)
		snprintf(text + len, VTX_PREFIX_TEXT - len, "/%d", IN6_IS_ADDR_V4MAPPED(&in) ? bits - V4_BITS : bits);
}
