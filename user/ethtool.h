/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_ETHTOOL_H
#define VTX_ETHTOOL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Device features (ethtool's generic netlink) and XDP features (the netdev generic netlink family, kernel 6.3 on), in the caller's
 * network namespace. All are silent: the caller knows what a refusal means. They return 0 or -errno.
 */

/* Feature names as `ethtool -k` of the kernel knows them: "rx-gro", "rx-lro", "rx-vlan-hw-parse", "tx-checksum-ip-generic",
 * "tx-tcp-segmentation", "tx-generic-segmentation", ... */
int vtx_feature_get(int ifindex, const char *name, bool *on);
/* The same, and whether it can be switched (*@can). */
int vtx_feature_state(int ifindex, const char *name, bool *on, bool *can);
/* @n names at once; returns -EOPNOTSUPP when, afterwards, one of them is not as wished (fixed). */
int vtx_feature_set(int ifindex, const char *const *names, int n, bool on);

/* What generic netlink doesn't have: SIOCETHTOOL with @request, which linux/ethtool.h describes. -ENODEV: no such device here. */
int vtx_ethtool_ioctl(int ifindex, void *request);

/* How many queues the device receives on at present. -EOPNOTSUPP: it doesn't tell. */
int vtx_rx_queues(int ifindex, uint32_t *queues);

/* NETDEV_XDP_ACT_NDO_XMIT of linux/netdev.h, Linux 6.3: the device is a target of XDP redirects. */
#define VTX_XDP_ACT_NDO_XMIT 4
/* NETDEV_XDP_ACT_NDO_XMIT_SG: of frames of several buffers, too. */
#define VTX_XDP_ACT_NDO_XMIT_SG 64

/* NETDEV_XDP_ACT_* bits. -EOPNOTSUPP: this kernel can't tell. */
int vtx_xdp_features(int ifindex, uint64_t *features);

#endif
