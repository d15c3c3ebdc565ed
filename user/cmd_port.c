// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "commands.h"
#include "error.h"
#include "netns.h"
#include "parse.h"
#include "policy.h"
#include "policy_show.h"
#include "port.h"
#include "ports.h"
#include "render.h"
#include "tap.h"

struct port_args {
	const char *uplink, *port;
	bool tap, veth, xsk;
	const char *dev, *netns, *pid, *ifname, *owner, *group, *mtu, *path, *offloads, *queue, *queues, *socket_mode;
	struct vtx_opt_list macs;
	bool multi_queue, host, no_host;
	struct vtx_policy_args policy;
};

#define AT(member) offsetof(struct port_args, member)
#define ARG_UPLINK                                                                                                                         \
	{                                                                                                                                  \
		VTX_OPT_ARG, "UPLINK", 0, NULL, "an attached device", AT(uplink)                                                           \
	}
#define ARG_PORT                                                                                                                           \
	{                                                                                                                                  \
		VTX_OPT_ARG, "PORT", 0, NULL, "the port's name", AT(port)                                                                  \
	}
#define OPT_MAC                                                                                                                            \
	{                                                                                                                                  \
		VTX_OPT_LIST, "mac", 0, "MAC", "the guest's address; may be given up to 8 times (default: a random one)", AT(macs)         \
	}
#define OPT_MTU                                                                                                                            \
	{                                                                                                                                  \
		VTX_OPT_TEXT, "mtu", 0, "BYTES", "the guest's MTU (default: the uplink's)", AT(mtu)                                        \
	}
#define OPT_PATH                                                                                                                           \
	{                                                                                                                                  \
		VTX_OPT_TEXT, "path", 0, "PATH", "auto (default): TCP by the stack, all else by XDP; xdp or stack: everything by that",    \
			AT(path)                                                                                                           \
	}
#define OPT_OFFLOADS                                                                                                                       \
	{                                                                                                                                  \
		VTX_OPT_TEXT, "offloads", 0, "on|off",                                                                                     \
			"on (default): the guest may leave checksums and segments to us; off: it may not, and XDP takes what it sends",    \
			AT(offloads)                                                                                                       \
	}
#define OPT_NO_HOST                                                                                                                        \
	{                                                                                                                                  \
		VTX_OPT_FLAG, "no-host", 0, NULL, "this guest and the host may not talk to each other", AT(no_host)                        \
	}

static const struct vtx_opt add_opts[] = {
	ARG_UPLINK,
	ARG_PORT,
	{VTX_OPT_FLAG, "tap", 0, NULL, "a TAP device: QEMU/KVM, User-mode Linux, VirtualBox", AT(tap)},
	{VTX_OPT_FLAG, "veth", 0, NULL, "a veth pair into a network namespace: containers", AT(veth)},
	{VTX_OPT_FLAG, "xsk", 0, NULL,
	 "AF_XDP sockets, at a veth pair of the port's own or (--queue) on the uplink: DPDK, QEMU, 'vtapxdp guest'", AT(xsk)},
	{VTX_OPT_TEXT, "dev", 0, "NAME", "the host's device; an existing TAP is taken as it is (default: tap-PORT, ve-PORT, xs-PORT)",
	 AT(dev)},
	OPT_MAC,
	OPT_MTU,
	OPT_PATH,
	OPT_OFFLOADS,
	OPT_NO_HOST,
	VTX_POLICY_OPTS(AT(policy)),
	{VTX_OPT_TEXT, "owner", 0, "USER", "tap, xsk: who may open the device, or its broker's socket, besides root", AT(owner)},
	{VTX_OPT_TEXT, "group", 0, "GROUP", "tap, xsk: the group that may", AT(group)},
	{VTX_OPT_FLAG, "multi-queue", 0, NULL, "tap: made for several queues (QEMU: queues=N)", AT(multi_queue)},
	{VTX_OPT_TEXT, "netns", 0, "NAME|PATH", "veth, xsk: the guest's network namespace (default for xsk: this one)", AT(netns)},
	{VTX_OPT_TEXT, "pid", 0, "PID", "veth, xsk: the namespace of that process", AT(pid)},
	{VTX_OPT_TEXT, "ifname", 0, "NAME", "veth, xsk: the device's name in the guest (default: eth0, xg-PORT)", AT(ifname)},
	{VTX_OPT_TEXT, "queue", 0, "N[-M]", "xsk: direct, on these queues of the uplink itself; needs --trust", AT(queue)},
	{VTX_OPT_TEXT, "queues", 0, "N", "xsk: queues of the guest's end (default: 1)", AT(queues)},
	{VTX_OPT_TEXT, "socket-mode", 0, "MODE", "xsk: permissions of the broker's socket, in octal (default: 0600, 0660 with --group)",
	 AT(socket_mode)},
	{.type = VTX_OPT_END},
};

