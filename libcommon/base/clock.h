/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_CLOCK_H
#define PATRONUS_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic time: for durations and timers. */
uint64_t clock_mono_us(void);
uint64_t clock_mono_ms(void);
/* Processor time of this process so far. */
uint64_t clock_cpu_us(void);
/* Wall clock: only for what people read and for expiry dates. */
uint64_t clock_wall_ms(void);
/* "2026-11-20T12:00:00Z" for milliseconds since 1970; ret has 32 bytes.  With milliseconds when ms is not a whole second. */
const char *clock_rfc3339(uint64_t wall_ms, char ret[32]);

#endif
