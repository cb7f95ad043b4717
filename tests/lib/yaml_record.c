/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"
#include "ipc/codec.h"
#include "net/addr.h"

#include "yaml_record.h"

/* What the schema says about members that are left out, where that is not "nothing". */
static const struct {
	const char	*record;
	const char	*field;
	const char	*text;
} defaults[] = {
	{ "conf_interface", "enabled", "true" },
	{ "conf_firewall", "anti-spoofing", "true" },
	{ "conf_firewall_defaults", "action", "drop" },
	{ "conf_firewall_defaults", "outgoing", "accept" },
	{ "conf_firewall_logging", "unmatched", "true" },
	{ "conf_firewall_logging", "spoofed", "true" },
	{ "conf_firewall_logging", "bogons", "true" },
	{ "conf_firewall_logging", "limit", "20/second" },
	{ "conf_firewall_defaults", "bridged", "accept" },
	{ "conf_bridge_rule", "enabled", "true" },
	{ "conf_tracking_helper", "enabled", "true" },
	{ "conf_rule", "enabled", "true" },
	{ "conf_rule_limit", "burst", "5" },
	{ "conf_rule_limit", "per", "rule" },
	{ "conf_masquerade", "enabled", "true" },
	{ "conf_port_forward", "enabled", "true" },
	{ "conf_port_forward", "balance-by", "turn" },
	{ "conf_source_nat", "enabled", "true" },
	{ "conf_source_nat", "action", "translate" },
	{ "conf_source_nat", "persistent", "true" },
	{ "conf_one_to_one", "enabled", "true" },
	{ "conf_management_web", "port", "8443" },
	{ "conf_management_ssh", "port", "22" },
	{ "conf_management", "lock-out-guard", "true" }
};

struct reader {
	yaml_document_t	 doc;
	const char	*file;
	struct arena	*arena;
};

static void	read_record(struct reader *, yaml_node_t *, const struct record *, void *);

static const char *
scalar(struct reader *r, yaml_node_t *n)
{
	if (n->type != YAML_SCALAR_NODE)
		errx(1, "%s:%zu: a plain value was expected", r->file, n->start_mark.line + 1);
	return (const char *)n->data.scalar.value;
}

static int
read_number(const char *text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	return *text == '\0' || *end != '\0' ? -1 : 0;
}

static int
read_enum(const char *const *names, uint32_t max, const char *text, uint8_t *ret)
{
	uint32_t i;

	for (i = 1; names != NULL && i <= max; i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (uint8_t)i;
			return 0;
		}
	}
	return -1;
}

static int
read_scalar(struct reader *r, enum field_kind kind, const struct field *f, const char *text, void *at)
{
	uint64_t n;

	switch (kind) {
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		if (read_number(text, &n) != 0)
			return -1;
		memcpy(at, &n, codec_kind_size(kind, NULL));	/* little-endian, as all machines that run the tests */
		return 0;
	case FIELD_BOOL:
		*(bool *)at = strcmp(text, "true") == 0;
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? 0 : -1;
	case FIELD_ENUM:
		return read_enum(f->names, f->kind == FIELD_LIST ? f->elem_max : f->max, text, at);
	case FIELD_STRING:
		*(const char **)at = arena_strdup(r->arena, text);
		return 0;
	case FIELD_ADDR:
		return addr_parse(text, at);
	case FIELD_PREFIX:
		return prefix_parse_host(text, at);
	case FIELD_MAC:
		return mac_parse(text, at);
	case FIELD_PORTS:
		return ports_parse(text, at);
	case FIELD_RATE:
		return rate_parse(text, at);
	case FIELD_BYTES:
	case FIELD_RECORD:
	case FIELD_LIST:
	case FIELD_INVALID:
	case FIELD_KIND_MAX:
		break;
	}
	return -1;
}

static void
read_item(struct reader *r, yaml_node_t *n, enum field_kind kind, const struct field *f, void *at)
{
	if (kind == FIELD_RECORD)
		read_record(r, n, f->rec, at);
	else if (read_scalar(r, kind, f, scalar(r, n), at) != 0)
		errx(1, "%s:%zu: \"%s\" is not a value of %s", r->file, n->start_mark.line + 1, scalar(r, n), f->name);
}

static void
set_key(struct reader *r, const struct record *rec, void *at, const char *key)
{
	uint32_t i;

	for (i = 0; i < rec->nfields; i++)
		if ((rec->fields[i].flags & FIELD_KEY) != 0 &&
		    read_scalar(r, rec->fields[i].kind, &rec->fields[i], key, (char *)at + rec->fields[i].offset) != 0)
			errx(1, "%s: \"%s\" is not a value of %s", r->file, key, rec->fields[i].name);
}

