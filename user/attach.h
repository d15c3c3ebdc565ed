/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_ATTACH_H
#define VTX_ATTACH_H

#include "uplink.h"

struct vtx_attach_spec {
	const char *ifname;
	const char *xdp; /* "native", "generic", "auto", "off" */
	const char *tc; /* "tcx", "clsact", "auto" */
	struct vtx_config settings; /* what settings.h calls so */
};

/* Attaches; on failure all is as before. *@config is what came of it. 0 or -errno, said. */
int vtx_attach(const struct vtx_attach_spec *spec, struct vtx_config *config);

/* Takes a locked uplink down, in any state; @u is of no use afterwards. Its ports must be gone. */
int vtx_detach(struct vtx_uplink *u);

extern const char *const vtx_xdp_names[], *const vtx_tc_names[];

#endif
