/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_LOAD_H
#define VTX_LOAD_H

#include <stdbool.h>

struct bpf_object;

/* What the programs need of a kernel, probed (never by its version): 0, or -EOPNOTSUPP after naming what is missing. */
int vtx_check_kernel(void);

/*
 * Loads the programs of an uplink. The first object makes and pins the maps below @dir, the others take them from there; each program is
 * pinned at <dir>/progs/<name>. 0 or -errno, said; what was pinned is the caller's to remove.
 */
int vtx_load(const char *dir);

/*
 * Loads the ports' XDP program, with a devmap of its own: XDP programs that share one must agree on whether they take frames of several
 * buffers (@frags), and the kernel holds the map to the first one's word. Before an uplink's XDP program, and again where @frags changes;
 * an earlier one's pins go, so nothing may use it yet, and the devmap is empty.
 */
int vtx_load_port_xdp(const char *dir, bool frags);

/*
 * Loads this command's programs for an uplink that runs another version's, with the maps pinned below @dir: into the directory @progs,
 * which is made. @generation: of the observe programs, see config.traces. @frags: as the uplink was attached. 0 or -errno, said; what was
 * pinned is the caller's to remove.
 */
int vtx_load_next(const char *dir, const char *progs, int generation, bool frags);

/* Loads the program of an isolated AF_XDP port's guest end with the maps "xsks" and "stats" of the port's directory, and pins it in the
 * directory @progs as "xsk_def_prog". 0 or -errno, said. */
int vtx_load_xsk_rx(const char *port_dir, const char *progs);

/* Opens, but does not load, the uplink's XDP object, tied to the maps pinned below @dir: libxdp loads its program @name. NULL, said. */
struct bpf_object *vtx_open_uplink_xdp(const char *dir, const char *name);

/* A descriptor of the program that is pinned as @progs/@name, or -errno, said. */
int vtx_pinned_program(const char *progs, const char *name);

/* The same for the program @name of the uplink whose pins are in @dir. */
int vtx_program_fd(const char *dir, const char *name);

#endif