static const struct vtx_opt set_opts[] = {
	ARG_UPLINK,
	ARG_PORT,
	OPT_MAC,
	OPT_MTU,
	OPT_PATH,
	OPT_OFFLOADS,
	{VTX_OPT_FLAG, "host", 0, NULL, "this guest and the host may talk to each other", AT(host)},
	OPT_NO_HOST,
	VTX_POLICY_OPTS(AT(policy)),
	{.type = VTX_OPT_END},
};

static const struct vtx_opt del_opts[] = {ARG_UPLINK, ARG_PORT, {.type = VTX_OPT_END}};

static const char *const on_off[] = {"off", "on", NULL};

static int parse_macs(const struct vtx_opt_list *list, __u8 macs[][VTX_MAC_SIZE], __u32 *used)
{
	int err = 0;

	if (list->n > VTX_PORT_MACS)
		return vtx_error(-EINVAL, "--mac is given %d times: a port has at most %d addresses", list->n, VTX_PORT_MACS);
	for (int i = 0; i < list->n && !err; i++)
		err = vtx_parse_mac(list->values[i], macs[i]);
	if (!err && list->n)
		*used = list->n;
	return err;
}

/* What "add" and "set" have in common; what isn't given stays as it is. */
static int parse_common(const struct port_args *a, __u32 *mtu, enum vtx_path *path, bool *offloads)
{
	int word, err = 0;

	if (a->mtu)
		err = vtx_parse_u32(a->mtu, "--mtu", 68, 65535, mtu);
	if (!err && a->path) {
		err = vtx_parse_word(a->path, "--path", vtx_path_names, &word);
		if (!err)
			*path = word;
	}
	if (!err && a->offloads) {
		err = vtx_parse_word(a->offloads, "--offloads", on_off, &word);
		if (!err)
			*offloads = word;
	}
	return err;
}

/* An option that is for ports of other kinds, or NULL. */
static const char *stray_option(const struct port_args *a)
{
	const struct {
		const char *name;
		bool given, fits;
	} options[] = {
		{"--netns", a->netns, a->veth || (a->xsk && !a->queue)},
		{"--pid", a->pid, a->veth || (a->xsk && !a->queue)},
		{"--ifname", a->ifname, a->veth || (a->xsk && !a->queue)},
		{"--owner", a->owner, a->tap || a->xsk},
		{"--group", a->group, a->tap || a->xsk},
		{"--multi-queue", a->multi_queue, a->tap},
		{"--offloads", a->offloads, !a->xsk},
		{"--queue", a->queue, a->xsk},
		{"--queues", a->queues, a->xsk && !a->queue},
		{"--socket-mode", a->socket_mode, a->xsk},
		{"--dev", a->dev, !(a->xsk && a->queue)},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].given && !options[i].fits)
			return options[i].name;
	return NULL;
}

static int check_kind(const struct port_args *a, struct vtx_port_spec *spec)
{
	const char *stray;

	if (a->tap + a->veth + a->xsk != 1)
		return vtx_error(-EINVAL, "port add: say what the port is: one of --tap, --veth and --xsk");
	spec->kind = a->tap ? VTX_KIND_TAP : a->veth ? VTX_KIND_VETH : VTX_KIND_XSK;
	spec->flags = a->xsk && a->queue ? VTX_P_DIRECT : 0;
	stray = stray_option(a);
	if (stray)
		return vtx_error(-EINVAL, "port add: %s is not for --%s ports%s", stray, vtx_kind_names[spec->kind],
				 a->xsk && a->queue ? " with --queue" : "");
	if (a->veth && !a->netns && !a->pid)
		return vtx_error(-EINVAL, "port add: say where the guest's end goes: either --netns NAME|PATH or --pid PID");
	if (a->netns && a->pid)
		return vtx_error(-EINVAL, "port add: either --netns NAME|PATH or --pid PID");
	return 0;
}

