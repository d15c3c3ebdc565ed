/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTAPXDP_GUEST_H
#define VTAPXDP_GUEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * libvtapxdp-guest: for a program that is a guest of vtapxdp, at a port of kind xsk. Frames are received and sent through AF_XDP sockets,
 * in memory that the program and the kernel share, without copying by this library. It needs libc and the kernel, nothing else, and no
 * privilege: the broker hands out the sockets to those whom the port's socket lets in. docs/guest.md tells how to use it.
 *
 * Frames. A guest has memory of so many frames (the UMEM), which all of its queues share. A frame is the program's, after
 * vtx_guest_rx() or vtx_guest_alloc(), until it gives it back by vtx_guest_tx() or vtx_guest_free(), to whatever queue. Who keeps frames
 * for ever receives no more.
 *
 * Threads. A queue is one thread's at a time; different queues may be used by different threads at once, and a frame that one queue
 * received may be sent or freed through another. vtx_guest_stats(), vtx_guest_info() and vtx_guest_fd() may be called by any thread.
 * Opening and closing is one thread's, with no other inside. Nothing here may be called from a signal handler; vtx_guest_wait() returns
 * when one has run.
 *
 * Errors. What can fail returns 0 (or a count), or -errno; vtx_guest_error() then has a sentence for a person, of the calling thread.
 *
 * Growth. The structs that the program makes begin with their size; vtx_guest_stats() and vtx_guest_info() fill what the program knows of.
 */

#define VTX_GUEST_BATCH 64 /* what is usual to receive and send at once */
#define VTX_GUEST_QUEUES_MAX 64
#define VTX_GUEST_PAUSE_MAX_US 10000

struct vtx_guest;
struct vtx_guest_queue;

/* Flags of struct vtx_guest_options. */
#define VTX_GUEST_COPY (1U << 0) /* the kernel copies frames, even where the driver need not */
#define VTX_GUEST_ZERO_COPY (1U << 1) /* insist on zero-copy: an error where the driver has none; with neither flag it is tried */
#define VTX_GUEST_UNALIGNED (1U << 2) /* frame_size need not be a power of two */
#define VTX_GUEST_MULTI_BUFFER (1U << 3) /* frames larger than frame_size come and go in several pieces (Linux 6.6) */
#define VTX_GUEST_SMALL_PAGES (1U << 4) /* don't try huge pages */
#define VTX_GUEST_TX_METADATA (1U << 5) /* let the kernel compute checksums and tell when a frame left, where it can (Linux 6.8) */
#define VTX_GUEST_ALWAYS_WAKE (1U << 6) /* wake the kernel each time, instead of when it asks for it */

/* What is 0 has a default. Sizes of rings are powers of two from 64 to 32,768; each entry is one frame. */
struct vtx_guest_options {
	size_t size; /* sizeof(struct vtx_guest_options) */
	uint32_t flags;
	uint32_t first_queue; /* of the port's: 0 is its first */
	uint32_t queues; /* how many from there on; 0: all (by vtx_guest_open_device(): one) */
	uint32_t frames; /* in the memory that all queues share; 0: fill_size + tx_size + 1,024 for each queue */
	uint32_t frame_size; /* bytes, from 2,048 to a page; 0: 2,048 where the port's MTU fits, else a page */
	uint32_t headroom; /* bytes in front of a received frame, beside the 256 that the kernel keeps */
	uint32_t rx_size; /* ring of received frames; 0: as fill_size */
	uint32_t fill_size; /* ring of free frames for the kernel, which is how many can arrive while the program is away; 0: 2,048 */
	uint32_t tx_size; /* ring of frames to send, and that of sent ones; 0: 1,024 */
	uint32_t busy_poll_us; /* the program's own thread runs the driver, for so many microseconds at a time; 0: no busy polling */
	uint32_t busy_poll_budget; /* frames at a time; 0: 64 */
	uint32_t bind_wait_ms; /* how long to wait for a queue that another program is just leaving; 0: 2,000 */
	uint32_t pause_us; /* while frames keep coming, look for them so often instead of being woken; 0: be woken */
};

