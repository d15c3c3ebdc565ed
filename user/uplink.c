// SPDX-License-Identifier: GPL-2.0-only
#include "uplink.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "link.h"
#include "lock.h"
#include "netns.h"
#include "parse.h"
#include "ports.h"
#include "signals.h"

const char *const vtx_map_names[VTX_MAPS] = {
	[VTX_CONFIG] = VTX_MAP_CONFIG,	 [VTX_FDB] = VTX_MAP_FDB,	    [VTX_PORTS] = VTX_MAP_PORTS,
	[VTX_INGRESS] = VTX_MAP_INGRESS, [VTX_MEMBERS] = VTX_MAP_MEMBERS,   [VTX_DEVMAP] = VTX_MAP_DEVMAP,
	[VTX_STATS] = VTX_MAP_STATS,	 [VTX_OBSERVED] = VTX_MAP_OBSERVED, [VTX_NEIGHS] = VTX_MAP_NEIGHS,
	[VTX_GROUPS] = VTX_MAP_GROUPS,	 [VTX_REPORTS] = VTX_MAP_REPORTS,   [VTX_ROUTERS] = VTX_MAP_ROUTERS,
	[VTX_MCAST] = VTX_MAP_MCAST,	 [VTX_SOURCES] = VTX_MAP_SOURCES,   [VTX_LIMITS_MAP] = VTX_MAP_LIMITS,
	[VTX_USAGE] = VTX_MAP_USAGE,	 [VTX_XSKS] = VTX_MAP_XSKS,	    [VTX_QUEUES] = VTX_MAP_QUEUES,
	[VTX_RSS] = VTX_MAP_RSS,
};

void vtx_uplink_init(struct vtx_uplink *u)
{
	memset(u, 0, sizeof(*u));
	u->lock = -1;
	for (int i = 0; i < VTX_MAPS; i++)
		u->maps[i] = -1;
}

void vtx_uplink_close(struct vtx_uplink *u)
{
	vtx_ports_free(u->ports);
	for (int i = 0; i < VTX_MAPS; i++)
		if (u->maps[i] >= 0)
			close(u->maps[i]);
	if (u->lock >= 0)
		close(u->lock);
	vtx_uplink_init(u);
}

static int read_config(const struct vtx_uplink *u, struct vtx_config *config)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(u->maps[VTX_CONFIG], &zero, config);
}

/* An attach that was killed before it wrote its config left only a directory: what it was to be called is all there is to know. */
static void config_from_name(const char *dir, struct vtx_config *config)
{
	const char *name = strrchr(dir, '/') + 1;
	size_t n = 0;

	*config = (struct vtx_config){.state = VTX_STATE_NONE};
	while (*name && n < sizeof(config->ifname) - 1) {
		bool dot = !strncmp(name, "%2e", 3);

		config->ifname[n++] = dot ? '.' : *name;
		name += dot ? 3 : 1;
	}
}

/* All that are there. The first that isn't, but for the config, is said: somebody has unpinned it. */
static int open_pins(struct vtx_uplink *u)
{
	char path[VTX_PATH_SIZE];
	int err = 0;

	for (int i = 0; i < VTX_MAPS; i++) {
		u->maps[i] = bpf_obj_get(vtx_bpffs_join(path, u->dir, vtx_map_names[i], NULL));
		if (u->maps[i] == -ENOENT && i != VTX_CONFIG && u->config.state && !err) {
			err = u->maps[i];
			vtx_warn("the pin %s is missing: 'vtapxdp detach --force' takes down what is left", path);
		} else if (u->maps[i] < 0 && u->maps[i] != -ENOENT) {
			return vtx_error(u->maps[i], "can't open the map pinned at %s: %s", path, vtx_reason_of(u->maps[i]));
		}
		if (i == VTX_CONFIG && (u->maps[i] < 0 || read_config(u, &u->config) || !u->config.state))
			config_from_name(u->dir, &u->config);
	}
	return 0;
}

int vtx_uplink_open_maps(struct vtx_uplink *u)
{
	int err = open_pins(u);

	if (err)
		return err;
	if (!u->ports)
		u->ports = vtx_ports_new();
	if (u->config.state && u->config.abi != VTX_ABI_VERSION)
		return vtx_error(-EPROTO,
				 "%s was attached by another version of vtapxdp (maps version %u, this command knows %u): use that one",
				 u->config.ifname, u->config.abi, VTX_ABI_VERSION);
	return 0;
}

int vtx_uplink_reopen_map(struct vtx_uplink *u, enum vtx_map map)
{
	char path[VTX_PATH_SIZE];
	int fd = bpf_obj_get(vtx_bpffs_join(path, u->dir, vtx_map_names[map], NULL));

	if (fd < 0)
		return vtx_error(fd, "can't open the map pinned at %s: %s", path, vtx_reason_of(fd));
	close(u->maps[map]);
	u->maps[map] = fd;
	return 0;
}