static int parse_owner(const struct port_args *a, struct vtx_port_spec *spec)
{
	int err = a->owner ? vtx_tap_user(a->owner, &spec->owner) : 0;

	return !err && a->group ? vtx_tap_group(a->group, &spec->group) : err;
}

static int parse_netns(const struct port_args *a, struct vtx_port_spec *spec)
{
	uint32_t pid = 0;
	int err = a->ifname ? vtx_parse_ifname(a->ifname) : 0;

	if (!err && a->pid)
		err = vtx_parse_u32(a->pid, "--pid", 1, 4194304, &pid);
	if (err)
		return err;
	spec->netns_name = a->netns ? a->netns : a->pid ? a->pid : "(this one)";
	spec->netns = a->netns ? vtx_netns_open(a->netns) : a->pid ? vtx_netns_open_pid(pid) : vtx_netns_open_self();
	return spec->netns < 0 ? spec->netns : 0;
}

static int parse_veth(const struct port_args *a, struct vtx_port_spec *spec)
{
	spec->ifname = a->ifname ? a->ifname : "eth0";
	return parse_netns(a, spec);
}

static int parse_xsk(const struct port_args *a, struct vtx_port_spec *spec)
{
	int err = parse_owner(a, spec);

	spec->offloads = false;
	spec->queues = 1;
	if (!err && a->queue)
		err = vtx_parse_range(a->queue, "--queue", VTX_XSK_QUEUES - 1, &spec->queue_first, &spec->queues);
	if (!err && a->queues)
		err = vtx_parse_u32(a->queues, "--queues", 1, VTX_XSK_QUEUES, &spec->queues);
	if (!err && a->socket_mode)
		err = vtx_parse_mode(a->socket_mode, "--socket-mode", &spec->socket_mode);
	if (err)
		return err;
	spec->ifname = a->ifname;
	return a->queue ? 0 : parse_netns(a, spec);
}

static int parse_add(const struct port_args *a, struct vtx_port_spec *spec)
{
	int err = vtx_parse_ifname(a->uplink);

	if (!err)
		err = vtx_parse_port_name(a->port);
	if (!err)
		err = check_kind(a, spec);
	if (!err && a->dev)
		err = vtx_parse_ifname(a->dev);
	if (!err)
		err = parse_macs(&a->macs, spec->macs, &spec->macs_used);
	if (!err)
		err = parse_common(a, &spec->mtu, &spec->path, &spec->offloads);
	if (!err)
		err = vtx_policy_parse(&a->policy, &spec->policy, &spec->flags);
	if (err)
		return err;
	spec->name = a->port;
	spec->dev = a->dev;
	spec->host = !a->no_host;
	spec->multi_queue = a->multi_queue;
	return a->tap ? parse_owner(a, spec) : a->veth ? parse_veth(a, spec) : parse_xsk(a, spec);
}

static void render_added(__u32 number, const struct vtx_port *port)
{
	char mac[VTX_MAC_TEXT];

	vtx_format_mac(port->macs[0], mac);
	vtx_render_begin(vtx_globals.json);
	vtx_render_object(NULL);
	vtx_render_text("name", "%s:", port->name);
	vtx_render_number("port", " port %" PRIu64, number);
	vtx_render_text("kind", ", %s", vtx_kind_names[port->kind]);
	vtx_render_text("dev", " %s", port->dev);
	vtx_render_far_end(port);
	vtx_render_text("mac", ", mac %s", mac);
	vtx_render_number("mtu", ", mtu %" PRIu64, port->mtu);
	vtx_render_plain("\n");
	vtx_render_close();
}