#define VTX_GUEST_OPTIONS_INIT                                                                                                             \
	{                                                                                                                                  \
		sizeof(struct vtx_guest_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                    \
	}

/*
 * Opens the port whose socket the broker has at @socket_path (/run/vtapxdp/UPLINK/PORT.sock). @options NULL: all defaults. 0 and *@guest,
 * or -errno: -ENOENT, -ECONNREFUSED: no such port, no broker; -EACCES: the port is not this user's; -EBUSY: another program has the queue;
 * -ENOBUFS: more memory than may be locked (RLIMIT_MEMLOCK; the text has the figure); -ENODEV: the device is gone; -EOPNOTSUPP: this kernel
 * or driver can't do what the options insist on; -EINVAL: options that fit nothing; -EPROTO: what answered is no broker.
 */
int vtx_guest_open(const char *socket_path, const struct vtx_guest_options *options, struct vtx_guest **guest);

/*
 * The same without a broker, for a program that has CAP_NET_RAW itself: binds to the queues of the device @ifname of the caller's network
 * namespace, and puts the sockets into an XSKMAP (which needs CAP_BPF): the one pinned at @map_path, or, where that is NULL, the one of
 * descriptor @map_fd, which stays the caller's; or into none, with @map_fd -1: then it sends, and somebody else puts its sockets into a
 * map.
 */
int vtx_guest_open_device(const char *ifname, const char *map_path, int map_fd, const struct vtx_guest_options *options,
			  struct vtx_guest **guest);

/* Closes its sockets and unmaps its memory: all frames are gone. NULL is taken. */
void vtx_guest_close(struct vtx_guest *guest);

/* What went wrong last in the calling thread: one line without a line break; "" if nothing ever did. Valid until the next call that fails.
 */
const char *vtx_guest_error(void);

struct vtx_guest_info {
	size_t size; /* sizeof(struct vtx_guest_info), set by the caller */
	char name[64]; /* of the port; of the device where there was no broker */
	char ifname[16]; /* the device that the sockets are bound to, in its own network namespace */
	uint8_t mac[6]; /* the guest's address */
	uint8_t direct; /* 1: the queues are the uplink's own; 0: of a device of the port's own */
	uint8_t zero_copy; /* 1: the driver works in the guest's memory; 0: the kernel copies */
	uint32_t mtu; /* bytes, without the Ethernet header */
	uint32_t first_queue, queues; /* of the device */
	uint32_t frames, frame_size; /* the memory */
	uint32_t room; /* bytes that a frame has from where alloc and rx put its data */
	uint32_t huge_pages; /* 1: huge pages; 0: small ones, because none were free or none were asked for */
	uint32_t multi_buffer; /* 1: frames in several pieces come and go */
	uint32_t busy_poll; /* 1: on */
	uint32_t tx_metadata; /* 1: VTX_GUEST_F_CSUM is the kernel's work, and there are times; 0: the library computes checksums itself */
};

void vtx_guest_info(const struct vtx_guest *guest, struct vtx_guest_info *info);

/* The @i-th queue that was opened, counted from 0; NULL: there are not so many. */
struct vtx_guest_queue *vtx_guest_queue(struct vtx_guest *guest, uint32_t i);

/* Flags of a frame. */
#define VTX_GUEST_F_MORE (1U << 0) /* the next frame of the array continues the packet (multi-buffer) */
#define VTX_GUEST_F_CSUM (1U << 1) /* tx: sum the packet from csum_start to its end into csum_start + csum_offset; see below */
#define VTX_GUEST_F_TIME (1U << 2) /* tx: let the device note when it leaves (vtx_guest_stats.tx_time) */

/*
 * A frame in the program's hands. What it may change: data, forwards to strip a header and backwards to add one, as far as the frame's own
 * memory goes; len; the flags. @id is the library's.
 *
 * VTX_GUEST_F_CSUM: the field of 16 bits at csum_start + csum_offset (both bytes from data) holds the sum of the pseudo header, as with
 * virtio-net. For packets of one piece.
 */
struct vtx_guest_frame {
	void *data;
	uint64_t id;
	uint32_t len; /* bytes; no frame check sequence */
	uint32_t flags;
	uint16_t csum_start, csum_offset;
	uint32_t reserved;
};

/*
 * Takes up to @n received frames into @frames: how many, at once, 0 if there are none. Gives the kernel free frames to receive into as it
 * goes, so it has to be called for receiving to go on. The pieces of one packet may be cut by the end of @frames: the next call goes on.
 */
uint32_t vtx_guest_rx(struct vtx_guest_queue *queue, struct vtx_guest_frame *frames, uint32_t n);

/*
 * Waits until a frame is there or @timeout_ms have passed (-1: for ever). 1: a frame; 0: none; -EINTR: a signal; -ENETDOWN: the device is
 * down; -ENODEV: it is gone. With busy polling the thread keeps running the driver meanwhile; with pause_us it pauses first, as below.
 */
int vtx_guest_wait(struct vtx_guest_queue *queue, int timeout_ms);

/*
 * For a program that has more than one descriptor to poll(), to be called when vtx_guest_rx() had nothing, before it does: sleeps for
 * pause_us where frames came lately. 1: it slept, look for frames again; 0: it didn't, and won't before the next frame, so poll(); -EINTR:
 * a signal. Always 0 without pause_us. A thread's timer slack comes on top, 50 us unless prctl(PR_SET_TIMERSLACK) said otherwise.
 */
int vtx_guest_pause(struct vtx_guest_queue *queue);

/*
 * Gives up to @n frames to be sent: how many were taken, which are no longer the program's; never a part of a packet. Fewer than @n: the
 * ring is full; vtx_guest_flush() makes room. The kernel begins at vtx_guest_flush(). A frame that doesn't fit its memory is dropped by the
 * kernel, counted as tx_invalid, and its memory is lost.
 */
uint32_t vtx_guest_tx(struct vtx_guest_queue *queue, const struct vtx_guest_frame *frames, uint32_t n);

/* Has the kernel send what vtx_guest_tx() was given. 0: all of it; -EAGAIN: the device takes no more for now, call again; -EOPNOTSUPP: the
 * queue only receives, as some of virtio-net's do while it has an XDP program; -ENETDOWN, -ENODEV. */
int vtx_guest_flush(struct vtx_guest_queue *queue);

/* Takes up to @n free frames, data at their usual place and len 0: how many; fewer when all are in use. Sent ones come back this way. */
uint32_t vtx_guest_alloc(struct vtx_guest_queue *queue, struct vtx_guest_frame *frames, uint32_t n);

/* Gives frames back unsent. */
void vtx_guest_free(struct vtx_guest_queue *queue, const struct vtx_guest_frame *frames, uint32_t n);

/* For poll(): readable when a frame is there. Call vtx_guest_rx() until it returns 0 before waiting on it. Don't read, write or close it.
 */
int vtx_guest_fd(const struct vtx_guest_queue *queue);

/* Since the queue was opened. "Packets" count once, in however many pieces they came. */
struct vtx_guest_stats {
	size_t size; /* sizeof(struct vtx_guest_stats), set by the caller */
	uint64_t rx_packets, rx_bytes;
	uint64_t tx_packets, tx_bytes; /* given to be sent */
	uint64_t tx_dropped; /* of these, what the device refused to carry (copy mode) */
	uint64_t tx_again; /* how often the kernel said: later */
	uint64_t wakeups; /* system calls to wake the kernel */
	uint64_t no_frames; /* how often there was no free frame for the kernel to receive into */
	uint64_t tx_time; /* when the last frame with VTX_GUEST_F_TIME left, by the device's clock, in ns; 0: not told */
	uint32_t frames_free; /* of the guest, in no queue's and no program's hands */
	uint32_t frames_receiving; /* with the kernel, to receive into, and received but not taken */
	uint32_t frames_sending; /* given to be sent and not yet back */
	uint32_t reserved;
	/* What the kernel says (XDP_STATISTICS). */
	uint64_t rx_dropped; /* no room in a frame, or no frame: those of fill_empty are among these in copy mode */
	uint64_t rx_invalid; /* descriptors in the fill ring that it didn't take */
	uint64_t tx_invalid; /* descriptors in the transmit ring that it didn't take */
	uint64_t rx_ring_full;
	uint64_t fill_empty; /* frames that found no free frame */
	uint64_t tx_empty; /* it looked for something to send and found nothing */
};

/* 0, or -errno where the kernel didn't tell: then its fields are 0. */
int vtx_guest_stats(const struct vtx_guest_queue *queue, struct vtx_guest_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
