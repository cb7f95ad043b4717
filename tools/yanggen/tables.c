/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C side: structs, enumerations and the const tables that the codec works from. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

static const struct {
	const char	*name;
	const char	*ctype;		/* with what a member's name follows */
} kinds[FIELD_KIND_MAX] = {
	[FIELD_U8] = { "FIELD_U8", "uint8_t " },
	[FIELD_U16] = { "FIELD_U16", "uint16_t " },
	[FIELD_U32] = { "FIELD_U32", "uint32_t " },
	[FIELD_U64] = { "FIELD_U64", "uint64_t " },
	[FIELD_I64] = { "FIELD_I64", "int64_t " },
	[FIELD_BOOL] = { "FIELD_BOOL", "bool " },
	[FIELD_ENUM] = { "FIELD_ENUM", "uint8_t " },
	[FIELD_STRING] = { "FIELD_STRING", "const char *" },
	[FIELD_BYTES] = { "FIELD_BYTES", "struct bytes " },
	[FIELD_ADDR] = { "FIELD_ADDR", "struct addr " },
	[FIELD_PREFIX] = { "FIELD_PREFIX", "struct prefix " },
	[FIELD_MAC] = { "FIELD_MAC", "struct mac " },
	[FIELD_PORTS] = { "FIELD_PORTS", "struct ports " },
	[FIELD_RATE] = { "FIELD_RATE", "struct rate " },
	[FIELD_RECORD] = { "FIELD_RECORD", NULL },
	[FIELD_LIST] = { "FIELD_LIST", NULL },
};

static void
upper(const char *s, char *ret, size_t size)
{
	size_t i;

	c_name(s, ret, size);
	for (i = 0; ret[i] != '\0'; i++)
		ret[i] = (char)toupper((unsigned char)ret[i]);
}

static void
write_enum(const struct gen_enum *e, FILE *f)
{
	char prefix[NAME_LEN], name[NAME_LEN];
	LY_ARRAY_COUNT_TYPE i;

	upper(e->cname, prefix, sizeof(prefix));
	fprintf(f, "enum %s {\n\t%s_INVALID = 0,\n", e->cname, prefix);
	LY_ARRAY_FOR(e->type->enums, i) {
		upper(e->type->enums[i].name, name, sizeof(name));
		/* A value of that name must not be the enumeration's own end. */
		fprintf(f, "\t%s_%s%s,\n", prefix, name, strcmp(name, "INVALID") == 0 || strcmp(name, "MAX") == 0 ? "_" : "");
	}
	fprintf(f, "\t%s_MAX\n};\n\n", prefix);
}

static void
write_comment(const struct gen_field *fl, FILE *f)
{
	const char *dflt = fl->node != NULL ? leaf_default(fl->node) : NULL;

	if (fl->en != NULL)
		fprintf(f, "\t/* enum %s */", fl->en->cname);
	else if (fl->is_time)
		fputs("\t/* milliseconds since 1970 */", f);
	else if (fl->is_optional)
		fputs("\t/* may be absent */", f);
	else if (dflt != NULL)
		fprintf(f, "\t/* default %s */", dflt);
	fputc('\n', f);
}

static void
write_struct(const struct gen_record *r, FILE *f)
{
	const struct gen_field *fl;
	unsigned i;

	fprintf(f, "struct %s {\n", r->cname);
	for (i = 0; i < r->nfields; i++) {
		fl = &r->fields[i];
		if (fl->has_flag)
			fprintf(f, "\tbool has_%s;\n", fl->cname);
		if (fl->kind == FIELD_RECORD)
			fprintf(f, "\tstruct %s *%s;", fl->rec->cname, fl->cname);
		else if (fl->kind == FIELD_LIST && fl->elem == FIELD_RECORD)
			fprintf(f, "\tstruct { struct %s *items; uint32_t n; } %s;", fl->rec->cname, fl->cname);
		else if (fl->kind == FIELD_LIST)
			fprintf(f, "\tstruct { %s*items; uint32_t n; } %s;", kinds[fl->elem].ctype, fl->cname);
		else
			fprintf(f, "\t%s%s;", kinds[fl->kind].ctype, fl->cname);
		write_comment(fl, f);
	}
	fprintf(f, "};\n\n");
}

