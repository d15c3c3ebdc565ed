/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/msg.h>

#include "link.h"

static const uint8_t mac[VTX_MAC_SIZE] = {2, 0, 0, 0, 0, 5};

struct vlan {
	const char *kind;
	int lower, netnsid; /* 0: none */
	uint16_t id, protocol; /* 0: none */
};

/* What the kernel says of a device. */
static struct nl_msg *device(const struct vlan *v)
{
	struct ifinfomsg info = {.ifi_index = 7, .ifi_type = ARPHRD_ETHER};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	struct nlattr *kind, *data;

	nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO);
	nla_put_string(msg, IFLA_IFNAME, "v5");
	nla_put(msg, IFLA_ADDRESS, sizeof(mac), mac);
	if (v->lower)
		nla_put_u32(msg, IFLA_LINK, v->lower);
	if (v->netnsid)
		nla_put_s32(msg, IFLA_LINK_NETNSID, v->netnsid);
	kind = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, v->kind);
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	if (v->id)
		nla_put_u16(msg, IFLA_VLAN_ID, v->id);
	if (v->protocol)
		nla_put_u16(msg, IFLA_VLAN_PROTOCOL, htons(v->protocol));
	nla_nest_end(msg, data);
	nla_nest_end(msg, kind);
	return msg;
}

static void reads(const struct vlan *v, int lower, uint16_t vlan)
{
	struct nl_msg *msg = device(v);
	struct vtx_link link;

	assert_int_equal(vtx_link_parse(nlmsg_hdr(msg), &link), 0);
	assert_int_equal(link.ifindex, 7);
	assert_string_equal(link.name, "v5");
	assert_memory_equal(link.mac, mac, sizeof(mac));
	assert_int_equal(link.lower, lower);
	assert_int_equal(link.vlan, vlan);
	nlmsg_free(msg);
}

static void test_vlan(void **state)
{
	(void)state;
	reads(&(struct vlan){.kind = "vlan", .lower = 3, .id = 5, .protocol = ETH_P_8021Q}, 3, 5);
	reads(&(struct vlan){.kind = "vlan", .lower = 3, .id = 4094, .protocol = ETH_P_8021AD}, 3, 4094 | VTX_VLAN_AD);
	reads(&(struct vlan){.kind = "vlan", .lower = 3, .id = 5}, 3, 5);
	reads(&(struct vlan){.kind = "vlan", .lower = 3}, 3, 0);
}

static void test_lower(void **state)
{
	(void)state;
	/* IFLA_LINK is another namespace's number, or a veth's peer. */
	reads(&(struct vlan){.kind = "vlan", .lower = 3, .netnsid = 1, .id = 5}, 0, 5);
	reads(&(struct vlan){.kind = "veth", .lower = 3}, 0, 0);
	/* Another kind's attribute of that number is no VLAN. */
	reads(&(struct vlan){.kind = "macvlan", .lower = 3, .id = 5}, 3, 0);
}

static void test_other_message(void **state)
{
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELLINK, 0);
	struct vtx_link link;

	(void)state;
	assert_int_equal(vtx_link_parse(nlmsg_hdr(msg), &link), -EPROTO);
	nlmsg_free(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vlan), cmocka_unit_test(test_lower), cmocka_unit_test(test_other_message)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