/* A list is a sequence, a mapping of its keys to entries, or one plain value. */
static void
read_list(struct reader *r, yaml_node_t *n, const struct field *f, struct list *list)
{
	yaml_node_pair_t *p;
	yaml_node_item_t *i;
	size_t size, count;
	char *at;

	size = codec_kind_size(f->elem, f->rec);
	count = n->type == YAML_SEQUENCE_NODE ? (size_t)(n->data.sequence.items.top - n->data.sequence.items.start) :
	    n->type == YAML_MAPPING_NODE ? (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start) : 1;
	list->items = arena_alloc(r->arena, count + 1, size);
	list->n = (uint32_t)count;
	at = list->items;
	if (n->type == YAML_SCALAR_NODE) {
		read_item(r, n, f->elem, f, at);
	} else if (n->type == YAML_SEQUENCE_NODE) {
		for (i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++, at += size)
			read_item(r, yaml_document_get_node(&r->doc, *i), f->elem, f, at);
	} else {
		for (p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++, at += size) {
			read_item(r, yaml_document_get_node(&r->doc, p->value), f->elem, f, at);
			set_key(r, f->rec, at, scalar(r, yaml_document_get_node(&r->doc, p->key)));
		}
	}
}

static void
read_field(struct reader *r, yaml_node_t *n, const struct field *f, char *base)
{
	void *rec;

	if (f->has != FIELD_NO_HAS)
		*(bool *)(base + f->has) = true;
	if (f->kind == FIELD_LIST) {
		read_list(r, n, f, (struct list *)(void *)(base + f->offset));
	} else if (f->kind == FIELD_RECORD) {
		rec = arena_alloc(r->arena, 1, f->rec->size);
		*(void **)(void *)(base + f->offset) = rec;
		read_record(r, n, f->rec, rec);
	} else {
		read_item(r, n, f->kind, f, base + f->offset);
	}
}

static void
set_default(struct reader *r, const struct record *rec, const struct field *f, char *base)
{
	void *sub;
	size_t i;

	if (f->kind == FIELD_RECORD && (f->flags & FIELD_OPTIONAL) == 0) {
		sub = arena_alloc(r->arena, 1, f->rec->size);
		*(void **)(void *)(base + f->offset) = sub;
		read_record(r, NULL, f->rec, sub);
		return;
	}
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strcmp(rec->name, defaults[i].record) == 0 && strcmp(f->name, defaults[i].field) == 0 &&
		    read_scalar(r, f->kind, f, defaults[i].text, base + f->offset) != 0)
			errx(1, "default of %s.%s", rec->name, f->name);
}

static yaml_node_t *
member(struct reader *r, yaml_node_t *map, const char *name)
{
	yaml_node_pair_t *p;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++)
		if (strcmp(scalar(r, yaml_document_get_node(&r->doc, p->key)), name) == 0)
			return yaml_document_get_node(&r->doc, p->value);
	return NULL;
}

/* "rules:" and no more. */
static bool
is_nothing(const yaml_node_t *n)
{
	return n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0 && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void
read_record(struct reader *r, yaml_node_t *n, const struct record *rec, void *at)
{
	yaml_node_t *value;
	uint32_t i;

	for (i = 0; i < rec->nfields; i++) {
		value = member(r, n, rec->fields[i].name);
		if (value != NULL && !is_nothing(value))
			read_field(r, value, &rec->fields[i], at);
		else
			set_default(r, rec, &rec->fields[i], at);
	}
}

void *
yaml_record_read(const char *file, const struct record *rec, struct arena *arena)
{
	struct reader r = { .file = file, .arena = arena };
	yaml_parser_t parser;
	void *top;
	FILE *f;

	f = fopen(file, "r");
	if (f == NULL)
		err(1, "%s", file);
	if (yaml_parser_initialize(&parser) == 0)
		errx(1, "yaml_parser_initialize");
	yaml_parser_set_input_file(&parser, f);
	if (yaml_parser_load(&parser, &r.doc) == 0)
		errx(1, "%s:%zu: %s", file, parser.problem_mark.line + 1, parser.problem);
	top = arena_alloc(arena, 1, rec->size);
	read_record(&r, yaml_document_get_root_node(&r.doc), rec, top);
	yaml_document_delete(&r.doc);
	yaml_parser_delete(&parser);
	(void)fclose(f);
	return top;
}

void *
yaml_record_of(const char *text, const struct record *r, struct arena *arena)
{
	char name[] = "/tmp/patronus-yaml.XXXXXX";
	size_t len = strlen(text);
	int fd = mkstemp(name);
	void *record;

	if (fd == -1 || write(fd, text, len) != (ssize_t)len || close(fd) != 0)
		abort();
	record = yaml_record_read(name, r, arena);
	(void)unlink(name);
	return record;
}
