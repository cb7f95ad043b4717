/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "feature.h"
#include "problems.h"
#include "revision.h"

int
revision_new(uint32_t number, const uint8_t *data, size_t len, struct problems *problems, struct revision **ret)
{
	struct codec_error err;
	struct revision *r;
	void *conf;
	int error, i;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->number = number;
	r->arena = arena_new(0);
	if (r->arena == NULL) {
		free(r);
		return -ENOMEM;
	}
	error = codec_decode(&conf_netd_record, data, len, r->arena, &conf, &err);
	if (error != 0) {
		if (error == -EPROTO)
			log_errx("conf", "revision %u: byte %u, %s: %s", number, err.offset, err.path, err.reason);
		revision_free(r);
		return error;
	}
	r->desired.arena = r->arena;
	r->drift = ((const struct conf_netd *)conf)->drift;
	for (i = 0; features[i] != NULL; i++)
		features[i]->desire(conf, &r->desired, problems);
	/* Revision 0 is the box that nobody has configured yet: defaults are no reason to rename it. */
	if (number == 0)
		r->desired.hostname = r->desired.time_zone = NULL;
	*ret = r;
	return 0;
}

void
revision_free(struct revision *r)
{
	if (r == NULL)
		return;
	arena_free(r->arena);
	free(r);
}
