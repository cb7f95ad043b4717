/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "hash.h"
#include "ir.h"
#include "ir_object.h"
#include "mem.h"

const struct ir_object *
ir_object_find(const struct ir *ir, const char *name)
{
	const struct ir_object *o;

	for (o = ir->objects; o != NULL && strcmp(o->name, name) != 0; o = o->next)
		;
	return o;
}

const struct ir_object *
ir_object_copy(struct ir *ir, const struct ir_object *from)
{
	const struct ir_object *known = ir_object_find(ir, from->name);
	struct ir_object *o, **at;

	if (known != NULL)
		return known;
	o = mem_alloc(ir->arena, 1, sizeof(*o));
	*o = *from;
	o->next = NULL;
	o->name = mem_strdup(ir->arena, from->name);
	o->path = mem_strdup(ir->arena, from->path);
	o->helper = from->helper != NULL ? mem_strdup(ir->arena, from->helper) : NULL;
	for (at = &ir->objects; *at != NULL; at = &(*at)->next)
		;
	*at = o;
	return o;
}

static const char *
protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : protocol == IPPROTO_ICMP ? "icmp" : "icmpv6";
}

const struct ir_object *
ir_object_helper(struct ir *ir, const char *helper, uint8_t protocol, const char *path)
{
	struct ir_object o = { .kind = IR_OBJECT_HELPER, .protocol = protocol, .helper = helper, .path = path };

	o.name = mem_printf(ir->arena, "helper.%s.%s", helper, protocol_name(protocol));
	return ir_object_copy(ir, &o);
}

const struct ir_object *
ir_object_timeout(struct ir *ir, uint8_t protocol, const uint32_t seconds[IR_TIMEOUTS_MAX], const char *path)
{
	struct ir_object o = { .kind = IR_OBJECT_TIMEOUT, .protocol = protocol, .path = path };

	memcpy(o.seconds, seconds, sizeof(o.seconds));
	o.name = mem_printf(ir->arena, "timeout.%s.%016llx", protocol_name(protocol),
	    (unsigned long long)hash_bytes(o.seconds, sizeof(o.seconds), HASH_SEED));
	return ir_object_copy(ir, &o);
}

void
ir_object_remove(struct ir *ir, const char *name)
{
	struct ir_object **at;

	for (at = &ir->objects; *at != NULL && strcmp((*at)->name, name) != 0; at = &(*at)->next)
		;
	if (*at != NULL)
		*at = (*at)->next;
}
