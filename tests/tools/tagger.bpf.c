// SPDX-License-Identifier: GPL-2.0-only
/* For a guest's tc egress: puts all that it sends into VLAN 5. The tag lies beside the bytes, as one does that a VLAN device puts on. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>

SEC("tc")
int tagger(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 5) ? 2 /* TC_ACT_SHOT */ : 0;
}

SEC("tc")
int tagger_ad(struct __sk_buff *skb)
{
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 5) ? 2 /* TC_ACT_SHOT */ : 0;
}

char _license[] SEC("license") = "GPL";
