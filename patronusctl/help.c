/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "help.h"
#include "term.h"

#define WIDTH	80
#define USAGE_INDENT	16	/* of the lines after the first */

/* Words of text, wrapped, each line after indent; an empty line between paragraphs. */
static void
wrap(const char *text, int indent, FILE *f)
{
	int at = indent;
	size_t len;

	fprintf(f, "%*s", indent, "");
	while (*text != '\0') {
		if (*text == '\n') {
			while (*text == '\n')
				text++;
			fprintf(f, "\n\n%*s", indent, "");
			at = indent;
			continue;
		}
		len = strcspn(text, " \n");
		if (at > indent && at + 1 + (int)len > WIDTH) {
			fprintf(f, "\n%*s", indent, "");
			at = indent;
		}
		at += fprintf(f, "%s%.*s", at > indent ? " " : "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

void
help_usage(const struct command *c, FILE *f)
{
	const struct option *o;
	const struct argument *a;
	size_t at = strlen(c->words), len;

	fputs(c->words, f);
	for (o = c->options; o->name != NULL; o++) {
		len = strlen(o->name) + (o->arg != NULL ? strlen(o->arg) : 0) + 6;
		if (at + len > WIDTH) {
			fprintf(f, "\n%*s", USAGE_INDENT, "");
			at = USAGE_INDENT;
		}
		at += len;
		fprintf(f, " [--%s%s%s]", o->name, o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
	}
	for (a = c->args; a->name != NULL; a++)
		fprintf(f, " %s%s%s%s", a->is_optional ? "[" : "", a->name, a->is_many ? "..." : "", a->is_optional ? "]" : "");
}

static void
options(const struct option *o, FILE *f)
{
	char name[64];

	for (; o->name != NULL; o++) {
		(void)snprintf(name, sizeof(name), "--%s%s%s", o->name, o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
		if (o->letter != 0)
			fprintf(f, "  -%c, %-20s  %s\n", o->letter, name, o->help);
		else
			fprintf(f, "      %-20s  %s\n", name, o->help);
	}
}

void
help_command(const struct command *c, FILE *f)
{
	const struct example *e;

	fprintf(f, "%spatronusctl %s%s: %s\n\n%sUsage%s\n  patronusctl ", term_bold(), c->words, term_plain(), c->summary, term_bold(),
	    term_plain());
	help_usage(c, f);
	fputs("\n\n", f);
	if (c->text != NULL) {
		wrap(c->text, 2, f);
		fputc('\n', f);
	}
	if (c->options[0].name != NULL) {
		fprintf(f, "%sOptions%s\n", term_bold(), term_plain());
		options(c->options, f);
		fputc('\n', f);
	}
	fprintf(f, "%sExamples%s\n", term_bold(), term_plain());
	for (e = c->examples; e->command != NULL; e++)
		fprintf(f, "  patronusctl %s\n      %s\n", e->command, e->text);
	fprintf(f, "\nOptions of every command: patronusctl --help\n");
}

static void
list(const char *group, FILE *f)
{
	const char *next;
	size_t i, len;

	for (i = 0; i < commands_n; i++)
		if (!commands[i].is_hidden && command_next_word(&commands[i], group, &next, &len))
			fprintf(f, "  %-20s  %s\n", commands[i].words, commands[i].summary);
}

void
help_group(const char *group, FILE *f)
{
	if (group[0] != '\0')
		fprintf(f, "%spatronusctl %s%s ...\n\n", term_bold(), group, term_plain());
	else
		fprintf(f, "%spatronusctl%s: see and change the configuration and the state of Patronus on this box\n\n"
		    "  What runs is never edited: changes go into a workspace and become a revision with\n"
		    "  commit, which is all or nothing and read back from the kernel.\n\n"
		    "%sTry%s\n"
		    "  patronusctl status\n"
		    "  patronusctl set firewall/rules/web-in/log true\n"
		    "  patronusctl diff\n"
		    "  patronusctl commit --confirm 60s --comment 'watch the web server'\n"
		    "  patronusctl confirm\n\n", term_bold(), term_plain(), term_bold(), term_plain());
	fprintf(f, "%sCommands%s\n", term_bold(), term_plain());
	list(group, f);
	if (group[0] == '\0') {
		fprintf(f, "\n%sOptions of every command%s\n", term_bold(), term_plain());
		options(global_options, f);
		fprintf(f, "\n%sExit codes%s\n"
		    "  0 done   1 failed   2 usage   3 not found   4 not allowed   5 conflict\n"
		    "  6 not valid   7 no answer   8 rolled back   9 in part   10 differences\n", term_bold(), term_plain());
	}
	fprintf(f, "\nMore: patronusctl COMMAND --help, patronusctl(1), patronus.yaml(5)\n");
}
