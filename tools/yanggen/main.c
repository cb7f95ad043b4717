/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "yanggen.h"

/* For the sanitizer, when there is one: it writes one file and ends; what it allocated is the kernel's to free. */
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static FILE *
open_output(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		die("cannot write %s", path);
	return f;
}

static void
close_output(FILE *f, const char *path)
{
	if (ferror(f) || fclose(f) != 0)
		die("cannot write %s", path);
}

static void
load_modules(struct gen *g, char **names, unsigned n)
{
	unsigned i;

	if (ly_ctx_new(g->dir, LY_CTX_NO_YANGLIBRARY | LY_CTX_SET_PRIV_PARSED | LY_CTX_DISABLE_SEARCHDIR_CWD |
	    LY_CTX_EXPLICIT_COMPILE, &g->ctx) != LY_SUCCESS)
		die("cannot make a libyang context");
	g->modules = must_alloc(n, sizeof(g->modules[0]));
	for (i = 0; i < n; i++)
		if (ly_ctx_load_module(g->ctx, names[i], NULL, NULL) == NULL)
			die("cannot read module %s", names[i]);
	if (ly_ctx_compile(g->ctx) != LY_SUCCESS)
		die("the modules do not compile");
	for (i = 0; i < n; i++)
		g->modules[i] = ly_ctx_get_module_implemented(g->ctx, names[i]);
	g->nmodules = n;
}

static const struct {
	const char	*name;
	void		(*write)(const struct gen *, FILE *);
} outputs[] = {
	{ "header", tables_write_header },
	{ "source", tables_write_source },
	{ "forms", forms_write },
	{ "openapi", openapi_write },
	{ "builtin", builtin_write },
};

static void usage(void) __attribute__((noreturn));

static void
usage(void)
{
	fputs("usage: yanggen YANG-DIR FIXED-OPENAPI KIND OUTPUT MODULE...\n", stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	struct gen g = { 0 };
	size_t i;
	FILE *f;

	if (argc < 6)
		usage();
	g.dir = argv[1];
	g.fixed = argv[2];
	load_modules(&g, argv + 5, (unsigned)argc - 5);
	model_build(&g);
	for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		if (strcmp(outputs[i].name, argv[3]) != 0)
			continue;
		f = open_output(argv[4]);
		outputs[i].write(&g, f);
		close_output(f, argv[4]);
		return 0;	/* the end of the process frees the rest */
	}
	usage();
}
