/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "feature.h"

const struct feature *const features[] = {
	&feature_interfaces,
	&feature_routes,
	&feature_forwarding,
	&feature_system,
	NULL
};