void
tables_write_header(const struct gen *g, FILE *f)
{
	const struct gen_record *r;
	const struct gen_enum *e;

	fputs("/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
	    "/* Generated from the YANG modules by yanggen: what configuration and state look like in C. */\n"
	    "#ifndef PATRONUS_CONF_GENERATED_H\n#define PATRONUS_CONF_GENERATED_H\n\n"
	    "#include <stdbool.h>\n#include <stdint.h>\n\n#include \"ipc/codec.h\"\n#include \"net/addr.h\"\n\n", f);
	for (e = g->enums; e != NULL; e = e->next)
		write_enum(e, f);
	for (r = g->records; r != NULL; r = r->next)
		write_struct(r, f);
	for (r = g->records; r != NULL; r = r->next)
		fprintf(f, "extern const struct record %s_record;\n", r->cname);
	fputs("\n/* Names of enumerations as in YANG, from 1; [0] is NULL. */\n", f);
	for (e = g->enums; e != NULL; e = e->next)
		fprintf(f, "extern const char *const %s_names[];\n", e->cname);
	fputs("\nextern const uint8_t conf_protocol_numbers[];\t/* by enum conf_protocol */\n\n#endif\n", f);
}

static void
write_field(const struct gen_record *r, const struct gen_field *fl, FILE *f)
{
	static const char *const none = "0";
	const char *flags[6];
	unsigned n = 0, i;

	if (fl->is_optional)
		flags[n++] = "FIELD_OPTIONAL";
	if (fl->is_time)
		flags[n++] = "FIELD_TIME";
	if (fl->node != NULL && node_ext(fl->node, "secret") != NULL)
		flags[n++] = "FIELD_SECRET";
	if (fl->node != NULL && lysc_is_key(fl->node))
		flags[n++] = "FIELD_KEY";
	if (fl->node != NULL && fl->kind == FIELD_LIST && lysc_is_userordered(fl->node))
		flags[n++] = "FIELD_ORDERED";
	if (n == 0)
		flags[n++] = none;
	fprintf(f, "\t{ .name = \"%s\", .kind = %s, ", fl->node->name, kinds[fl->kind].name);
	if (fl->kind == FIELD_LIST)
		fprintf(f, ".elem = %s, ", kinds[fl->elem].name);
	fputs(".flags = ", f);
	for (i = 0; i < n; i++)
		fprintf(f, "%s%s", i > 0 ? " | " : "", flags[i]);
	fprintf(f, ",\n\t  .offset = offsetof(struct %s, %s), ", r->cname, fl->cname);
	if (fl->has_flag)
		fprintf(f, ".has = offsetof(struct %s, has_%s), ", r->cname, fl->cname);
	else
		fputs(".has = FIELD_NO_HAS, ", f);
	fprintf(f, ".max = %u, .elem_max = %u", fl->max, fl->elem_max);
	if (fl->rec != NULL)
		fprintf(f, ",\n\t  .rec = &%s_record", fl->rec->cname);
	if (fl->en != NULL)
		fprintf(f, ",\n\t  .names = %s_names", fl->en->cname);
	fputs(" },\n", f);
}

static void
write_names(const struct gen_enum *e, FILE *f)
{
	LY_ARRAY_COUNT_TYPE i;

	fprintf(f, "const char *const %s_names[] = {\n\tNULL,\n", e->cname);
	LY_ARRAY_FOR(e->type->enums, i)
		fprintf(f, "\t\"%s\",\n", e->type->enums[i].name);
	fputs("};\n\n", f);
}

static const struct gen_enum *
get_enum(const struct gen *g, const char *cname)
{
	const struct gen_enum *e;

	for (e = g->enums; e != NULL; e = e->next)
		if (strcmp(e->cname, cname) == 0)
			return e;
	die("the schema has no enumeration %s", cname);
}

/* The number of a protocol by the name it has in the schema. */
static unsigned
protocol_number(const struct gen *g, const char *name, size_t len)
{
	const struct gen_enum *e = get_enum(g, "conf_protocol");
	const char *number;
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(e->type->enums, i) {
		if (strlen(e->type->enums[i].name) != len || strncmp(e->type->enums[i].name, name, len) != 0)
			continue;
		number = enum_ext(&e->type->enums[i], "number");
		if (number == NULL)
			die("protocol %s has no px:number", e->type->enums[i].name);
		return (unsigned)strtoul(number, NULL, 10);
	}
	die("no protocol %.*s", (int)len, name);
}

/* "tcp/443" or "udp/5000-5010" or "esp". */
static void
write_match(const struct gen *g, const char *term, FILE *f)
{
	size_t name_len = strcspn(term, "/ ");
	unsigned long low, high;
	char *end;

	fprintf(f, "\t{ .protocol = %u", protocol_number(g, term, name_len));
	if (term[name_len] == '/') {
		low = high = strtoul(term + name_len + 1, &end, 10);
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		if ((*end != '\0' && *end != ' ') || low > high || high > 65535)
			die("cannot read px:matches \"%s\"", term);
		fprintf(f, ", .has_range = true, .low = %lu, .high = %lu", low, high);
	}
	fputs(" },\n", f);
}