static void read_config_of(const char *dir, struct vtx_config *config)
{
	struct vtx_uplink u;
	char path[VTX_PATH_SIZE];

	vtx_uplink_init(&u);
	u.maps[VTX_CONFIG] = bpf_obj_get(vtx_bpffs_join(path, dir, VTX_MAP_CONFIG, NULL));
	if (u.maps[VTX_CONFIG] < 0 || read_config(&u, config) || !config->state)
		config_from_name(dir, config);
	vtx_uplink_close(&u);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The directories of the caller's namespace: n, *@entries to be freed one by one. */
static int scan(char base[VTX_PATH_SIZE], struct dirent ***entries)
{
	uint64_t cookie = 0;
	int err, n;

	*entries = NULL;
	err = vtx_netns_cookie(-1, &cookie);
	if (err < 0)
		return err;
	vtx_bpffs_uplink_dir(base, cookie, NULL);
	n = scandir(base, entries, no_dots, by_name);
	if (n < 0 && errno != ENOENT && errno != ENOTDIR)
		return vtx_error(-errno, "can't read %s: %s", base, vtx_reason_of(errno));
	return n < 0 ? 0 : n;
}

static bool is_gone(const struct vtx_config *config)
{
	struct vtx_link link;

	return !config->ifindex || vtx_link_get_index(config->ifindex, &link) == -ENODEV;
}

/* How well an uplink fits: 2 the device itself, 1 the name it had while that device is gone, 0 not. */
static int fits(const struct vtx_config *config, const char *ifname, const struct vtx_link *link)
{
	if (link->ifindex && (int)config->ifindex == link->ifindex)
		return 2;
	return !strcmp(config->ifname, ifname) && is_gone(config);
}

int vtx_uplink_find(const char *ifname, char dir[VTX_PATH_SIZE])
{
	char base[VTX_PATH_SIZE], path[VTX_PATH_SIZE];
	struct vtx_config config;
	struct vtx_link link = {};
	struct dirent **entries;
	int n, best = 0, fit;

	n = scan(base, &entries);
	if (n < 0)
		return n;
	vtx_link_get(ifname, &link);
	for (int i = 0; i < n; i++) {
		vtx_bpffs_join(path, base, entries[i]->d_name, NULL);
		read_config_of(path, &config);
		fit = fits(&config, ifname, &link);
		if (fit > best) {
			memcpy(dir, path, sizeof(path));
			best = fit;
		}
		free(entries[i]);
	}
	free(entries);
	return best > 0;
}

static int not_attached(const char *ifname)
{
	char ns[256];
	struct vtx_link link;

	if (!vtx_link_get(ifname, &link))
		return vtx_error(-ENOENT, "%s is not attached: 'vtapxdp attach %s' does that", ifname, ifname);
	if (vtx_netns_find_device(ifname, ns, sizeof(ns)))
		return vtx_error(-ENODEV,
				 "no device %s in this network namespace; there is one in %s (nsenter --net=/run/netns/%s vtapxdp ...)",
				 ifname, ns, ns);
	return vtx_error(-ENODEV, "no device %s in this network namespace ('ip link' lists them)", ifname);
}

int vtx_uplink_open(const char *ifname, bool write, struct vtx_uplink *u)
{
	int err = vtx_parse_ifname(ifname);

	vtx_uplink_init(u);
	if (err)
		return err;
	if (geteuid())
		return vtx_error(-EPERM, "%s: not permitted: run as root", ifname);
	err = vtx_uplink_find(ifname, u->dir);
	if (err < 0)
		return err;
	if (!err)
		return not_attached(ifname);
	if (write)
		u->lock = vtx_lock(u->dir, ifname);
	err = write && u->lock < 0 ? u->lock : vtx_uplink_open_maps(u);
	if (!err && write)
		err = vtx_interrupted(ifname);
	if (!err)
		return 0;
	vtx_uplink_close(u);
	/* Only the lock's directory can be missing. */
	return err == -ENOENT ? vtx_error(err, "%s was detached by another command just now", ifname) : err;
}

int vtx_uplink_each(int (*fn)(struct vtx_uplink *u, void *arg), void *arg)
{
	char base[VTX_PATH_SIZE];
	struct dirent **entries;
	struct vtx_uplink u;
	int n, err = 0;

	if (geteuid())
		return vtx_error(-EPERM, "not permitted: run as root");
	n = scan(base, &entries);
	for (int i = 0; i < n; i++) {
		vtx_uplink_init(&u);
		vtx_bpffs_join(u.dir, base, entries[i]->d_name, NULL);
		if (!err && !vtx_uplink_open_maps(&u))
			err = fn(&u, arg);
		vtx_uplink_close(&u);
		free(entries[i]);
	}
	free(entries);
	return n < 0 ? n : err;
}

int vtx_uplink_save(struct vtx_uplink *u)
{
	uint32_t zero = 0;
	int err = bpf_map_update_elem(u->maps[VTX_CONFIG], &zero, &u->config, BPF_ANY);

	return err ? vtx_error(err, "can't write the state of %s: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}
