/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_UPGRADE_H
#define VTX_UPGRADE_H

#include "uplink.h"

/*
 * Puts this command's programs in the places of those that an uplink and its ports run, under traffic: the maps stay, and at no hook is
 * there a moment without a program. The uplink is locked. 0 or -errno, said: then the old programs are back, or, where even that failed,
 * the uplink's state is UPGRADING, and vtx_upgrade() is to be called again, as 'vtapxdp repair' does.
 */
int vtx_upgrade(struct vtx_uplink *u);

/* Takes away what a killed vtx_upgrade() left: new programs before it replaced any, old observe programs after. What isn't there is fine.
 */
void vtx_upgrade_forget(const struct vtx_uplink *u);

#endif
