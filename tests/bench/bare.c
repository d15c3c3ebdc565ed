// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts one of the bare programs on devices (bare.bpf.c), until stdin ends.
 *
 *   bare redirect DEV TARGET...     frames go to the target that their address numbers
 *   bare socket DEV PIN             frames go to the AF_XDP socket of their queue in the XSKMAP that is pinned as PIN
 *   bare cable DEV DEV              what comes in on one goes out of the other
 *   bare pass DEV...                so that frames can be redirected to their far ends
 */
#include <net/if.h>

#include "bench/bare.skel.h"
#include "attach.h"
#include "say.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static uint32_t device(const char *name)
{
	uint32_t ifindex = if_nametoindex(name);

	if (!ifindex)
		error(1, errno, "%s", name);
	return ifindex;
}

static struct vtb_bare *load(void)
{
	struct vtb_bare *skel = vtb_bare__open_and_load();

	if (!skel)
		error(1, errno, "the kernel refused the bare programs");
	return skel;
}

static void attach(const struct bpf_program *prog, const char *dev)
{
	vtb_attach_xdp(bpf_program__fd(prog), dev, device(dev));
}

static void target(const struct vtb_bare *skel, uint32_t slot, const char *dev)
{
	uint32_t ifindex = device(dev);

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.devices), &slot, &ifindex, BPF_ANY))
		error(1, errno, "%s: can't be redirected to", dev);
}

static void run_redirect(int argc, char **argv)
{
	struct vtb_bare *skel = load();

	for (int i = 1; i < argc; i++)
		target(skel, i - 1, argv[i]);
	attach(skel->progs.redirect, argv[0]);
}

static void run_socket(int argc, char **argv)
{
	struct vtb_bare *skel = load();

	(void)argc;
	if (bpf_map__pin(skel->maps.sockets, argv[1]))
		error(1, errno, "%s", argv[1]);
	attach(skel->progs.to_socket, argv[0]);
}

static void run_cable(int argc, char **argv)
{
	struct vtb_bare *there = load(), *back = load();

	(void)argc;
	target(there, 0, argv[1]);
	target(back, 0, argv[0]);
	attach(there->progs.cable, argv[0]);
	attach(back->progs.cable, argv[1]);
}

static void run_pass(int argc, char **argv)
{
	struct vtb_bare *skel = load();

	for (int i = 0; i < argc; i++)
		attach(skel->progs.pass, argv[i]);
}

static const struct {
	const char *name;
	int least;
	void (*run)(int argc, char **argv);
} verbs[] = {{"redirect", 2, run_redirect}, {"socket", 2, run_socket}, {"cable", 2, run_cable}, {"pass", 1, run_pass}};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, argv[1]) || argc - 2 < verbs[i].least)
			continue;
		verbs[i].run(argc - 2, argv + 2);
		fputs("{\"ready\": true}", stdout);
		vtb_answer();
		while (vtb_command())
			;
		return 0;
	}
	error(2, 0, "usage: bare redirect DEV TARGET... | socket DEV PIN | cable DEV DEV | pass DEV...");
}
