/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_FIREWALL_BATCH_H
#define PATRONUS_TESTS_FIREWALL_BATCH_H

#include <stdbool.h>

#include "base/buf.h"

struct arena;
struct conf_fwd;

/* The whole way from a configuration to the kernel's messages; false when there are problems. */
bool	 firewall_batch(const struct conf_fwd *, struct arena *, struct buf *ret);

#endif
