/* SPDX-License-Identifier: GPL-2.0-only */
/* The guard: is what a guest sent honest? */
#ifndef VTX_GUARD_H
#define VTX_GUARD_H

#include "fdb.h"
#include "maps.h"
#include "parse.h"

/* The rule that the frame of @self's guest breaks, or VTX_R_NONE. Its source address is vtx_check_source()'s matter. */
vtx_subprog enum vtx_reason vtx_guard(const struct vtx_config *config, const struct vtx_target *self, const void *data, const void *end,
				      const struct vtx_frame *f)
{
	return VTX_R_NONE;
}

#endif
