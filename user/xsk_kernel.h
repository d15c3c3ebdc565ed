/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_XSK_KERNEL_H
#define VTX_XSK_KERNEL_H

#include <stdint.h>
#include <sys/socket.h>

#include <linux/if_xdp.h>

/*
 * What newer kernels have than the headers of Debian 12 (Documentation/networking/af_xdp.rst, xsk-tx-metadata.rst). Whether the running
 * kernel has it, its answer tells.
 */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif
#ifndef XDP_TX_METADATA
#define XDP_TX_METADATA (1 << 1)
#endif
#ifndef XDP_UMEM_TX_SW_CSUM
#define XDP_UMEM_TX_SW_CSUM (1 << 1)
#endif
#ifndef XDP_UMEM_TX_METADATA_LEN
#define XDP_UMEM_TX_METADATA_LEN (1 << 2)
#endif
#ifndef XDP_TXMD_FLAGS_TIMESTAMP
#define XDP_TXMD_FLAGS_TIMESTAMP (1 << 0)
#define XDP_TXMD_FLAGS_CHECKSUM (1 << 1)
#endif

/* struct xdp_umem_reg with its last field; kernels that don't know it take the size of those that they know. */
struct vtx_umem_reg {
	uint64_t addr, len;
	uint32_t chunk_size, headroom, flags, tx_metadata_len;
};

/* struct xsk_tx_metadata: lies in front of a frame that is sent. */
struct vtx_tx_metadata {
	uint64_t flags;
	union {
		struct {
			uint16_t csum_start, csum_offset;
		} request;
		uint64_t tx_timestamp;
	};
	uint64_t launch_time;
};

_Static_assert(sizeof(struct vtx_umem_reg) == 32, "the kernel's layout");
_Static_assert(sizeof(struct vtx_tx_metadata) == 24, "the kernel's layout");

/* Bytes that the kernel keeps in front of a received frame, for XDP programs. */
#define VTX_XDP_HEADROOM 256

#endif
