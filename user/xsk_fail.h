/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_XSK_FAIL_H
#define VTX_XSK_FAIL_H

/*
 * What went wrong in the guest library. A library prints nothing: it keeps the sentence for vtx_guest_error(), one for each thread. Returns
 * @err, so that it can end a function. errno is left as it was; control characters become '?'.
 */
int vtx_xsk_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
