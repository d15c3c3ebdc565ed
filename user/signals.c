// SPDX-License-Identifier: GPL-2.0-only
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "error.h"

static volatile sig_atomic_t caught;

static void note(int signal)
{
	caught = signal;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))
static struct sigaction before[SIGNALS];
static bool catching;

void vtx_signals_catch(void)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};

	if (catching)
		return;
	catching = true;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &before[i]);
}

void vtx_signals_release(void)
{
	int signal;

	if (!catching)
		return;
	catching = false;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	signal = caught;
	caught = 0;
	if (signal)
		raise(signal);
}

int vtx_interrupted(const char *what)
{
	if (!caught)
		return 0;
	return vtx_error(-EINTR, "%s: interrupted by a signal (%s), nothing was changed", what, strsignal(caught));
}
