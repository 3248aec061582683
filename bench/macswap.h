/* What the macswap responder tells whoever mapped its file: it writes, they read. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct macswap_stats {
	_Atomic uint64_t frames, rx_cycles, work_cycles,
		tx_cycles; /* TSC, of turns that found work */
};
