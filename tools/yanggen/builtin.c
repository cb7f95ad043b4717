/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What confd carries in itself: the text of the modules of the configuration. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

/* One C string literal per line of the text. */
static void
write_literal(const char *text, size_t len, FILE *f)
{
	size_t i;

	fputs("\t\"", f);
	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			fputs(i + 1 < len ? "\\n\"\n\t\"" : "\\n", f);
		else if (text[i] == '"' || text[i] == '\\')
			fprintf(f, "\\%c", text[i]);
		else if (isprint((unsigned char)text[i]))
			fputc(text[i], f);
		else
			fprintf(f, "\\%03o", (unsigned char)text[i]);
	}
	fputc('"', f);
}

static char *
read_file(const char *dir, const char *name, size_t *ret_len)
{
	char path[4096], *text;
	FILE *f;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.yang", dir, name) >= sizeof(path))
		die("path of %s is too long", name);
	f = fopen(path, "r");
	if (f == NULL)
		die("cannot read %s", path);
	text = must_alloc(1, 1 << 20);
	*ret_len = fread(text, 1, (1 << 20) - 1, f);
	if (ferror(f) || !feof(f))
		die("cannot read %s, or it is too large", path);
	fclose(f);
	return text;
}

static bool
has_config(const struct lys_module *mod)
{
	const struct lysc_node *node = NULL;

	while ((node = child_next(node, NULL, mod)) != NULL)
		if (is_config(node))
			return true;
	return false;
}

static void
write_module(const struct gen *g, const char *name, FILE *f)
{
	size_t len;
	char *text = read_file(g->dir, name, &len);

	fprintf(f, "\t{ \"%s\",\n", name);
	write_literal(text, len, f);
	fputs(" },\n", f);
	free(text);
}

static void
write_json_text(const char *name, json_t *j, FILE *f)
{
	char *text = json_dumps(j, JSON_COMPACT);
	size_t len, at, n;

	if (text == NULL)
		die("cannot write JSON");
	len = strlen(text);
	fprintf(f, "const char %s[] =\n", name);
	for (at = 0; at < len; at += n) {
		n = len - at < 100 ? len - at : 100;
		write_literal(text + at, n, f);
		fputc('\n', f);
	}
	fprintf(f, ";\nconst size_t %s_len = %zu;\n\n", name, len);
	free(text);
	json_decref(j);
}

void
builtin_write(const struct gen *g, FILE *f)
{
	const struct lys_module *mod;
	uint32_t index = 0;
	unsigned i;

	fputs("/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
	    "/* Generated from the YANG modules by yanggen. */\n#include \"builtin_text.h\"\n\n"
	    "const struct builtin_text builtin_modules[] = {\n", f);
	while ((mod = ly_ctx_get_module_iter(g->ctx, &index)) != NULL)
		if (strncmp(mod->name, "patronus-", 9) == 0 && (mod->compiled == NULL || has_config(mod) || !mod->implemented ||
		    mod->compiled->data == NULL))
			write_module(g, mod->name, f);
	fputs("\t{ NULL, NULL },\n};\n\nconst char *const builtin_sections[] = {\n", f);
	for (i = 0; i < g->nmodules; i++)
		if (has_config(g->modules[i]))
			fprintf(f, "\t\"%s\",\n", g->modules[i]->name);
	fputs("\tNULL,\n};\n\n", f);
	write_json_text("builtin_openapi", openapi_make(g), f);
	write_json_text("builtin_forms", forms_make(g), f);
}
