// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "error.h"
#include "link.h"
#include "tap.h"

#define TUN_DEVICE "/dev/net/tun"

static int open_tun(void)
{
	int fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return vtx_error(-errno, "can't create TAP devices: there is no " TUN_DEVICE " (try `modprobe tun`)");
	return vtx_error(-errno, "can't create TAP devices: can't open " TUN_DEVICE ": %s", vtx_reason_of(errno));
}

/* IFF_TUN_EXCL: without it the kernel hands out a TAP of that name which is there already. */
static int make(int fd, const char *name, bool multi_queue)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL};

	if (multi_queue)
		request.ifr_flags |= IFF_MULTI_QUEUE;
	/* The kernel would put a number there. */
	if (!name[0] || strlen(name) >= sizeof(request.ifr_name) || strchr(name, '%'))
		return vtx_error(-EINVAL, "can't create the TAP \"%s\": no device can have that name", name);
	strcpy(request.ifr_name, name);
	if (!ioctl(fd, TUNSETIFF, &request))
		return 0;
	if (errno == EBUSY)
		return vtx_error(-EEXIST, "can't create the TAP %s: a device of that name exists already", name);
	return vtx_error(-errno, "can't create the TAP %s: %s", name, vtx_reason_of(errno));
}

int vtx_tap_open(const char *name, bool multi_queue)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open_tun(), err;

	if (fd < 0)
		return fd;
	if (multi_queue)
		request.ifr_flags |= IFF_MULTI_QUEUE;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (!ioctl(fd, TUNSETIFF, &request) && !ioctl(fd, TUNSETOFFLOAD, 0UL) && !fcntl(fd, F_SETFL, O_NONBLOCK))
		return fd;
	err = -errno;
	close(fd);
	if (err == -EBUSY)
		return vtx_error(err, "the TAP %s is in use by another program", name);
	if (err == -EINVAL)
		return vtx_error(-EBUSY, "%s is no TAP, or one that was made %s --multi-queue", name, multi_queue ? "without" : "with");
	return vtx_error(err, "can't open the TAP %s: %s", name, vtx_reason_of(err));
}

static int hand_over(int fd, const char *name, uid_t owner, gid_t group)
{
	if (owner != (uid_t)-1 && ioctl(fd, TUNSETOWNER, (unsigned long)owner))
		return vtx_error(-errno, "can't give the TAP %s to user %u: %s", name, owner, vtx_reason_of(errno));
	if (group != (gid_t)-1 && ioctl(fd, TUNSETGROUP, (unsigned long)group))
		return vtx_error(-errno, "can't give the TAP %s to group %u: %s", name, group, vtx_reason_of(errno));
	return 0;
}

static int no_ipv6_autoconf(const char *name)
{
	struct vtx_link link;
	int err = vtx_link_get(name, &link);

	if (err)
		return vtx_error(err, "can't find the TAP %s again, which was just created: %s", name, vtx_reason_of(err));
	return vtx_link_no_ipv6_autoconf(link.ifindex);
}

int vtx_tap_create(const char *name, bool multi_queue, uid_t owner, gid_t group)
{
	int fd = open_tun();
	int err;

	if (fd < 0)
		return fd;
	/* Persistent last: until then it goes away with the descriptor. */
	err = make(fd, name, multi_queue);
	if (!err)
		err = hand_over(fd, name, owner, group);
	if (!err)
		err = no_ipv6_autoconf(name);
	if (!err && ioctl(fd, TUNSETPERSIST, 1UL))
		err = vtx_error(-errno, "can't make the TAP %s persistent: %s", name, vtx_reason_of(errno));
	close(fd);
	return err;
}

int vtx_tap_check(const char *name, bool *multi_queue)
{
	struct vtx_link link;
	int err = vtx_link_get(name, &link);

	if (err == -ENODEV)
		return vtx_error(err, "no device %s in this network namespace", name);
	if (err)
		return vtx_error(err, "can't look at the device %s: %s", name, vtx_reason_of(err));
	if (strcmp(link.kind, "tun"))
		return vtx_error(-EINVAL, "%s is not a TAP but %s%s", name, link.kind[0] ? "of kind " : "another device", link.kind);
	if (!link.tap)
		return vtx_error(-EINVAL, "%s is a TUN, which carries no Ethernet frames: make a TAP (`ip tuntap add mode tap`)", name);
	*multi_queue = link.multi_queue;
	return 0;
}

int vtx_tap_delete(int ifindex)
{
	return vtx_link_del(ifindex);
}

/* A user or group number: digits alone, and not the -1 that stands for none. */
static bool parse_id(const char *text, uint32_t *id)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || value >= UINT32_MAX)
		return false;
	*id = value;
	return true;
}

int vtx_tap_user(const char *text, uid_t *uid)
{
	const struct passwd *user = getpwnam(text);

	if (user)
		*uid = user->pw_uid;
	else if (!parse_id(text, uid))
		return vtx_error(-EINVAL, "no user \"%s\": give a name from /etc/passwd or a number", text);
	return 0;
}

int vtx_tap_group(const char *text, gid_t *gid)
{
	const struct group *group = getgrnam(text);

	if (group)
		*gid = group->gr_gid;
	else if (!parse_id(text, gid))
		return vtx_error(-EINVAL, "no group \"%s\": give a name from /etc/group or a number", text);
	return 0;
}
