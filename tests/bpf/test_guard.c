// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every rule of the guard: what breaks it is dropped under its own reason, by both carriers, with no VLAN tag, one and two; and the honest
 * frame beside it passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "guard_frames.h"
#include "tests/bpf/test_guard.skel.h"

#define PORT 1
#define OTHER_PORT 2
#define LOCK VTX_T_LOCK_IP
#define DHCP VTX_T_ALLOW_DHCP
#define RA VTX_T_ALLOW_RA
#define CONTROL VTX_T_ALLOW_CONTROL
#define QUERY VTX_T_ALLOW_QUERY

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what a row doesn't say is honest */
static const struct row rows[] = {
	/* Link control */
	{"experimental EtherType", LOCK, VTX_R_NONE, OTHER, .ethertype = 0x88b5},
	{"STP", 0, VTX_R_CONTROL, OTHER, .dst = HEX("\x01\x80\xc2\0\0\0"), .ethertype = 38},
	{"STP, allowed", CONTROL, VTX_R_NONE, OTHER, .dst = HEX("\x01\x80\xc2\0\0\0"), .ethertype = 38},
	{"LLDP", 0, VTX_R_CONTROL, OTHER, .dst = HEX("\x01\x80\xc2\0\0\x0e"), .ethertype = 0x88cc},
	{"the last of the link-local groups", 0, VTX_R_CONTROL, OTHER, .dst = HEX("\x01\x80\xc2\0\0\x0f"), .ethertype = 0x88b5},
	{"the group behind them", 0, VTX_R_NONE, OTHER, .dst = HEX("\x01\x80\xc2\0\0\x10"), .ethertype = 0x88b5},
	{"IPv4 to a link-local group", 0, VTX_R_CONTROL, IPV4, .dst = HEX("\x01\x80\xc2\0\0\x01")},
	{"pause", 0, VTX_R_CONTROL, OTHER, .ethertype = 0x8808},
	{"pause, allowed", CONTROL, VTX_R_NONE, OTHER, .ethertype = 0x8808},
	{"LACP to unicast", 0, VTX_R_CONTROL, OTHER, .ethertype = 0x8809},
	{"PVST+", 0, VTX_R_CONTROL, OTHER, .dst = HEX("\x01\x00\x0c\xcc\xcc\xcd"), .ethertype = 50},
	{"DTP, VTP, CDP", 0, VTX_R_CONTROL, OTHER, .dst = HEX("\x01\x00\x0c\xcc\xcc\xcc"), .ethertype = 50},
	{"PVST+, allowed", CONTROL, VTX_R_NONE, OTHER, .dst = HEX("\x01\x00\x0c\xcc\xcc\xcd"), .ethertype = 50},
	{"another Cisco group", 0, VTX_R_NONE, OTHER, .dst = HEX("\x01\x00\x0c\xcc\xcc\xce"), .ethertype = 50},
	{"an old tag's TPID", 0, VTX_R_HIDDEN, OTHER, .ethertype = 0x9100},
	{"MPLS", LOCK, VTX_R_NONE, OTHER, .ethertype = 0x8847},

	/* ARP */
	{"ARP request", 0, VTX_R_NONE, ARP, .src = "203.0.113.9"},
	{"ARP request, locked", LOCK, VTX_R_NONE, ARP},
	{"ARP by the second address", LOCK, VTX_R_NONE, ARP, .mac = second},
	{"ARP for another's hardware address", 0, VTX_R_SPOOF_ARP, ARP, .mac = theirs},
	{"ARP for a stranger's", 0, VTX_R_SPOOF_ARP, ARP, .mac = stranger},
	{"ARP for nobody's", 0, VTX_R_SPOOF_ARP, ARP, .mac = nobody},
	{"ARP reply for another's", 0, VTX_R_SPOOF_ARP, ARP, .mac = theirs, .op = 2},
	{"ARP reply", LOCK, VTX_R_NONE, ARP, .op = 2},
	{"ARP for another's IP address", LOCK, VTX_R_SPOOF_ARP, ARP, .src = "192.0.2.2"},
	{"gratuitous reply for another's", LOCK, VTX_R_SPOOF_ARP, ARP, .src = "192.0.2.2", .op = 2},
	{"ARP probe", LOCK, VTX_R_NONE, ARP, .src = "0.0.0.0"},
	{"a probe that is a reply", LOCK, VTX_R_SPOOF_ARP, ARP, .src = "0.0.0.0", .op = 2},
	{"ARP within a listed prefix", LOCK, VTX_R_NONE, ARP, .src = "198.51.100.77"},
	{"ARP beyond it", LOCK, VTX_R_SPOOF_ARP, ARP, .src = "198.51.101.77"},
	{"ARP, hardware type IEEE 802", LOCK, VTX_R_NONE, ARP, .htype = 6},
	{"the same for another's", LOCK, VTX_R_SPOOF_ARP, ARP, .htype = 6, .src = "192.0.2.2"},
	{"ARP, hardware type unknown", LOCK, VTX_R_SPOOF_ARP, ARP, .htype = 7},
	{"the same, not locked", 0, VTX_R_NONE, ARP, .htype = 7},
	{"ARP for another protocol", LOCK, VTX_R_SPOOF_ARP, ARP, .ptype = 0x809b},
	{"the same, not locked", 0, VTX_R_NONE, ARP, .ptype = 0x809b},
	{"ARP, long protocol address", LOCK, VTX_R_SPOOF_ARP, ARP, .plen = 16},
	{"ARP, short hardware address", 0, VTX_R_SPOOF_ARP, ARP, .hlen = 5},
	{"ARP, long hardware address", 0, VTX_R_SPOOF_ARP, ARP, .hlen = 8},
	{"ARP, cut", 0, VTX_R_HIDDEN, ARP, .cut = 1},
	{"RARP announcement", LOCK, VTX_R_NONE, RARP, .src = "0.0.0.0", .op = 3},
	{"RARP announcement of another's", 0, VTX_R_SPOOF_ARP, RARP, .mac = theirs, .src = "0.0.0.0", .op = 3},
	{"RARP with another's IP address", LOCK, VTX_R_SPOOF_ARP, RARP, .src = "192.0.2.2", .op = 3},
	{"RARP server", 0, VTX_R_ROGUE_DHCP, RARP, .op = 4},
	{"RARP server, allowed", DHCP | LOCK, VTX_R_NONE, RARP, .op = 4},

	/* IPv4 sources */
	{"IPv4", LOCK, VTX_R_NONE, IPV4},
	{"IPv4, another's source", LOCK, VTX_R_SPOOF_IPV4, IPV4, .src = "192.0.2.2"},
	{"IPv4, another's, not locked", 0, VTX_R_NONE, IPV4, .src = "192.0.2.2"},
	{"IPv4 in a prefix", LOCK, VTX_R_NONE, IPV4, .src = "198.51.100.255"},
	{"IPv4 beside it", LOCK, VTX_R_SPOOF_IPV4, IPV4, .src = "198.51.99.255"},
	{"IPv4 from nowhere", LOCK, VTX_R_SPOOF_IPV4, IPV4, .src = "0.0.0.0"},
	{"IPv4 UDP from nowhere", LOCK, VTX_R_SPOOF_IPV4, UDP4, .src = "0.0.0.0", .dport = 53},
	{"IPv4 UDP from nowhere and no client's port", LOCK, VTX_R_SPOOF_IPV4, UDP4, .src = "0.0.0.0", .sport = 1068, .dport = 67},
	{"DHCP client without address", LOCK, VTX_R_NONE, UDP4, .src = "0.0.0.0", .sport = 68, .dport = 67},
	{"the same in a fragment", LOCK, VTX_R_SPOOF_IPV4, UDP4, .src = "0.0.0.0", .sport = 68, .dport = 67, .fragment = 0x2000},
	{"IPv4 fragment, another's source", LOCK, VTX_R_SPOOF_IPV4, UDP4, .src = "192.0.2.2", .fragment = 185},
	{"IPv4, header too short", 0, VTX_R_HIDDEN, IPV4, .words = 4},
	{"IPv4, another version", 0, VTX_R_HIDDEN, IPV4, .version = 6},
	{"IPv4 with options, another's source", LOCK, VTX_R_SPOOF_IPV4, UDP4, .src = "192.0.2.2", .words = 15},

	/* DHCP */
	{"DHCP server", 0, VTX_R_ROGUE_DHCP, UDP4, .sport = 67, .dport = 68},
	{"DHCP server, allowed", DHCP | LOCK, VTX_R_NONE, UDP4, .sport = 67, .dport = 68},
	{"DHCP server, from another port", 0, VTX_R_ROGUE_DHCP, UDP4, .sport = 1067, .dport = 68},
	{"DHCP server, behind options", 0, VTX_R_ROGUE_DHCP, UDP4, .dport = 68, .words = 15},
	{"DHCP server, first fragment", 0, VTX_R_ROGUE_DHCP, UDP4, .dport = 68, .fragment = 0x2000},
	{"UDP cut before its ports", 0, VTX_R_HIDDEN, UDP4, .cut = 301},
	{"first fragment without all of UDP", 0, VTX_R_HIDDEN, UDP4, .fragment = 0x2000, .length = 27},
	{"first fragment with it", 0, VTX_R_NONE, UDP4, .fragment = 0x2000, .length = 28},
	{"fragment over UDP's ports", 0, VTX_R_HIDDEN, UDP4, .fragment = 1},
	{"fragment over the hardware address", 0, VTX_R_HIDDEN, UDP4, .fragment = 0x2005},
	{"fragment behind it", 0, VTX_R_NONE, UDP4, .dport = 68, .fragment = 6},
	{"last fragment", 0, VTX_R_NONE, UDP4, .dport = 68, .fragment = 185},
	{"fragment of TCP", 0, VTX_R_NONE, IPV4, .fragment = 1},
	{"DHCP client", 0, VTX_R_NONE, UDP4, .sport = 68, .dport = 67},
	{"DHCP client by the second address", 0, VTX_R_NONE, UDP4, .dport = 67, .mac = second},
	{"DHCP client for another", 0, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .mac = theirs},
	{"DHCP client for a stranger", DHCP, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .mac = stranger},
	{"DHCP client for another, behind options", 0, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .mac = theirs, .words = 15},
	{"DHCP client, honest behind options", 0, VTX_R_NONE, UDP4, .dport = 67, .words = 15},
	{"DHCP client, first fragment", 0, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .mac = theirs, .fragment = 0x2000},
	{"DHCP client, honest first fragment", 0, VTX_R_NONE, UDP4, .dport = 67, .fragment = 0x2000},
	{"DHCP client, first fragment too short", 0, VTX_R_HIDDEN, UDP4, .dport = 67, .fragment = 0x2000, .length = 61},
	{"DHCP client, other hardware", 0, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .htype = 32},
	{"DHCP client, no hardware address", 0, VTX_R_SPOOF_DHCP, UDP4, .dport = 67, .hlen = 16},
	{"DHCP client, cut", 0, VTX_R_HIDDEN, UDP4, .dport = 67, .cut = 267},
	{"DHCP relay", 0, VTX_R_ROGUE_DHCP, UDP4, .dport = 67, .mac = theirs, .giaddr = OWN4},
	{"DHCP relay, allowed", DHCP, VTX_R_NONE, UDP4, .dport = 67, .mac = theirs, .giaddr = OWN4},
	{"DHCP server to a relay", 0, VTX_R_ROGUE_DHCP, UDP4, .dport = 67, .op = 2},
	{"DHCP server to a relay, allowed", DHCP, VTX_R_NONE, UDP4, .dport = 67, .op = 2},
	{"other UDP", 0, VTX_R_NONE, UDP4, .sport = 68, .dport = 69},
	{"DHCPv6 server", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 546},
	{"DHCPv6 server, allowed", DHCP, VTX_R_NONE, UDP6, .dport = 546},
	{"DHCPv6 client", LOCK, VTX_R_NONE, UDP6, .sport = 546, .dport = 547, .src = OWN_LL},
	{"DHCPv6 server behind extensions", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 546, .exts = {HBH, 60, 43}, .units = 4},
	{"DHCPv6 server far behind", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 546, .exts = {60}, .units = 200},
	{"DHCPv6 client far behind", 0, VTX_R_NONE, UDP6, .dport = 547, .exts = {60}, .units = 200},
	{"DHCPv6 server, first fragment", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 546, .exts = {44}, .fragment = 1},
	{"DHCPv6 server, only fragment", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 546, .exts = {44}},
	{"DHCPv6 solicit", 0, VTX_R_NONE, UDP6, .sport = 546, .dport = 547, .op = 1},
	{"DHCPv6 relay", 0, VTX_R_ROGUE_DHCP, UDP6, .sport = 547, .dport = 547, .op = 12},
	{"DHCPv6 relay, from any port", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 547, .op = 12},
	{"DHCPv6 relay, allowed", DHCP, VTX_R_NONE, UDP6, .sport = 547, .dport = 547, .op = 12},
	{"DHCPv6 server to a relay", 0, VTX_R_ROGUE_DHCP, UDP6, .sport = 547, .dport = 547, .op = 13},
	{"DHCPv6 server to a relay, allowed", DHCP, VTX_R_NONE, UDP6, .sport = 547, .dport = 547, .op = 13},
	{"DHCPv6 relay behind extensions", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 547, .op = 12, .exts = {HBH, 60}},
	{"DHCPv6 relay, first fragment", 0, VTX_R_ROGUE_DHCP, UDP6, .dport = 547, .op = 12, .exts = {44}, .fragment = 1},
	{"DHCPv6, first fragment without its type", 0, VTX_R_HIDDEN, UDP6, .dport = 547, .op = 1, .exts = {44}, .fragment = 1,
	 .length = 16},
	{"DHCPv6, first fragment with it", 0, VTX_R_NONE, UDP6, .dport = 547, .op = 1, .exts = {44}, .fragment = 1, .length = 24},
	{"DHCPv6 without a type", 0, VTX_R_HIDDEN, UDP6, .dport = 547, .cut = 300},

	/* IPv6 sources */
	{"IPv6", LOCK, VTX_R_NONE, IPV6},
	{"IPv6, another's source", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = "2001:db8::2"},
	{"IPv6, another's, not locked", 0, VTX_R_NONE, IPV6, .src = "2001:db8::2"},
	{"IPv6 in a prefix", LOCK, VTX_R_NONE, IPV6, .src = "2001:db8:1::ffff:1"},
	{"IPv6 beside it", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = "2001:db8:1:1::1"},
	{"own link-local address", LOCK, VTX_R_NONE, IPV6, .src = OWN_LL},
	{"the second's", LOCK, VTX_R_NONE, IPV6, .src = SECOND_LL},
	{"another's link-local address", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = THEIR_LL},
	{"a link-local address not from a MAC", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = "fe80::1"},
	{"own interface identifier under another prefix", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = "fe80::1:5054:ff:fe00:1"},
	{"mapped IPv4", LOCK, VTX_R_SPOOF_IPV6, IPV6, .src = "::ffff:192.0.2.1"},
	{"IPv6 fragment, another's source", LOCK, VTX_R_SPOOF_IPV6, UDP6, .src = "2001:db8::2", .exts = {44}, .fragment = 1480},
	{"IPv6, unspecified source", LOCK, VTX_R_SPOOF_IPV6, UDP6, .src = "::"},
	{"echo, unspecified source", LOCK, VTX_R_SPOOF_IPV6, ICMP6, .src = "::", .op = 128},
	{"NA, unspecified source", LOCK, VTX_R_SPOOF_IPV6, ICMP6, .src = "::", .op = NA},
	{"RS, unspecified source", LOCK, VTX_R_NONE, ICMP6, .src = "::", .op = RS},
	{"MLDv1 report, unspecified source", LOCK, VTX_R_NONE, ICMP6, .src = "::", .op = 131, .exts = {HBH}, .hop = 1},
	{"MLD done, unspecified source", LOCK, VTX_R_NONE, ICMP6, .src = "::", .op = 132, .exts = {HBH}, .hop = 1},
	{"MLDv2 report, unspecified source", LOCK, VTX_R_NONE, ICMP6, .src = "::", .op = 143, .exts = {HBH}, .hop = 1},
	{"MLD query, unspecified source", LOCK, VTX_R_SPOOF_IPV6, ICMP6, .src = "::", .op = 130, .exts = {HBH}, .hop = 1},
	{"IPv6, another version", 0, VTX_R_HIDDEN, IPV6, .version = 4},

	/* Neighbour discovery */
	{"NS", LOCK, VTX_R_NONE, ICMP6, .op = NS, .option = 1, .target = "2001:db8::2"},
	{"NS by the second address", LOCK, VTX_R_NONE, ICMP6, .op = NS, .option = 1, .mac = second},
	{"NS for another's hardware address", 0, VTX_R_SPOOF_ND, ICMP6, .op = NS, .option = 1, .mac = theirs},
	{"NA", LOCK, VTX_R_NONE, ICMP6, .op = NA, .option = 2},
	{"NA for another's hardware address", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .mac = theirs},
	{"NA with a source option of another's", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 1, .mac = theirs},
	{"NA for another's IP address", LOCK, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .target = "2001:db8::2"},
	{"the same, not locked", 0, VTX_R_NONE, ICMP6, .op = NA, .option = 2, .target = "2001:db8::2"},
	{"NA for another's link-local address", LOCK, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .target = THEIR_LL},
	{"NA for the own link-local address", LOCK, VTX_R_NONE, ICMP6, .op = NA, .option = 2, .target = OWN_LL},
	{"RS", LOCK, VTX_R_NONE, ICMP6, .op = RS, .option = 1, .src = OWN_LL},
	{"RS for another's hardware address", 0, VTX_R_SPOOF_ND, ICMP6, .op = RS, .option = 1, .mac = theirs},
	{"DAD", LOCK, VTX_R_NONE, ICMP6, .op = NS, .src = "::", .to = SOLICITED},
	{"DAD for the own link-local address", LOCK, VTX_R_NONE, ICMP6, .op = NS, .src = "::", .to = SOLICITED, .target = OWN_LL},
	{"DAD for another's address", LOCK, VTX_R_SPOOF_ND, ICMP6, .op = NS, .src = "::", .to = SOLICITED, .target = "2001:db8::2"},
	{"DAD that asks somebody", LOCK, VTX_R_SPOOF_IPV6, ICMP6, .op = NS, .src = "::", .to = "2001:db8::2"},
	{"ND that passed a router", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .hop = 254},
	{"echo that passed a router", 0, VTX_R_NONE, ICMP6, .op = 128, .hop = 64},
	{"ND behind extensions", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .mac = theirs, .exts = {60, 60}},
	{"honest ND behind extensions", LOCK, VTX_R_NONE, ICMP6, .op = NA, .option = 2, .exts = {60, 60}},
	{"ND far behind", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .mac = theirs, .exts = {60, 60, 60}, .units = 30},
	{"ND cut", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .cut = 1},
	{"ND cut in its option", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 2, .cut = 1},
	{"ND that its packet cuts", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 2, .length = 28},
	{"ND with an option of length 0", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 2, .option_units = 0x80},
	{"another's address in a long option", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .option_units = 2, .mac = theirs},
	{"as many options as are read", 0, VTX_R_NONE, ICMP6, .op = NA, .option = 2, .options = 16},
	{"one more", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 2, .options = 17},
	{"many options behind much", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 3, .option_units = 127, .options = 2, .exts = {60},
	 .units = 5},
	{"ND without a length", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .mac = theirs, .exts = {HBH}, .length = 0xffff},
	{"honest ND without a length", 0, VTX_R_NONE, ICMP6, .op = NA, .option = 2, .exts = {HBH}, .length = 0xffff},
	{"fragmented ND", 0, VTX_R_HIDDEN, ICMP6, .op = NA, .option = 2, .exts = {44}, .fragment = 1},
	{"fragmented RS", LOCK, VTX_R_HIDDEN, ICMP6, .op = RS, .exts = {44}, .fragment = 1},
	{"ND in one fragment", 0, VTX_R_SPOOF_ND, ICMP6, .op = NA, .option = 2, .mac = theirs, .exts = {44}},
	{"later fragment of ICMPv6", LOCK, VTX_R_NONE, ICMP6, .op = NA, .exts = {44}, .fragment = 8},
	{"fragmented echo", LOCK, VTX_R_NONE, ICMP6, .op = 128, .exts = {44}, .fragment = 1},
	{"first fragment without ICMPv6", 0, VTX_R_HIDDEN, ICMP6, .op = 128, .exts = {44}, .fragment = 1, .length = 15},
	{"first fragment without TCP", 0, VTX_R_HIDDEN, IPV6, .exts = {44}, .fragment = 1, .length = 8},
	{"extensions behind a fragment header", 0, VTX_R_HIDDEN, ICMP6, .op = 128, .exts = {44, 60}, .fragment = 1},
	{"the same behind the only fragment's", 0, VTX_R_NONE, ICMP6, .op = 128, .exts = {44, 60}},

	/* Routers */
	{"RA", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .option = 1},
	{"RA, allowed", RA | LOCK, VTX_R_NONE, ICMP6, .op = RADV, .option = 1, .src = OWN_LL},
	{"RA, allowed, for another's hardware address", RA, VTX_R_SPOOF_ND, ICMP6, .op = RADV, .option = 1, .mac = theirs},
	{"RA that passed a router", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .hop = 64},
	{"redirect", 0, VTX_R_ROGUE_RA, ICMP6, .op = REDIRECT},
	{"redirect to another, allowed", RA, VTX_R_NONE, ICMP6, .op = REDIRECT, .option = 2, .mac = theirs},
	{"ICMP redirect", 0, VTX_R_ROGUE_RA, IPV4, .proto = 1, .op = 5},
	{"ICMP redirect, allowed", RA, VTX_R_NONE, IPV4, .proto = 1, .op = 5},
	{"ICMP redirect behind options", 0, VTX_R_ROGUE_RA, IPV4, .proto = 1, .op = 5, .words = 15},
	{"ICMP redirect, first fragment", 0, VTX_R_ROGUE_RA, IPV4, .proto = 1, .op = 5, .fragment = 0x2000},
	{"ICMP, later fragment", 0, VTX_R_NONE, IPV4, .proto = 1, .op = 5, .fragment = 1},
	{"ICMP router advertisement", 0, VTX_R_ROGUE_RA, IPV4, .proto = 1, .op = 9},
	{"ICMP router advertisement, allowed", RA, VTX_R_NONE, IPV4, .proto = 1, .op = 9},
	{"ICMP echo", LOCK, VTX_R_NONE, IPV4, .proto = 1, .op = 8},
	{"ICMP error", LOCK, VTX_R_NONE, IPV4, .proto = 1, .op = 3},
	{"ICMP cut", 0, VTX_R_HIDDEN, IPV4, .proto = 1, .op = 8, .cut = 13},

	/* Queriers */
	{"IGMP query", 0, VTX_R_ROGUE_QUERY, IPV4, .proto = 2, .op = 0x11},
	{"IGMP query behind options", 0, VTX_R_ROGUE_QUERY, IPV4, .proto = 2, .op = 0x11, .words = 6},
	{"IGMP query, first fragment", 0, VTX_R_ROGUE_QUERY, IPV4, .proto = 2, .op = 0x11, .words = 6, .fragment = 0x2000},
	{"IGMP query, allowed", QUERY, VTX_R_NONE, IPV4, .proto = 2, .op = 0x11, .words = 6},
	{"IGMP query, a router's", RA, VTX_R_ROGUE_QUERY, IPV4, .proto = 2, .op = 0x11, .words = 6},
	{"IGMP report", 0, VTX_R_NONE, IPV4, .proto = 2, .op = 0x16, .words = 6},
	{"IGMP cut", 0, VTX_R_HIDDEN, IPV4, .proto = 2, .op = 0x16, .words = 6, .cut = 13},
	{"MLD query", 0, VTX_R_ROGUE_QUERY, ICMP6, .op = 130, .exts = {HBH}, .hop = 1},
	{"MLD query, allowed", QUERY | LOCK, VTX_R_NONE, ICMP6, .op = 130, .exts = {HBH}, .hop = 1, .src = OWN_LL},
	{"MLD query, in a first fragment", 0, VTX_R_ROGUE_QUERY, ICMP6, .op = 130, .exts = {HBH, 44}, .fragment = 1, .hop = 1},
	{"MLD report", 0, VTX_R_NONE, ICMP6, .op = 143, .exts = {HBH}, .hop = 1},

	{"RA behind hop-by-hop options", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {HBH}},
	{"RA behind destination options", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {60}, .units = 31},
	{"RA behind a routing header", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {43}},
	{"RA behind mobility, HIP, Shim6", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {135, 139, 140}},
	{"RA behind an authentication header", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {51}, .units = 2},
	{"RA behind as many as are walked", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {HBH, 60, 43, 60, 60, 60}},
	{"RA behind one more", 0, VTX_R_HIDDEN, ICMP6, .op = RADV, .exts = {HBH, 60, 43, 60, 60, 60, 60}},
	{"TCP behind as many", LOCK, VTX_R_NONE, IPV6, .exts = {HBH, 60, 43, 60, 60, 60}},
	{"TCP behind one more", 0, VTX_R_HIDDEN, IPV6, .exts = {HBH, 60, 43, 60, 60, 60, 60}},
	{"RA out of sight", RA, VTX_R_HIDDEN, ICMP6, .op = RADV, .exts = {60}, .units = 250},
	{"RA, first fragment", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {44}, .fragment = 1},
	{"RA, first fragment, allowed", RA, VTX_R_HIDDEN, ICMP6, .op = RADV, .exts = {44}, .fragment = 1},
	{"RA, only fragment", 0, VTX_R_ROGUE_RA, ICMP6, .op = RADV, .exts = {44}},
	{"RA behind a fragment header and more", 0, VTX_R_HIDDEN, ICMP6, .op = RADV, .exts = {44, 60}, .fragment = 1},
	{"IPv6 cut in its chain", 0, VTX_R_HIDDEN, IPV6, .exts = {60}, .units = 10, .cut = 101},
	{"no next header", LOCK, VTX_R_NONE, IPV6, .proto = 59},
	{"ESP", LOCK, VTX_R_NONE, IPV6, .proto = 50},
};

