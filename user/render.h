/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_RENDER_H
#define VTX_RENDER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Output, as text or as typed JSON from the same calls. In JSON (vtx_render_begin(true)) a json-c tree is built and printed by
 * vtx_render_end(); in text each value is printed at once by its own format. A format of NULL keeps a value out of the text, a key of NULL
 *keeps it out of a JSON object. An array's elements have no key: inside one, a value given with NULL is an element. Text formats take
 *exactly one conversion, that of the value ("%s", "%" PRIu64), with words around it. Bytes that aren't UTF-8, and in text control
 *characters, become '?'.
 *
 *	vtx_render_object(NULL);			{
 *	vtx_render_text("uplink", "%s", name);		  "uplink": "eth0"	| eth0
 *	vtx_render_number("mtu", " mtu %" PRIu64, 1500);  "mtu": 1500		|  mtu 1500
 *	vtx_render_array("ports");			  "ports": [
 *	...
 *	vtx_render_close(); vtx_render_close();
 */
void vtx_render_begin(bool json); /* the whole is an array */
/* Flushes. -EIO or -ENOMEM, after saying so, when stdout can't be written or memory ran out; of a JSON tree, then, nothing is printed. */
int vtx_render_end(void);

void vtx_render_object(const char *key); /* key NULL inside an array */
void vtx_render_array(const char *key);
void vtx_render_close(void);

/* @value NULL: there is none, in text and JSON alike. */
void vtx_render_text(const char *key, const char *fmt, const char *value);
void vtx_render_number(const char *key, const char *fmt, uint64_t value);
/* Text: @yes or @no, either may be NULL for nothing. */
void vtx_render_bool(const char *key, const char *yes, const char *no, bool value);
/* Text only: layout and words. For values of other people use vtx_render_text(), which cleans them. */
void vtx_render_plain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
