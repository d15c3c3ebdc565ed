/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "xsk_fail.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "vtapxdp/guest.h"

static __thread char text[512];

int vtx_xsk_fail(int err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	errno = saved;
	return err;
}

const char *vtx_guest_error(void)
{
	return text;
}