static struct vtx_test_guard *skel;

static void add_prefix(struct vtx_policy *policy, const char *text, int bits)
{
	struct vtx_prefix *ip = &policy->ips[policy->ips_used++];
	uint8_t *addr = (uint8_t *)ip->addr, *mask = (uint8_t *)ip->mask;

	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	} else {
		memset(addr + 10, 0xff, 2);
		assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
		bits += 96;
	}
	for (int i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void add_mac(const uint8_t *mac, uint32_t port)
{
	struct vtx_target t = {.ifindex = port, .port = port, .vlan = VTX_VLAN_ANY};
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	memcpy(key.mac, mac, 6);
	memcpy(t.mac, port == PORT ? own : mac, 6);
	assert_int_equal(bpf_map__update_elem(skel->maps.vtx_fdb, &key, sizeof(key), &t, sizeof(t), BPF_ANY), 0);
}

static void set_mode(uint32_t mode, uint32_t flags)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .ifindex = 1, .mode = mode, .flags = flags};
	uint32_t zero = 0;

	assert_int_equal(bpf_map__update_elem(skel->maps.vtx_config, &zero, sizeof(zero), &config, sizeof(config), BPF_ANY), 0);
}

static int setup(void **state)
{
	struct vtx_port port = {.state = VTX_STATE_READY};
	uint32_t number = PORT;

	(void)state;
	skel = vtx_test_guard__open_and_load();
	assert_non_null(skel);
	add_mac(own, PORT);
	add_mac(second, PORT);
	add_mac(theirs, OTHER_PORT);
	add_prefix(&port.policy, OWN4, 32);
	add_prefix(&port.policy, "198.51.100.0", 24);
	add_prefix(&port.policy, OWN6, 128);
	add_prefix(&port.policy, "2001:db8:1::", 64);
	assert_int_equal(bpf_map__update_elem(skel->maps.vtx_ports, &number, sizeof(number), &port, sizeof(port), BPF_ANY), 0);
	set_mode(VTX_MODE_BRIDGE, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vtx_test_guard__destroy(skel);
	return 0;
}

static enum vtx_reason judge(const struct bpf_program *program, const struct frame *f, uint32_t flags)
{
	skel->bss->test_self = (struct vtx_target){.ifindex = 1, .port = PORT, .vlan = VTX_VLAN_ANY, .flags = VTX_T_GUARD | flags};
	memcpy(skel->bss->test_self.mac, own, 6);
	skel->bss->test_reason = VTX_REASON_SLOTS;
	assert_true(frame_run(bpf_program__fd(program), f) >= -1);
	return skel->bss->test_reason;
}

static void assert_reason(const struct row *r, const struct frame *f, int tags)
{
	static const char *const names[] = {
#define VTX_X(id, name, side, text) #name,
		VTX_REASONS(VTX_X)
#undef VTX_X
	};
	enum vtx_reason xdp = judge(skel->progs.test_xdp, f, r->flags), tc = judge(skel->progs.test_tc, f, r->flags);

	if (xdp >= VTX_R_COUNT || tc >= VTX_R_COUNT)
		fail_msg("%s, %d tags: not judged", r->name, tags);
	if (xdp != r->reason || tc != r->reason)
		fail_msg("%s, %d tags: xdp %s, tc %s, expected %s", r->name, tags, names[xdp], names[tc], names[r->reason]);
}

static void every_rule(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int tags = 0; tags <= 2; tags++) {
			build(&f, &rows[i], tags);
			assert_reason(&rows[i], &f, tags);
		}
	}
}

