/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PARSE_H
#define VTX_PARSE_H

#include <stdint.h>

#include "vtapxdp/abi.h"

/* Text from users to values. Each returns 0, or -EINVAL after saying with vtx_error() what is wrong with @text and what would be right. */

/* A guest's MAC address: six colon-separated hex pairs; not zero, not a group address. */
int vtx_parse_mac(const char *text, uint8_t mac[VTX_MAC_SIZE]);
/* A MAC address to send to: a group's, too. */
int vtx_parse_destination(const char *text, uint8_t mac[VTX_MAC_SIZE]);
/* A port's name: [A-Za-z0-9][A-Za-z0-9_-]*, at most VTX_NAME_SIZE - 1 bytes. */
int vtx_parse_port_name(const char *text);
/* A network device's name, by the kernel's rules (dev_valid_name: not empty, < 16 bytes, not "." or "..", no '/', ':' or white
 * space). Nor '%', which is legal there but never part of a name: the kernel puts a number in its place. */
int vtx_parse_ifname(const char *text);
/* A decimal number in [@min, @max]; @what names it in the message. */
int vtx_parse_u32(const char *text, const char *what, uint32_t min, uint32_t max, uint32_t *value);
/* "3", or "2-5": numbers in [0, @max]. *@count is how many there are from *@first on. */
int vtx_parse_range(const char *text, const char *what, uint32_t max, uint32_t *first, uint32_t *count);
/* A file's permissions in octal, 1 to 0777. */
int vtx_parse_mode(const char *text, const char *what, uint32_t *mode);
/* One of @words (NULL-terminated); *@index is its place. The message lists the words. */
int vtx_parse_word(const char *text, const char *what, const char *const *words, int *index);

/* Formats "52:54:00:12:34:56". */
#define VTX_MAC_TEXT 18
void vtx_format_mac(const uint8_t mac[VTX_MAC_SIZE], char text[VTX_MAC_TEXT]);

/* A random locally administered unicast address with QEMU's customary prefix 52:54:00. */
int vtx_random_mac(uint8_t mac[VTX_MAC_SIZE]);

#endif
