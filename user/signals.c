// SPDX-License-Identifier: GPL-2.0-only
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "error.h"

static volatile sig_atomic_t caught;

static void note(int signal)
{
	caught = signal;
}

void vtx_signals_catch(void)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int vtx_interrupted(const char *what)
{
	if (!caught)
		return 0;
	return vtx_error(-EINTR, "%s: interrupted by a signal (%s), nothing was changed", what, strsignal(caught));
}