/* Two tags are seen through, a third is not. */
static void a_third_tag_hides(void **state)
{
	static const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
	static const struct row spoof = {"three tags", 0, VTX_R_HIDDEN, ARP, .mac = theirs};
	struct frame f;

	(void)state;
	build(&f, &spoof, 2);
	memmove(f.bytes + 16, f.bytes + 12, f.len - 12);
	memcpy(f.bytes + 12, tag, 4);
	f.len += 4;
	assert_reason(&spoof, &f, 3);
}

/* IP and ARP in IEEE 802.3 frames; other SNAP protocols, and other protocols of IEEE 802.2. */
static void snap(void **state)
{
	static const struct {
		const char *llc;
		enum vtx_reason reason;
	} cases[] = {
		{"\xaa\xaa\x03\0\0\0\x08\x00", VTX_R_HIDDEN},	{"\xaa\xaa\x03\0\0\0\x08\x06", VTX_R_HIDDEN},
		{"\xaa\xaa\x03\0\0\0\x86\xdd", VTX_R_HIDDEN},	{"\xaa\xaa\x03\0\0\xf8\x08\x00", VTX_R_HIDDEN},
		{"\xaa\xaa\x03\0\0\0\x81\x00", VTX_R_HIDDEN},	{"\xaa\xaa\x03\0\0\0\x80\x9b", VTX_R_NONE},
		{"\xaa\xaa\x03\x08\0\x07\x80\x9b", VTX_R_NONE}, {"\xe0\xe0\x03\0\0\0\x08\x00", VTX_R_NONE},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct row r = {.name = "SNAP", .reason = cases[i].reason};

		frame_begin(&f, stranger, own, 1, 46);
		frame_put(&f, cases[i].llc, 8);
		put_zero(&f, 38);
		assert_reason(&r, &f, (int)i);
	}
}