static int run_add(const void *p)
{
	const struct port_args *a = p;
	struct vtx_port_spec spec = {.offloads = true, .owner = -1, .group = -1, .netns = -1};
	struct vtx_uplink u;
	struct vtx_port port;
	__u32 number;
	int err = parse_add(a, &spec);

	if (!err)
		err = vtx_uplink_open(a->uplink, true, &u);
	if (!err) {
		err = vtx_change_ready(&u);
		if (!err)
			err = vtx_failure(vtx_port_add(&u, &spec, &number, &port));
		vtx_uplink_close(&u);
	}
	if (spec.netns >= 0)
		close(spec.netns);
	if (err)
		return err;
	render_added(number, &port);
	return vtx_render_end();
}

/* Fills @port with what is asked for. */
static int parse_set(const struct port_args *a, struct vtx_port *port)
{
	bool offloads = port->flags & VTX_P_OFFLOADS;
	enum vtx_path path = port->path;
	__u32 mtu = port->mtu;
	int err = parse_common(a, &mtu, &path, &offloads);

	if (!err && a->macs.n) {
		memset(port->macs, 0, sizeof(port->macs));
		err = parse_macs(&a->macs, port->macs, &port->macs_used);
	}
	if (!err && a->host && a->no_host)
		err = vtx_error(-EINVAL, "port set: either --host or --no-host");
	if (!err)
		err = vtx_policy_parse(&a->policy, &port->policy, &port->flags);
	port->mtu = mtu;
	port->path = path;
	port->flags = (port->flags & ~VTX_P_OFFLOADS) | (offloads ? VTX_P_OFFLOADS : 0);
	if (a->host || a->no_host)
		port->flags = (port->flags & ~VTX_P_HOST) | (a->host ? VTX_P_HOST : 0);
	return err;
}

static int check_set(const struct vtx_uplink *u, __u32 number, const struct port_args *a, const struct vtx_port *port)
{
	bool apart = a->macs.n || a->policy.vlan.n || a->policy.vlan_proto;
	int err = apart ? vtx_port_check_macs(u, number, port) : 0;

	if (!err && a->mtu)
		err = vtx_port_check_mtu(u, port->mtu);
	if (!err)
		err = vtx_port_check_kind(u, number, port);
	return err ? err : vtx_port_check_learn(u, number, port);
}

static int set_port(struct vtx_uplink *u, const struct port_args *a)
{
	struct vtx_port current = {}, wanted;
	__u32 number;
	int err = vtx_change_ready(u);

	if (!err)
		err = vtx_port_require(u, a->port, &number, &current);
	if (!err)
		err = vtx_port_check_ready(u, &current);
	if (err)
		return err;
	wanted = current;
	err = parse_set(a, &wanted);
	if (!err)
		err = check_set(u, number, a, &wanted);
	return err ? err : vtx_failure(vtx_port_change(u, number, &current, &wanted));
}

static int run_set(const void *p)
{
	const struct port_args *a = p;
	struct vtx_uplink u;
	int err = vtx_parse_ifname(a->uplink);

	if (!err && !a->macs.n && !a->mtu && !a->path && !a->offloads && !a->host && !a->no_host && !vtx_policy_given(&a->policy))
		return vtx_error(-EINVAL, "port set: nothing to set: give an option ('vtapxdp help port set' lists them)");
	if (!err)
		err = vtx_uplink_open(a->uplink, true, &u);
	if (err)
		return err;
	err = set_port(&u, a);
	vtx_uplink_close(&u);
	return err;
}

static int run_del(const void *p)
{
	const struct port_args *a = p;
	struct vtx_uplink u;
	struct vtx_port port;
	__u32 number;
	int err = vtx_uplink_open(a->uplink, true, &u);

	if (err)
		return err;
	err = vtx_port_require(&u, a->port, &number, &port);
	if (!err)
		err = vtx_failure(vtx_port_remove(&u, number, &port));
	vtx_uplink_close(&u);
	return err;
}

const struct vtx_verb vtx_verb_port_add = {"port add", "add a guest", add_opts, sizeof(struct port_args), run_add, VTX_VERB_CHANGES};
const struct vtx_verb vtx_verb_port_set = {
	"port set", "change a guest's port", set_opts, sizeof(struct port_args), run_set, VTX_VERB_CHANGES,
};
const struct vtx_verb vtx_verb_port_del = {
	"port del", "remove a guest's port", del_opts, sizeof(struct port_args), run_del, VTX_VERB_CHANGES,
};
