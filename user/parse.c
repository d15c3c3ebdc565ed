// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "parse.h"

/* A word of the user's in a message: enough to be recognised, and never so long that our own words fall off the line's end. */
#define WORD "'%.64s'"

/* ctype.h goes by the locale; what the kernel and the port names accept doesn't. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Not sscanf: it takes blanks, signs, "0x" and single digits for pairs. */
static bool read_mac(const char *text, uint8_t mac[VTX_MAC_SIZE])
{
	if (strnlen(text, VTX_MAC_TEXT) != VTX_MAC_TEXT - 1)
		return false;
	for (int i = 0; i < VTX_MAC_SIZE; i++, text += 3) {
		int high = hex_value(text[0]), low = hex_value(text[1]);

		if (high < 0 || low < 0 || text[2] != (i < VTX_MAC_SIZE - 1 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int vtx_parse_mac(const char *text, uint8_t mac[VTX_MAC_SIZE])
{
	static const uint8_t zero[VTX_MAC_SIZE];
	uint8_t got[VTX_MAC_SIZE];

	if (!read_mac(text, got))
		return vtx_error(-EINVAL, WORD " is no MAC address; write six pairs of hex digits, as in 52:54:00:12:34:56", text);
	if (!memcmp(got, zero, sizeof(zero)))
		return vtx_error(-EINVAL, "MAC address %s is all zeros, which no guest can have; choose another", text);
	if (got[0] & 1) /* IEEE 802-2014, 8.2.2: the I/G bit */
		return vtx_error(-EINVAL,
				 "MAC address %s is a group (multicast or broadcast) address; a guest's has an even first pair, as in "
				 "52:54:00:12:34:56",
				 text);
	memcpy(mac, got, sizeof(got));
	return 0;
}

int vtx_parse_destination(const char *text, uint8_t mac[VTX_MAC_SIZE])
{
	if (read_mac(text, mac))
		return 0;
	return vtx_error(-EINVAL, WORD " is no MAC address; write six pairs of hex digits, as in 52:54:00:12:34:56", text);
}

int vtx_parse_port_name(const char *text)
{
	if (!*text)
		return vtx_error(-EINVAL, "a port's name is empty; give it 1 to %d letters, digits, '_' or '-'", VTX_NAME_SIZE - 1);
	if (strlen(text) >= VTX_NAME_SIZE)
		return vtx_error(-EINVAL, "port name " WORD " is too long: at most %d characters", text, VTX_NAME_SIZE - 1);
	if (!is_alnum(text[0]))
		return vtx_error(-EINVAL, "port name " WORD " does not begin with a letter or a digit", text);
	for (const char *c = text; *c; c++)
		if (!is_alnum(*c) && *c != '_' && *c != '-')
			return vtx_error(-EINVAL, "port name " WORD " may hold letters, digits, '_' and '-' only", text);
	return 0;
}

/* Where a device's name breaks the kernel's rules, or NULL. Its isspace() is that of Latin-1: a no-break space counts (lib/ctype.c). */
static const char *bad_in_ifname(const char *text)
{
	return strpbrk(text, "/: \t\n\v\f\r\xa0%");
}

int vtx_parse_ifname(const char *text)
{
	if (!*text)
		return vtx_error(-EINVAL, "a network device's name is empty");
	if (strlen(text) >= VTX_IFNAME_SIZE)
		return vtx_error(-EINVAL, WORD " is too long for a network device's name: at most %d bytes", text, VTX_IFNAME_SIZE - 1);
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return vtx_error(-EINVAL, WORD " can't be a network device's name", text);
	if (bad_in_ifname(text))
		return vtx_error(-EINVAL, WORD " can't be a network device's name: it holds '/', ':', '%%' or white space", text);
	return 0;
}

int vtx_parse_u32(const char *text, const char *what, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t got = 0;
	const char *c = text;

	/* Not strtoul: it takes blanks and signs, and "-1" is a large number to it. */
	for (; is_digit(*c) && got <= UINT32_MAX; c++)
		got = got * 10 + (uint64_t)(*c - '0');
	if (!*text || (*c && !is_digit(*c)))
		return vtx_error(-EINVAL, "%s: " WORD " is no decimal number; give one from %u to %u", what, text, min, max);
	if (got < min || got > max)
		return vtx_error(-EINVAL, "%s: %.64s is out of range; give a number from %u to %u", what, text, min, max);
	*value = (uint32_t)got;
	return 0;
}

/* "a, b or c"; what doesn't fit is left off. */
static void join_words(const char *const *words, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; words[i] && used < size; i++) {
		const char *glue = i == 0 ? "" : words[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(text + used, size - used, "%s%s", glue, words[i]);
	}
}

int vtx_parse_range(const char *text, const char *what, uint32_t max, uint32_t *first, uint32_t *count)
{
	const char *dash = strchr(text, '-');
	char low[16];
	uint32_t a = 0, b = 0;
	int err;

	if (!dash || dash - text >= (long)sizeof(low)) {
		err = vtx_parse_u32(text, what, 0, max, &a);
		b = a;
	} else {
		snprintf(low, sizeof(low), "%.*s", (int)(dash - text), text);
		err = vtx_parse_u32(low, what, 0, max, &a);
		if (!err)
			err = vtx_parse_u32(dash + 1, what, 0, max, &b);
	}
	if (err)
		return err;
	if (b < a)
		return vtx_error(-EINVAL, "%s " WORD ": the first is greater than the last", what, text);
	*first = a;
	*count = b - a + 1;
	return 0;
}

int vtx_parse_mode(const char *text, const char *what, uint32_t *mode)
{
	char *end;
	unsigned long value = is_digit(text[0]) && strlen(text) <= 4 ? strtoul(text, &end, 8) : 0;

	if (!value || value > 0777 || *end)
		return vtx_error(-EINVAL, "%s " WORD " is no file mode: write octal permissions, as in 0660", what, text);
	*mode = value;
	return 0;
}

int vtx_parse_word(const char *text, const char *what, const char *const *words, int *index)
{
	char choice[256];

	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i])) {
			*index = i;
			return 0;
		}
	}
	join_words(words, choice, sizeof(choice));
	return vtx_error(-EINVAL, "%s can't be " WORD "; choose %s", what, text, choice);
}

void vtx_format_mac(const uint8_t mac[VTX_MAC_SIZE], char text[VTX_MAC_TEXT])
{
	snprintf(text, VTX_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

int vtx_random_mac(uint8_t mac[VTX_MAC_SIZE])
{
	uint8_t got[VTX_MAC_SIZE] = {0x52, 0x54, 0x00};
	ssize_t n;

	do
		n = getrandom(got + 3, sizeof(got) - 3, 0);
	while (n < 0 && errno == EINTR); /* only while the kernel's generator isn't seeded yet */
	if (n != (ssize_t)sizeof(got) - 3)
		return vtx_error(n < 0 ? -errno : -EIO, "no random MAC address: getrandom fails: %s; give one with --mac",
				 vtx_reason_of(n < 0 ? errno : EIO));
	memcpy(mac, got, sizeof(got));
	return 0;
}
