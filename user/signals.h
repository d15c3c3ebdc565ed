/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SIGNALS_H
#define VTX_SIGNALS_H

/* From here on SIGINT, SIGTERM and SIGHUP don't end the process: they are noted, and a command that changes something looks between its
 * steps. */
void vtx_signals_catch(void);

/* They do again what they did before; one that was noted meanwhile does so at once. */
void vtx_signals_release(void);

/* 0, or -EINTR after saying that @what was interrupted (once); the caller unwinds. */
int vtx_interrupted(const char *what);

#endif
