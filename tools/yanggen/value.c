/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types as JSON Schema (draft 2020-12, which OpenAPI 3.1 uses). */
#include <stdlib.h>
#include <string.h>

#include "conf/kind.h"
#include "yanggen.h"

json_t *
json_text(const char *s)
{
	char *folded = fold(s != NULL ? s : "");
	json_t *j = json_string(folded);

	free(folded);
	if (j == NULL)
		die("text is not UTF-8");
	return j;
}

/* An XSD expression is anchored and does not know [^\p{Cc}] otherwise than ECMA-262 with the flag u. */
static void
add_patterns(json_t *schema, const struct lysc_type_str *str)
{
	LY_ARRAY_COUNT_TYPE i;
	json_t *one, *all = json_array();
	char *text;

	LY_ARRAY_FOR(str->patterns, i) {
		if (asprintf(&text, "^(?:%s)$", str->patterns[i]->expr) < 0)
			die("out of memory");
		one = json_pack("{s:s}", "pattern", text);
		if (str->patterns[i]->inverted)
			one = json_pack("{s:o}", "not", one);
		json_array_append_new(all, one);
		free(text);
	}
	if (json_array_size(all) == 1)
		json_object_update(schema, json_array_get(all, 0));
	else if (json_array_size(all) > 1)
		json_object_set(schema, "allOf", all);
	json_decref(all);
}

static json_t *
string_schema(const struct lysc_type_str *str)
{
	json_t *schema = json_pack("{s:s}", "type", "string");

	if (str->length != NULL) {
		json_object_set_new(schema, "minLength", json_integer((json_int_t)str->length->parts[0].min_u64));
		json_object_set_new(schema, "maxLength", json_integer(
		    (json_int_t)str->length->parts[LY_ARRAY_COUNT(str->length->parts) - 1].max_u64));
	}
	add_patterns(schema, str);
	return schema;
}

static json_t *
number_schema(const struct lysc_type_num *num)
{
	static const struct {
		LY_DATA_TYPE	base;
		json_int_t	max;
	} limits[] = {
		{ LY_TYPE_UINT8, UINT8_MAX }, { LY_TYPE_UINT16, UINT16_MAX }, { LY_TYPE_UINT32, UINT32_MAX },
		{ LY_TYPE_UINT64, INT64_MAX },
	};
	json_int_t min = 0, max = 0;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].base == num->basetype)
			max = limits[i].max;
	if (max == 0)
		return json_pack("{s:s}", "type", "integer");
	if (num->range != NULL) {
		min = (json_int_t)num->range->parts[0].min_u64;
		max = (json_int_t)num->range->parts[LY_ARRAY_COUNT(num->range->parts) - 1].max_u64;
	}
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", min, "maximum", max);
}

static json_t *
enum_schema(const struct lysc_type_enum *en)
{
	json_t *values = json_array();
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(en->enums, i)
		json_array_append_new(values, json_string(en->enums[i].name));
	return json_pack("{s:s, s:o}", "type", "string", "enum", values);
}

static json_t *
union_schema(const struct lysc_node *node, const struct lysc_type_union *un)
{
	json_t *any = json_array();
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(un->types, i)
		json_array_append_new(any, value_schema(node, un->types[i]));
	return json_pack("{s:o}", "anyOf", any);
}

json_t *
value_schema(const struct lysc_node *node, const struct lysc_type *type)
{
	if (node_ext(node, "secret") != NULL)
		return json_pack("{s:s, s:{s:{s:s, s:b}, s:{s:s, s:s}}, s:[ss], s:b}", "type", "object", "properties", "set", "type", "boolean",
		    "const", 1, "fingerprint", "type", "string", "pattern", "^[0-9a-f]{16}$", "required", "set", "fingerprint",
		    "additionalProperties", 0);
	if (node_ext(node, "milliseconds") != NULL)
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	switch (type->basetype) {
	case LY_TYPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case LY_TYPE_STRING:
		return string_schema((const struct lysc_type_str *)type);
	case LY_TYPE_ENUM:
		return enum_schema((const struct lysc_type_enum *)type);
	case LY_TYPE_LEAFREF:
		return value_schema(node, ((const struct lysc_type_leafref *)type)->realtype);
	case LY_TYPE_UNION:
		return union_schema(node, (const struct lysc_type_union *)type);
	default:
		return number_schema((const struct lysc_type_num *)type);
	}
}
