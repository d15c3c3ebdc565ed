/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SELECT_H
#define VTX_SELECT_H

#include "options.h"
#include "uplink.h"

/* The arguments of commands that show something: of all uplinks, of one, or of one port. */
struct vtx_selection {
	const char *uplink, *port;
};
extern const struct vtx_opt vtx_selection_opts[];

/* Renders @fn(uplink, selection) for each uplink that is selected. An uplink or port that doesn't exist is said. @none: text when there is
 * nothing. */
int vtx_select(const struct vtx_selection *s, int (*fn)(struct vtx_uplink *u, void *selection), const char *none);

#endif
