/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for the guard's tests. A row says what is unusual about its frame; all else is as the port's honest guest would send it. */
#ifndef VTX_TEST_GUARD_FRAMES_H
#define VTX_TEST_GUARD_FRAMES_H

#include "frames.h"

static const uint8_t own[] = {0x52, 0x54, 0, 0, 0, 1}, second[] = {0x52, 0x54, 0, 0, 0, 3}, theirs[] = {0x52, 0x54, 0, 0, 0, 2};
static const uint8_t nobody[6], stranger[] = {2, 0, 0, 0, 0, 0x99};

#define OWN4 "192.0.2.1"
#define OWN6 "2001:db8::1"
#define OWN_LL "fe80::5054:ff:fe00:1"
#define SECOND_LL "fe80::5054:ff:fe00:3"
#define THEIR_LL "fe80::5054:ff:fe00:2"
#define SOLICITED "ff02::1:ff00:1"

enum kind { OTHER, ARP, RARP, IPV4, UDP4, IPV6, UDP6, ICMP6 };
enum { RS = 133, RADV, NS, NA, REDIRECT };

struct row {
	const char *name;
	uint32_t flags; /* beside VTX_T_GUARD */
	enum vtx_reason reason;
	enum kind kind;
	const uint8_t *dst; /* of the frame */
	uint16_t ethertype; /* OTHER */
	const uint8_t *mac; /* claimed by ARP, an ND option or DHCP */
	const char *src, *to, *target; /* IP addresses; src is also the ARP sender's */
	uint16_t op; /* ARP's, BOOTP's; the type of ICMP, IGMP, ICMPv6, DHCPv6 */
	uint16_t htype, ptype;
	uint8_t hlen, plen;
	uint16_t sport, dport;
	const char *giaddr;
	uint16_t fragment; /* IPv4: flags and offset. IPv6: offset * 8 and more */
	uint8_t version, words; /* of the IP header */
	uint8_t proto; /* IPV4, IPV6 */
	uint8_t hop;
	uint8_t exts[10]; /* IPv6 extension headers, ended by 0; HBH is 0 */
	uint8_t units; /* the length of each */
	uint8_t option; /* ND: type; 0: none */
	uint8_t option_units, options; /* its length; how many */
	uint16_t length; /* what the IP header says, where it lies */
	uint16_t cut; /* bytes that are missing at the end */
};

#define HBH 0xff /* 0 ends the list */
#define HEX(name) ((const uint8_t *)(name))

static inline void put_zero(struct frame *f, uint32_t n)
{
	memset(f->bytes + f->len, 0, n);
	f->len += n;
}

static inline void put8(struct frame *f, unsigned int value)
{
	f->bytes[f->len++] = (uint8_t)value;
}

static inline void put_ip(struct frame *f, const char *text)
{
	uint8_t addr[16];
	int v6 = !!strchr(text, ':');

	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, addr), 1);
	frame_put(f, addr, v6 ? 16 : 4);
}

static inline void put_arp(struct frame *f, const struct row *r)
{
	frame_put16(f, r->htype ? r->htype : 1);
	frame_put16(f, r->ptype ? r->ptype : 0x0800);
	put8(f, r->hlen ? r->hlen : 6);
	put8(f, r->plen ? r->plen : 4);
	frame_put16(f, r->op ? r->op : 1);
	frame_put(f, r->mac ? r->mac : own, 6);
	put_ip(f, r->src ? r->src : OWN4);
	put_zero(f, 6);
	put_ip(f, "192.0.2.9");
}

static inline void put_udp(struct frame *f, const struct row *r)
{
	frame_put16(f, r->sport ? r->sport : 1000);
	frame_put16(f, r->dport ? r->dport : 1001);
	frame_put16(f, 8 + 300);
	frame_put16(f, 0x1234);
}

static inline void put_bootp(struct frame *f, const struct row *r)
{
	put8(f, r->op ? r->op : 1);
	put8(f, r->htype ? r->htype : 1);
	put8(f, r->hlen ? r->hlen : 6);
	put_zero(f, 21);
	put_ip(f, r->giaddr ? r->giaddr : "0.0.0.0");
	frame_put(f, r->mac ? r->mac : own, 6);
	put_zero(f, 300 - 34);
}

