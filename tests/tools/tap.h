/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TAP_TOOLS_H
#define TAP_TOOLS_H

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* virtio-net with mergeable buffers, which is what QEMU sets. */
#define TAP_VNET_HDR_SIZE sizeof(struct virtio_net_hdr_v1)
#define TAP_FRAME_MAX (65536 + 512)

/* Says to the kernel that the reader takes partial checksums and large frames. */
static inline int tap_offload(int fd)
{
	unsigned int flags = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	if (!ioctl(fd, TUNSETOFFLOAD, flags | TUN_F_USO4 | TUN_F_USO6))
		return 0;
	return ioctl(fd, TUNSETOFFLOAD, flags); /* before Linux 6.2 */
}

/* Opens one queue of TAP @name in the caller's network namespace, or of the macvtap whose character device @name is (it has a '/'); or ends
 * the program. */
static inline int tap_open(const char *name, bool vnet_hdr, bool multi_queue)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int size = TAP_VNET_HDR_SIZE;
	const char *path = strchr(name, '/') ? name : "/dev/net/tun";
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		error(1, errno, "%s", path);
	if (vnet_hdr)
		ifr.ifr_flags |= IFF_VNET_HDR;
	if (multi_queue)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	if (path != name)
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr))
		error(1, errno, "TUNSETIFF %s", name);
	if (vnet_hdr && (ioctl(fd, TUNSETVNETHDRSZ, &size) || tap_offload(fd)))
		error(1, errno, "offloads of %s", name);
	return fd;
}

#endif