/* In mode passthru the owner's hardware addresses are free while the uplink is promiscuous; its IP addresses are what they are. */
static void passthru_owns_the_wire(void **state)
{
	static const struct row free_mac = {"passthru", LOCK, VTX_R_NONE, ARP, .mac = stranger};
	static const struct row bound = {"passthru, not promiscuous", LOCK, VTX_R_SPOOF_ARP, ARP, .mac = stranger};
	static const struct row locked = {"passthru, IP", LOCK, VTX_R_SPOOF_ARP, ARP, .mac = stranger, .src = "192.0.2.2"};
	struct frame f;

	(void)state;
	set_mode(VTX_MODE_PASSTHRU, 0);
	build(&f, &free_mac, 0);
	assert_reason(&free_mac, &f, 0);
	build(&f, &locked, 0);
	assert_reason(&locked, &f, 0);
	set_mode(VTX_MODE_PASSTHRU, VTX_C_NOPROMISC);
	build(&f, &bound, 0);
	assert_reason(&bound, &f, 0);
	set_mode(VTX_MODE_BRIDGE, 0);
}

/* A list that is full, its last entry matching; and a prefix of all IPv6 lists no IPv4. */
static void a_full_list(void **state)
{
	static const struct row last = {"last of the list", LOCK, VTX_R_NONE, IPV4, .src = "203.0.113.16"};
	static const struct row none = {"not in the list", LOCK, VTX_R_SPOOF_IPV4, IPV4, .src = "203.0.113.17"};
	static const struct row six = {"all of IPv6", LOCK, VTX_R_NONE, IPV6, .src = "2001:db8:ffff::1"};
	const struct row *const cases[] = {&last, &none, &six};
	struct vtx_port port = {.state = VTX_STATE_READY};
	uint32_t number = PORT;
	struct frame f;

	(void)state;
	add_prefix(&port.policy, "::", 0);
	for (int i = 2; i <= VTX_PORT_IPS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "203.0.113.%d", i);
		add_prefix(&port.policy, text, 32);
	}
	assert_int_equal(bpf_map__update_elem(skel->maps.vtx_ports, &number, sizeof(number), &port, sizeof(port), BPF_ANY), 0);
	for (size_t i = 0; i < 3; i++) {
		build(&f, cases[i], 0);
		assert_reason(cases[i], &f, 0);
	}
}

