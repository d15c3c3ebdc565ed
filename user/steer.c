// SPDX-License-Identifier: GPL-2.0-only
#include "steer.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "ethtool.h"
#include "flow_rule.h"
#include "narrow.h"
#include "ports.h"
#include "rss.h"
#include "rss_table.h"

static struct vtx_flow_rule rule_of(const struct vtx_port *port, __u32 i)
{
	struct vtx_flow_rule rule = {.queue = port->queue_first, .context = port->context};

	memcpy(rule.mac, port->macs[i], VTX_MAC_SIZE);
	return rule;
}

/* Where the rule for address @i is: in the place that the record has. -ENOENT: not there. */
static int find_rule(const struct vtx_uplink *u, const struct vtx_port *port, __u32 i, __u32 *location)
{
	struct vtx_flow_rule rule = rule_of(port, i);

	if (!port->rules[i])
		return -ENOENT;
	*location = port->rules[i] == VTX_SOMEWHERE ? VTX_SOMEWHERE : port->rules[i] - 1;
	return vtx_rule_find(u->config.ifindex, &rule, location);
}

static bool has_rules(const struct vtx_port *port)
{
	for (__u32 i = 0; i < VTX_PORT_MACS; i++)
		if (port->rules[i])
			return true;
	return false;
}

/* Nothing to undo: the device is gone, or it has forgotten what we told it. */
static bool is_gone(int err)
{
	return err == -ENODEV || err == -ENOENT || err == -EOPNOTSUPP;
}

static int delete_rule(const struct vtx_uplink *u, const struct vtx_port *port, __u32 i)
{
	__u32 location;
	int err = find_rule(u, port, i, &location);

	if (!err)
		err = vtx_rule_delete(u->config.ifindex, location);
	if (!err || is_gone(err))
		return 0;
	return vtx_error(err, "port %s: can't delete its flow rule from %s: %s", port->name, u->config.ifname, vtx_reason_of(err));
}

/* -ENOENT: the context that the record has isn't there. */
static int find_context(const struct vtx_uplink *u, const struct vtx_port *port, __u32 *context)
{
	struct vtx_rss table;
	int err = vtx_rss_get(u->config.ifindex, &table);

	if (err)
		return err;
	*context = port->context;
	vtx_rss_spread(&table, table.size, port->queue_first, port->queues);
	return vtx_rss_context_find(u->config.ifindex, &table, context);
}

static int delete_context(const struct vtx_uplink *u, const struct vtx_port *port)
{
	__u32 context;
	int err = port->context ? find_context(u, port, &context) : -ENOENT;

	if (!err)
		err = vtx_rss_context_del(u->config.ifindex, context);
	if (!err || is_gone(err))
		return 0;
	return vtx_error(err, "port %s: can't delete its RSS context from %s: %s", port->name, u->config.ifname, vtx_reason_of(err));
}

static int forget_rules(const struct vtx_uplink *u, struct vtx_port *port)
{
	int err = 0;

	for (__u32 i = 0; i < VTX_PORT_MACS && !err; i++)
		err = delete_rule(u, port, i);
	if (!err)
		err = delete_context(u, port);
	if (err)
		return err;
	memset(port->rules, 0, sizeof(port->rules));
	port->context = 0;
	port->steer_error = 0;
	port->flags &= ~VTX_P_STEERED;
	return 0;
}

/* An RSS context over the port's queues, where the driver has any. */
static int make_context(const struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	__u32 context = VTX_SOMEWHERE;
	struct vtx_rss table;
	int err = vtx_rss_get(u->config.ifindex, &table);

	if (err)
		return 0;
	vtx_rss_spread(&table, table.size, port->queue_first, port->queues);
	/* One like it, of somebody else's, could not be told from ours. */
	if (!vtx_rss_context_find(u->config.ifindex, &table, &context))
		return 0;
	port->context = VTX_SOMEWHERE;
	err = vtx_port_save(u, number, port);
	if (err)
		return err;
	if (vtx_rss_context_add(u->config.ifindex, &table, &context))
		context = 0;
	port->context = context;
	return vtx_port_save(u, number, port);
}

