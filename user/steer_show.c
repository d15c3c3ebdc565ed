// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "error.h"
#include "ethtool.h"
#include "ports.h"
#include "steer.h"

const char *const vtx_steering_names[] = {
	[VTX_STEER_NONE] = "none", [VTX_STEER_SOME] = "some", [VTX_STEER_RULES] = "rules", [VTX_STEER_ALL] = "all_queues"};

enum vtx_steering vtx_steer_state(const struct vtx_uplink *u, const struct vtx_port *port)
{
	__u32 there = 0;

	/* A NIC that doesn't tell how many it has may have others. */
	if (!port->queue_first && !vtx_rx_queues(u->config.ifindex, &there) && port->queues >= there)
		return VTX_STEER_ALL;
	if (u->config.mode == VTX_MODE_PASSTHRU)
		return VTX_STEER_NONE;
	if (port->flags & VTX_P_STEERED)
		return VTX_STEER_RULES;
	for (__u32 i = 0; i < port->macs_used; i++)
		if (port->rules[i])
			return VTX_STEER_SOME;
	return VTX_STEER_NONE;
}

/* Why the NIC doesn't steer. */
static void why(const struct vtx_uplink *u, const struct vtx_port *port, char *text, size_t size)
{
	const char *name = u->config.ifname;
	bool on, can;

	if (u->config.mode == VTX_MODE_PASSTHRU)
		snprintf(text, size, "in mode passthru all frames are for it, on whatever queue");
	else if (port->steer_error == EOPNOTSUPP && !vtx_feature_state(u->config.ifindex, "rx-ntuple-filter", &on, &can) && !on && can)
		snprintf(text, size, "flow rules are off ('ethtool -K %s ntuple on', then 'vtapxdp repair %s')", name, name);
	else if (port->steer_error == EOPNOTSUPP)
		snprintf(text, size, "%s has no flow rules", name);
	else if (port->steer_error == ENOSPC)
		snprintf(text, size, "%s has no room for more flow rules", name);
	else if (port->steer_error)
		snprintf(text, size, "%s refused a flow rule (%s)", name, vtx_reason_of(port->steer_error));
	else
		snprintf(text, size, "'vtapxdp repair %s' makes flow rules for it", name);
}

/* What brings all frames to its queues without rules. */
static void what_to_do(const struct vtx_uplink *u, const struct vtx_port *port, char *text, size_t size)
{
	const char *name = u->config.ifname;
	__u32 there = 0;

	if (vtx_rx_queues(u->config.ifindex, &there))
		snprintf(text, size, "give it all queues of %s", name);
	else if (port->queue_first)
		snprintf(text, size, "give it all queues (--queue 0-%u)", there - 1);
	else
		snprintf(text, size,
			 "'ethtool -L %s combined %u' (before 'vtapxdp attach', where the driver refuses it after), or give it all queues "
			 "(--queue 0-%u)",
			 name, port->queues, there - 1);
}

int vtx_steer_note(const struct vtx_uplink *u, const struct vtx_port *port, __u64 lost, char *note, size_t size)
{
	enum vtx_steering state = vtx_steer_state(u, port);
	char reason[160], remedy[192], count[64] = "";

	if (state >= VTX_STEER_RULES)
		return !lost ? 0 : snprintf(note, size, "%" PRIu64 " frames for it came by other queues (wrong_queue)", (uint64_t)lost);
	why(u, port, reason, sizeof(reason));
	what_to_do(u, port, remedy, sizeof(remedy));
	if (lost)
		snprintf(count, sizeof(count), ", %" PRIu64 " so far", (uint64_t)lost);
	return snprintf(note, size, "%s steered to its queues: %s; what comes by others is dropped (wrong_queue%s): %s",
			state == VTX_STEER_SOME ? "not all of its addresses are" : "frames for it are not", reason, count, remedy);
}