static inline void put_ipv4(struct frame *f, const struct row *r)
{
	uint8_t words = r->words ? r->words : 5;

	put8(f, (r->version ? r->version : 4) << 4 | words);
	put8(f, 0);
	frame_put16(f, r->length ? r->length : words * 4 + (r->kind == UDP4 ? 308 : 20));
	frame_put16(f, 0x77);
	frame_put16(f, r->fragment);
	put8(f, 64);
	put8(f, r->kind == UDP4 ? 17 : r->proto ? r->proto : 6);
	frame_put16(f, 0);
	put_ip(f, r->src ? r->src : OWN4);
	put_ip(f, "203.0.113.1");
	if (words > 5)
		put_zero(f, (words - 5) * 4);
	if (r->kind == UDP4) {
		put_udp(f, r);
		put_bootp(f, r);
	} else {
		put8(f, r->op);
		put_zero(f, 19);
	}
}

static inline uint8_t upper(const struct row *r)
{
	if (r->kind == IPV6)
		return r->proto ? r->proto : 6;
	return r->kind == UDP6 ? 17 : 58;
}

/* The first header of @exts, or what follows them. */
static inline uint8_t next_header(const struct row *r, const uint8_t *exts)
{
	return !*exts ? upper(r) : *exts == HBH ? 0 : *exts;
}

static inline void put_extensions(struct frame *f, const struct row *r)
{
	for (const uint8_t *ext = r->exts; *ext; ext++) {
		put8(f, next_header(r, ext + 1));
		if (*ext == 44) {
			put8(f, 0);
			frame_put16(f, r->fragment);
			put_zero(f, 4);
			continue;
		}
		put8(f, r->units);
		put_zero(f, (*ext == 51 ? (r->units + 2) * 4 : (r->units + 1) * 8) - 2);
	}
}

static inline void put_option(struct frame *f, const struct row *r)
{
	uint8_t units = r->option_units ? r->option_units & 0x7f : 1;

	put8(f, r->option);
	put8(f, units);
	frame_put(f, r->mac ? r->mac : own, 6);
	if (units)
		put_zero(f, (units - 1) * 8);
}

static inline void put_icmpv6(struct frame *f, const struct row *r)
{
	put8(f, r->op);
	put_zero(f, r->op == RADV ? 15 : 7);
	if (r->op == NS || r->op == NA || r->op == REDIRECT || r->op == 131 || r->op == 132)
		put_ip(f, r->target ? r->target : OWN6);
	if (r->op == REDIRECT)
		put_zero(f, 16);
	for (int i = 0; r->option && i < (r->options ? r->options : 1); i++)
		put_option(f, r);
}

static inline void put_ipv6(struct frame *f, const struct row *r)
{
	uint32_t at = f->len;
	uint16_t length;

	put8(f, (r->version ? r->version : 6) << 4);
	put_zero(f, 5);
	put8(f, next_header(r, r->exts));
	put8(f, r->hop ? r->hop : 255);
	put_ip(f, r->src ? r->src : OWN6);
	put_ip(f, r->to ? r->to : "2001:db8::9");
	put_extensions(f, r);
	if (r->kind == ICMP6) {
		put_icmpv6(f, r);
	} else if (r->kind == UDP6) {
		put_udp(f, r);
		put8(f, r->op);
		put_zero(f, 299);
	} else {
		put_zero(f, 20);
	}
	length = htons(r->length ? r->length : f->len - at - 40);
	memcpy(f->bytes + at + 4, r->length == 0xffff ? (void *)"\0" : (void *)&length, 2);
}

static inline void build(struct frame *f, const struct row *r, int tags)
{
	static const uint16_t ethertypes[] = {
		[ARP] = 0x0806, [RARP] = 0x8035, [IPV4] = 0x0800, [UDP4] = 0x0800, [IPV6] = 0x86dd, [UDP6] = 0x86dd, [ICMP6] = 0x86dd};

	frame_begin(f, r->dst ? r->dst : stranger, own, tags, r->kind == OTHER ? r->ethertype : ethertypes[r->kind]);
	if (r->kind == ARP || r->kind == RARP)
		put_arp(f, r);
	else if (r->kind == IPV4 || r->kind == UDP4)
		put_ipv4(f, r);
	else if (r->kind != OTHER)
		put_ipv6(f, r);
	else
		put_zero(f, 46);
	f->len -= r->cut;
}

#endif