static void
write_services(const struct gen *g, FILE *f)
{
	const struct gen_enum *e = get_enum(g, "conf_builtin_service");
	const char *terms, *p;
	LY_ARRAY_COUNT_TYPE i;
	char cname[NAME_LEN];
	unsigned n;

	LY_ARRAY_FOR(e->type->enums, i) {
		terms = enum_ext(&e->type->enums[i], "matches");
		if (terms == NULL)
			die("builtin service %s has no px:matches", e->type->enums[i].name);
		c_name(e->type->enums[i].name, cname, sizeof(cname));
		fprintf(f, "static const struct conf_match service_%s[] = {\n", cname);
		for (p = terms; *p != '\0'; p += strspn(p, " ")) {
			write_match(g, p, f);
			p += strcspn(p, " ");
		}
		fputs("};\n", f);
	}
	fputs("\nconst struct conf_builtin conf_builtin_services[] = {\n", f);
	LY_ARRAY_FOR(e->type->enums, i) {
		c_name(e->type->enums[i].name, cname, sizeof(cname));
		for (n = 1, p = enum_ext(&e->type->enums[i], "matches"); (p = strchr(p, ' ')) != NULL; p++)
			n++;
		fprintf(f, "\t{ \"%s\", service_%s, %u },\n", e->type->enums[i].name, cname, n);
	}
	fputs("\t{ NULL, NULL, 0 },\n};\n\n", f);
}

static void
write_protocols(const struct gen *g, FILE *f)
{
	const struct gen_enum *e = get_enum(g, "conf_protocol");
	LY_ARRAY_COUNT_TYPE i;

	fputs("const uint8_t conf_protocol_numbers[] = {\n\t0,\n", f);
	LY_ARRAY_FOR(e->type->enums, i)
		fprintf(f, "\t%u,\t/* %s */\n",
		    protocol_number(g, e->type->enums[i].name, strlen(e->type->enums[i].name)), e->type->enums[i].name);
	fputs("};\n\n", f);
}

static void
write_areas(const struct gen *g, const char *table, const char *top, FILE *f)
{
	const struct lysc_node *node, *child;
	const char *given;
	char cname[NAME_LEN];
	unsigned i;

	fprintf(f, "const struct conf_named %s[] = {\n", table);
	for (i = 0; i < g->nmodules; i++) {
		for (node = NULL; (node = child_next(node, NULL, g->modules[i])) != NULL;) {
			if (strcmp(node->name, top) != 0)
				continue;
			for (child = NULL; (child = child_next(child, node, NULL)) != NULL;) {
				given = node_ext(child, "struct");
				c_name(given != NULL ? given : child->name, cname, sizeof(cname));
				fprintf(f, "\t{ \"%s\", &%s%s_record },\n", child->name,
				    given != NULL ? "" : strcmp(top, "events") == 0 ? "event_" : "state_", cname);
			}
		}
	}
	fputs("\t{ NULL, NULL },\n};\n\n", f);
}

static void
write_owners(const struct gen *g, FILE *f)
{
	const struct gen_record *r;

	fputs("const struct conf_named conf_owners[] = {\n", f);
	for (r = g->records; r != NULL; r = r->next)
		if (r->node == NULL)
			fprintf(f, "\t{ \"%s\", &%s_record },\n", r->cname + strlen("conf_"), r->cname);
	fputs("\t{ NULL, NULL },\n};\n", f);
}

void
tables_write_source(const struct gen *g, FILE *f)
{
	const struct gen_record *r;
	const struct gen_enum *e;
	unsigned i;

	fputs("/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
	    "/* Generated from the YANG modules by yanggen. */\n"
	    "#include <stddef.h>\n\n#include \"conf/builtin.h\"\n#include \"conf/generated.h\"\n#include \"conf/state.h\"\n\n", f);
	for (e = g->enums; e != NULL; e = e->next)
		write_names(e, f);
	for (r = g->records; r != NULL; r = r->next) {
		fprintf(f, "static const struct field %s_fields[] = {\n", r->cname);
		for (i = 0; i < r->nfields; i++)
			write_field(r, &r->fields[i], f);
		fprintf(f, "};\n\nconst struct record %s_record = {\n\t\"%s\", sizeof(struct %s), %u, %s_fields\n};\n\n",
		    r->cname, r->cname, r->cname, r->nfields, r->cname);
	}
	write_protocols(g, f);
	write_services(g, f);
	write_areas(g, "conf_states", "state", f);
	write_areas(g, "conf_events", "events", f);
	write_owners(g, f);
}