/* A frame of a row, with bytes changed and its end cut off: whatever the guard says, it says it on both carriers. */
static void carriers_agree(void **state)
{
	struct frame f;

	(void)state;
	srandom(20240607);
	for (int i = 0; i < 20000; i++) {
		const struct row *r = &rows[(size_t)random() % (sizeof(rows) / sizeof(rows[0]))];
		uint32_t flags = r->flags ^ (random() % 4 ? 0 : LOCK);
		enum vtx_reason xdp, tc;

		build(&f, r, (int)(random() % 3));
		for (long n = random() % 4; n > 0; n--)
			f.bytes[12 + (size_t)random() % (f.len - 12)] = (uint8_t)(random() % 3 ? random() : random() % 64);
		if (f.len > 54) /* on less than an IPv6 header the kernel runs no tc program */
			f.len = 54 + (uint32_t)random() % (f.len - 53);
		xdp = judge(skel->progs.test_xdp, &f, flags);
		tc = judge(skel->progs.test_tc, &f, flags);
		if (xdp != tc || xdp == VTX_REASON_SLOTS)
			fail_msg("%s, changed (%d): xdp %d, tc %d", r->name, i, xdp, tc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule),	  cmocka_unit_test(a_third_tag_hides),
		cmocka_unit_test(snap),		  cmocka_unit_test(passthru_owns_the_wire),
		cmocka_unit_test(carriers_agree), cmocka_unit_test(a_full_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
