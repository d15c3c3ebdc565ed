// SPDX-License-Identifier: GPL-2.0-only
/*
 * Theory of operation: in JSON, @stack holds the containers from the outermost array to the innermost open one. A container belongs to its
 * parent from the start, so the outermost one owns the tree, and closing only steps back. A lack of memory is remembered and said at the
 * end: half a tree is never printed.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "render.h"

#define DEPTH_MAX 16

static struct {
	bool json;
	bool failed; /* no memory for a part of the tree */
	int depth; /* open containers, the outermost one included */
	struct json_object *stack[DEPTH_MAX];
} out;

/* Bytes of the UTF-8 character at @s, or 0 if it is none (RFC 3629). *@code is its code point. */
static size_t read_utf8(const unsigned char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* a longer form than needed is an error */
	size_t len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t c = s[0];

	if (len > 1)
		c = s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (len && (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return 0;
	*code = c;
	return len;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/*
 * Device names and paths are other people's bytes. JSON must be UTF-8, or readers refuse the whole (RFC 8259, 8.1); a terminal must get no
 * escape sequences. What is not fit becomes '?'. JSON escapes control characters by itself.
 */
static void clean(char *text, bool for_terminal)
{
	unsigned char *to = (unsigned char *)text;

	for (const unsigned char *from = to; *from;) {
		uint32_t code = 0;
		size_t len = read_utf8(from, &code);

		if (!len || (for_terminal && is_control(code))) {
			*to++ = '?';
			from += len ? len : 1;
			continue;
		}
		memmove(to, from, len);
		to += len;
		from += len;
	}
	*to = '\0';
}

/* A clean copy for the caller to free; NULL is remembered as a failure. */
static char *clean_copy(const char *value)
{
	char *copy = strdup(value);

	if (copy)
		clean(copy, !out.json);
	else
		out.failed = true;
	return copy;
}

static struct json_object *top(void)
{
	return out.stack[out.depth - 1];
}

/* Does a value of this key belong into the innermost container? An array's elements have no key, an object's texts without one are for
 * people. */
static bool wants(const char *key)
{
	assert(out.depth > 0); /* vtx_render_begin() was called */
	return out.json && (key || json_object_is_type(top(), json_type_array));
}

/* Gives @child to the innermost container, and frees it when that has no room. */
static bool put_in(const char *key, struct json_object *child)
{
	struct json_object *parent = top();
	int err = -1;

	if (child && parent)
		err = json_object_is_type(parent, json_type_array) ? json_object_array_add(parent, child)
								   : json_object_object_add(parent, key, child);
	if (!err)
		return true;
	json_object_put(child);
	out.failed = true;
	return false;
}

/* A container that could not be made stands as NULL on the stack, so that closing stays in step. */
static void open_container(const char *key, bool array)
{
	struct json_object *o;

	assert(out.depth > 0 && out.depth < DEPTH_MAX);
	if (!out.json) {
		out.depth++;
		return;
	}
	assert(key || !json_object_is_type(top(), json_type_object)); /* else the value would have no name */
	o = array ? json_object_new_array() : json_object_new_object();
	if (!put_in(key, o))
		o = NULL;
	out.stack[out.depth++] = o;
}

void vtx_render_begin(bool json)
{
	json_object_put(out.stack[0]); /* of a tree that was given up */
	memset(&out, 0, sizeof(out));
	out.json = json;
	out.depth = 1;
	if (json)
		out.stack[0] = json_object_new_array();
	out.failed = json && !out.stack[0];
}

static void print_tree(void)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = out.failed ? NULL : json_object_to_json_string_ext(out.stack[0], flags);

	out.failed = !text;
	if (text)
		printf("%s\n", text);
}

int vtx_render_end(void)
{
	bool failed, written;

	errno = 0;
	if (out.json)
		print_tree();
	failed = out.failed;
	written = !ferror(stdout);
	written = !fflush(stdout) && written;
	if (!written)
		vtx_error(-EIO, "can't write to standard output: %s", vtx_reason_of(errno ? errno : EIO));
	else if (failed)
		vtx_error(-ENOMEM, "no output: out of memory");
	json_object_put(out.stack[0]);
	memset(&out, 0, sizeof(out));
	if (!written)
		return -EIO;
	return failed ? -ENOMEM : 0;
}

void vtx_render_object(const char *key)
{
	open_container(key, false);
}

void vtx_render_array(const char *key)
{
	open_container(key, true);
}

void vtx_render_close(void)
{
	assert(out.depth > 1); /* the outermost array is closed by vtx_render_end() */
	out.depth--;
}

void vtx_render_text(const char *key, const char *fmt, const char *value)
{
	char *copy;

	if (!value || (out.json ? !wants(key) : !fmt))
		return;
	copy = clean_copy(value);
	if (copy && out.json)
		put_in(key, json_object_new_string(copy));
	else if (copy)
		printf(fmt, copy);
	free(copy);
}

void vtx_render_number(const char *key, const char *fmt, uint64_t value)
{
	if (wants(key))
		put_in(key, json_object_new_uint64(value));
	else if (!out.json && fmt)
		printf(fmt, value);
}

void vtx_render_bool(const char *key, const char *yes, const char *no, bool value)
{
	const char *words = value ? yes : no;

	if (wants(key))
		put_in(key, json_object_new_boolean(value));
	else if (!out.json && words)
		fputs(words, stdout);
}

void vtx_render_plain(const char *fmt, ...)
{
	va_list args;

	if (out.json)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}
