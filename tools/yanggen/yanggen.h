/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_YANGGEN_H
#define PATRONUS_YANGGEN_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>
#include <libyang/libyang.h>

#include "ipc/codec.h"

/*
 * The generator: reads the YANG modules once, makes a model of records, fields and enumerations, and writes one kind
 * of output.  It runs while Patronus is built and stops at the first fault with exit status 1.
 */

#define NAME_LEN	96

struct gen_enum {
	char				 cname[NAME_LEN];	/* "conf_rule_action" */
	const struct lysc_type_enum	*type;
	struct gen_enum			*next;
};

struct gen_record;

struct gen_field {
	const struct lysc_node	*node;
	char			 cname[NAME_LEN];	/* "default_action" */
	enum field_kind		 kind;
	enum field_kind		 elem;
	bool			 is_optional;
	bool			 has_flag;		/* a bool has_CNAME goes with it */
	bool			 is_time;
	uint32_t		 max;
	uint32_t		 elem_max;
	const struct gen_enum	*en;
	const struct gen_record	*rec;
};

struct gen_record {
	char			 cname[NAME_LEN];	/* "conf_rule" */
	const struct lysc_node	*node;		/* NULL for root records */
	struct gen_field	*fields;
	unsigned		 nfields;
	struct gen_record	*next;
};

struct gen {
	struct ly_ctx		 *ctx;
	const char		 *dir;		/* of the modules */
	const char		 *fixed;	/* the part of the OpenAPI document that is no schema */
	const struct lys_module	**modules;	/* in the order of the sections */
	unsigned		  nmodules;
	struct gen_record	 *records;	/* what is contained before what contains it */
	struct gen_record	**records_end;
	struct gen_enum		 *enums;
	struct gen_enum		**enums_end;
};

void	 die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void	*must_alloc(size_t n, size_t size);

/* --- model.c: what the schema says */
void	 model_build(struct gen *);
struct gen_record *model_record(const struct gen *, const char *cname);
/* By the name it has, also where the struct was made from another node; NULL when there is none. */
struct gen_record *model_record_of(const struct gen *, const struct lysc_node *);
/* The argument of extension px:NAME on a node, NULL when it has none; "" for one without argument. */
const char *ext_find(const struct lysc_ext_instance *, const char *name, unsigned nth);
const char *node_ext(const struct lysc_node *, const char *name);
/* An extension on a typedef's enum. */
const char *enum_ext(const struct lysc_type_bitenum_item *, const char *name);
/* The next child or top-level node; choices and cases are looked through. */
const struct lysc_node *child_next(const struct lysc_node *last, const struct lysc_node *parent, const struct lys_module *);
/* The name of the typedef of a leaf's or leaf-list's type, without prefix. */
const char *typedef_name(const struct lysc_node *);
const struct lysc_type *leaf_type(const struct lysc_node *);
const char *leaf_default(const struct lysc_node *);
const char *leaf_units(const struct lysc_node *);
bool	 is_config(const struct lysc_node *);
const struct lysc_node *list_key(const struct lysc_node *);
/* The choice a node is in, or NULL. */
const struct lysc_node *node_choice(const struct lysc_node *);
/* "firewall", "rules", ...: "/firewall/rules"; malloc'd. */
char	*node_path(const struct lysc_node *);
/* A description with its white space folded; malloc'd. */
char	*fold(const char *);
void	 c_name(const char *yang, char *ret, size_t size);

/* --- outputs */
void	 tables_write_header(const struct gen *, FILE *);
void	 tables_write_source(const struct gen *, FILE *);
void	 forms_write(const struct gen *, FILE *);
void	 openapi_write(const struct gen *, FILE *);
void	 builtin_write(const struct gen *, FILE *);
json_t	*forms_make(const struct gen *);
json_t	*openapi_make(const struct gen *);

/* The JSON Schema of one value of a leaf or leaf-list. */
json_t	*value_schema(const struct lysc_node *, const struct lysc_type *);
/* A JSON string of a description. */
json_t	*json_text(const char *);

#endif
