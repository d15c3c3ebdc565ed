/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SEQ_H
#define VTX_SEQ_H

#include <arpa/inet.h>
#include <endian.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Numbered frames, for tests that must account for each one: Ethernet, IPv4, UDP, then this. `vtapxdp guest tx` and the tests' blast send
 * them; `vtapxdp guest rx`, blast and tapcount count them and check that every sender's numbers only grow. Nobody owns the destination
 * address, so that no stack answers.
 */
#define SEQ_MAGIC 0x76747873U
#define SEQ_SENDERS 1024
#define SEQ_SRC_IP 0xc6336401U /* 198.51.100.1 */
#define SEQ_DST_IP 0xcb007101U /* 203.0.113.1 */
#define SEQ_UDP_PORT 9 /* discard */

struct seq_payload {
	uint32_t magic;
	uint32_t sender;
	uint64_t number;
} __attribute__((packed));

struct seq_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct seq_payload seq;
} __attribute__((packed));

struct seq_sender {
	uint64_t frames;
	uint64_t next; /* the number after the highest seen */
	uint64_t missing; /* numbers skipped */
	uint64_t disorder; /* frames whose number was not above all seen before: late ones and doubles */
};

struct seq_count {
	uint64_t frames;
	uint64_t bytes;
	uint64_t other; /* frames that are none of ours */
	struct seq_sender senders[SEQ_SENDERS];
};

/* RFC 1071, without the final complement. */
static inline uint32_t seq_sum(const void *data, size_t bytes, uint32_t start)
{
	const unsigned char *p = data;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		start += (uint32_t)(p[i] << 8 | p[i + 1]);
	return bytes & 1 ? start + (uint32_t)(p[bytes - 1] << 8) : start;
}

static inline uint16_t seq_finish(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s & 0xffff);
}

/* A frame of @size bytes, with everything but destination and number; what is behind the struct stays as it is, and should be zero. */
static inline void seq_prepare(struct seq_frame *f, size_t size, const void *src, uint32_t sender)
{
	size_t ip_len = size - sizeof(f->eth);

	memset(f, 0, sizeof(*f));
	memcpy(f->eth.h_source, src, ETH_ALEN);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip = (struct iphdr){.version = 4,
			       .ihl = 5,
			       .tot_len = htons((uint16_t)ip_len),
			       .ttl = 64,
			       .protocol = IPPROTO_UDP,
			       .saddr = htonl(SEQ_SRC_IP),
			       .daddr = htonl(SEQ_DST_IP)};
	f->ip.check = seq_finish(seq_sum(&f->ip, sizeof(f->ip), 0));
	f->udp = (struct udphdr){
		.source = htons(SEQ_UDP_PORT), .dest = htons(SEQ_UDP_PORT), .len = htons((uint16_t)(ip_len - sizeof(f->ip)))};
	f->seq = (struct seq_payload){.magic = htonl(SEQ_MAGIC), .sender = htonl(sender)};
}

/* The checksum is complete, as on a wire: the switch may not guess that it is partial. */
static inline void seq_number(struct seq_frame *f, const void *dst, uint64_t n)
{
	uint32_t s;

	memcpy(f->eth.h_dest, dst, ETH_ALEN);
	f->seq.number = htobe64(n);
	f->udp.check = 0;
	s = seq_sum(&f->ip.saddr, 8, IPPROTO_UDP + ntohs(f->udp.len));
	f->udp.check = seq_finish(seq_sum(&f->udp, sizeof(f->udp) + sizeof(f->seq), s));
}

static inline void seq_take(struct seq_count *c, const void *frame, size_t len)
{
	const struct seq_frame *f = frame;
	struct seq_sender *s;
	uint64_t number;

	if (len < sizeof(*f) || ntohs(f->eth.h_proto) != ETH_P_IP || ntohl(f->seq.magic) != SEQ_MAGIC ||
	    ntohl(f->seq.sender) >= SEQ_SENDERS) {
		c->other++;
		return;
	}
	c->frames++;
	c->bytes += len;
	s = &c->senders[ntohl(f->seq.sender)];
	s->frames++;
	number = be64toh(f->seq.number);
	if (number < s->next) {
		s->disorder++;
		return;
	}
	s->missing += number - s->next;
	s->next = number + 1;
}

/* One JSON object on one line; @extra is put in as it stands (", \"name\": value"). */
static inline void seq_print(FILE *out, const struct seq_count *c, const char *extra)
{
	const char *comma = "";

	fprintf(out, "{\"frames\": %llu, \"bytes\": %llu, \"other\": %llu%s, \"senders\": [", (unsigned long long)c->frames,
		(unsigned long long)c->bytes, (unsigned long long)c->other, extra);
	for (unsigned int i = 0; i < SEQ_SENDERS; i++) {
		const struct seq_sender *s = &c->senders[i];

		if (!s->frames)
			continue;
		fprintf(out, "%s{\"id\": %u, \"frames\": %llu, \"missing\": %llu, \"disorder\": %llu}", comma, i,
			(unsigned long long)s->frames, (unsigned long long)s->missing, (unsigned long long)s->disorder);
		comma = ", ";
	}
	fprintf(out, "]}\n");
	fflush(out);
}

#endif