/* A refusal is no failure: port->steer_error has it. */
static int make_rule(const struct vtx_uplink *u, __u32 number, struct vtx_port *port, __u32 i)
{
	struct vtx_flow_rule rule = rule_of(port, i);
	__u32 place = VTX_SOMEWHERE;
	int err, refusal;

	port->rules[i] = 0;
	if (!vtx_rule_find(u->config.ifindex, &rule, &place)) /* somebody else's, which does */
		return 0;
	refusal = vtx_rule_place(u->config.ifindex, &place);
	if (!refusal) {
		port->rules[i] = place == VTX_SOMEWHERE ? VTX_SOMEWHERE : place + 1;
		err = vtx_port_save(u, number, port);
		if (err)
			return err;
		refusal = vtx_rule_insert(u->config.ifindex, &rule, &place);
	}
	port->rules[i] = refusal ? 0 : place + 1;
	if (refusal)
		port->steer_error = -refusal;
	return vtx_port_save(u, number, port);
}

static int make_rules(const struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int err = 0;

	port->steer_error = 0;
	for (__u32 i = 0; i < port->macs_used && !err; i++) {
		__u32 location;
		int found = find_rule(u, port, i, &location);

		if (!found)
			port->rules[i] = location + 1;
		else if (found == -ENOENT)
			err = make_rule(u, number, port, i);
		else
			port->steer_error = -found;
	}
	return err;
}

/* Some drivers have contexts, but no rules that name them. */
static int do_without_context(const struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int err = delete_context(u, port);

	if (err)
		return err;
	port->context = 0;
	return make_rules(u, number, port);
}

static int steer(const struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	__u32 context;
	int err = 0;

	/* Others' rules may be in the places of those that named it. */
	if (port->context && find_context(u, port, &context) == -ENOENT)
		port->context = 0;
	if (port->queues > 1 && !port->context && !has_rules(port))
		err = make_context(u, number, port);
	if (!err)
		err = make_rules(u, number, port);
	if (!err && port->steer_error && port->context && !has_rules(port))
		err = do_without_context(u, number, port);
	if (err)
		return err;
	port->flags = (port->flags & ~VTX_P_STEERED) | (port->steer_error ? 0 : VTX_P_STEERED);
	return 0;
}

static void warn(const struct vtx_uplink *u, const struct vtx_port *port)
{
	char note[512];

	if (port->state != VTX_STATE_READY && vtx_steer_note(u, port, 0, note, sizeof(note)))
		vtx_warn("port %s: %s", port->name, note);
}

int vtx_steer_set(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	bool wanted;
	int err;

	if (!vtx_port_is_direct(port))
		return 0;
	wanted = u->config.mode != VTX_MODE_PASSTHRU && vtx_steer_state(u, port) != VTX_STEER_ALL;
	err = wanted ? steer(u, number, port) : forget_rules(u, port);
	if (!err)
		err = vtx_port_save(u, number, port);
	if (!err)
		err = vtx_narrow_settle(u);
	if (!err)
		warn(u, port);
	return err;
}

int vtx_steer_settle(struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 number;
	int err = 0;

	vtx_for_each_port (u, number, &port)
		if (!err && port.state == VTX_STATE_READY)
			err = vtx_steer_set(u, number, &port);
	return err;
}

int vtx_steer_clear(const struct vtx_uplink *u, struct vtx_port *port)
{
	int err = vtx_port_is_direct(port) ? forget_rules(u, port) : 0;

	return err || !vtx_port_is_direct(port) ? err : vtx_narrow_settle(u);
}

int vtx_steer_carry_over(const struct vtx_uplink *u, const struct vtx_port *old, struct vtx_port *port)
{
	int err = 0;

	memset(port->rules, 0, sizeof(port->rules));
	port->context = old->context;
	for (__u32 i = 0; i < old->macs_used && !err; i++) {
		__u32 j = 0;

		while (j < port->macs_used && memcmp(old->macs[i], port->macs[j], VTX_MAC_SIZE))
			j++;
		if (j < port->macs_used)
			port->rules[j] = old->rules[i];
		else
			err = delete_rule(u, old, i);
	}
	return err;
}
