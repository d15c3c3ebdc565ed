/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for the BPF tests, and running a program on one. */
#ifndef VTX_TEST_FRAMES_H
#define VTX_TEST_FRAMES_H

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <string.h>

#include "vtapxdp/abi.h"

#define FRAME_MAX 9216

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
};

static inline void frame_put(struct frame *f, const void *data, uint32_t len)
{
	memcpy(f->bytes + f->len, data, len);
	f->len += len;
}

static inline void frame_put16(struct frame *f, uint16_t value)
{
	value = htons(value);
	frame_put(f, &value, sizeof(value));
}

/* Addresses, @tags VLAN tags (802.1ad outside where there are two), EtherType. */
static inline void frame_begin(struct frame *f, const uint8_t *dst, const uint8_t *src, int tags, uint16_t proto)
{
	memset(f, 0, sizeof(*f));
	frame_put(f, dst, 6);
	frame_put(f, src, 6);
	for (int i = tags; i > 0; i--) {
		frame_put16(f, i == 2 ? 0x88a8 : 0x8100);
		frame_put16(f, 0x2000 | (100 + i)); /* priority 1 */
	}
	frame_put16(f, proto);
}

static inline void frame_pad(struct frame *f, uint32_t len)
{
	if (f->len < len)
		f->len = len;
}

/* An IPv4 packet with @proto and a transport header whose checksum field is @check. */
static inline void frame_ipv4(struct frame *f, uint8_t proto, uint16_t check, uint16_t payload)
{
	uint8_t l4[20] = {0x30, 0x39, 0x00, 0x50}, ip[20] = {0x45};
	uint16_t l4len = proto == 6 ? 20 : 8;

	ip[2] = (uint8_t)((20 + l4len + payload) >> 8);
	ip[3] = (uint8_t)(20 + l4len + payload);
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	l4[proto == 6 ? 16 : 6] = (uint8_t)(check >> 8);
	l4[proto == 6 ? 17 : 7] = (uint8_t)check;
	l4[12] = proto == 6 ? 0x50 : 0;
	frame_put(f, ip, 20);
	frame_put(f, l4, l4len);
	f->len += payload;
}

/* Runs the program; returns what it returned, or a negative errno. */
static inline int frame_run(int prog, const struct frame *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->bytes, .data_size_in = f->len);
	int err = bpf_prog_test_run_opts(prog, &opts);

	return err ? err : (int)opts.retval;
}

#endif
