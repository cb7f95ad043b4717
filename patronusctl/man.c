/* SPDX-License-Identifier: GPL-3.0-or-later */
/* patronusctl(1) in mdoc(7), from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

#define WIDTH	78

/* One word; a line neither starts with a control character nor is it long. */
static void
word(const char *s, size_t len, size_t *at)
{
	size_t i;

	if (*at > 0 && *at + 1 + len > WIDTH) {
		putchar('\n');
		*at = 0;
	}
	if (*at > 0)
		putchar(' ');
	else if (s[0] == '.' || s[0] == '\'')
		fputs("\\&", stdout);
	for (i = 0; i < len; i++)
		if (s[i] == '\\')
			fputs("\\e", stdout);
		else
			putchar(s[i]);
	*at += (*at > 0 ? 1 : 0) + len;
}

/* Text of the table: each sentence starts a line, an empty line a paragraph. */
static void
text(const char *s)
{
	size_t len, at = 0;

	for (; *s != '\0'; s += len) {
		len = strcspn(s, " \n");
		if (len > 0)
			word(s, len, &at);
		if ((len > 0 && s[len - 1] == '.') || s[len] == '\n') {
			putchar('\n');
			at = 0;
		}
		if (s[len] == '\n')
			puts(".Pp");
		len += strspn(s + len, " \n");
	}
	if (at > 0)
		putchar('\n');
}

/* A line of an example, as it is typed. */
static void
literal(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
	putchar('\n');
}

/* An argument of a macro: quoted, as it may contain what mdoc would take for a macro. */
static void
quoted(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++)
		if (*s == '"')
			fputs("\"\"", stdout);
		else if (*s == '\\')
			fputs("\\e", stdout);
		else
			putchar(*s);
	putchar('"');
}

static void
option_line(const struct option *o, const char *macro)
{
	printf("%s ", macro);
	if (o->letter != 0)
		printf("Fl %c | ", o->letter);
	printf("Fl \\-%s", o->name);
	if (o->arg != NULL)
		printf(" Ar %s", o->arg);
	putchar('\n');
}

static void
options(const struct option *o)
{
	printf(".Bl -tag -width Ds\n");
	for (; o->name != NULL; o++) {
		option_line(o, ".It");
		text(o->help);
	}
	printf(".El\n");
}

static void
command(const struct command *c)
{
	const struct option *o;
	const struct argument *a;
	const struct example *e;

	printf(".It Cm ");
	quoted(c->words);
	for (o = c->options; o->name != NULL; o++) {
		printf(" Op Fl \\-%s", o->name);
		if (o->arg != NULL)
			printf(" Ar %s", o->arg);
	}
	for (a = c->args; a->name != NULL; a++)
		printf(" %s%s%s", a->is_optional ? "Op Ar " : "Ar ", a->name, a->is_many ? " ..." : "");
	putchar('\n');
	printf("%c%s.\n", c->summary[0] >= 'a' && c->summary[0] <= 'z' ? c->summary[0] - 'a' + 'A' : c->summary[0], c->summary + 1);
	if (c->text != NULL)
		text(c->text);
	if (c->options[0].name != NULL)
		options(c->options);
	if (c->examples[0].command == NULL)
		return;
	printf(".Bd -literal -offset indent\n");
	for (e = c->examples; e->command != NULL; e++) {
		fputs("$ patronusctl ", stdout);
		literal(e->command);
	}
	printf(".Ed\n");
}

static void
head(void)
{
	printf(".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" Generated from the table of commands.\n"
	    ".Dd November 20, 2026\n.Dt PATRONUSCTL 1\n.Os\n.Sh NAME\n.Nm patronusctl\n.Nd see and change the configuration and the state of Patronus\n"
	    ".Sh SYNOPSIS\n.Nm\n.Op Ar option ...\n.Ar command\n.Op Ar argument ...\n"
	    ".Sh DESCRIPTION\n.Nm\ntalks to the Patronus of this box over its local management socket.\n"
	    "What a user may do follows from the user's role; root may do everything.\n"
	    ".Pp\nWhat runs is never edited.\n"
	    "Changes are made in a workspace, and a commit makes a workspace the revision\n"
	    "that runs: all of it, proven by reading the kernel back, or nothing.\n.Pp\nThese options go with every command:\n");
	options(global_options);
}

static void
tail(void)
{
	static const struct {
		int		 code;
		const char	*text;
	} codes[] = {
		{ EXIT_OK, "Done." }, { EXIT_FAILED, "It failed." }, { EXIT_USAGE, "The command line is wrong." },
		{ EXIT_NOT_FOUND, "There is no such thing." }, { EXIT_DENIED, "Not signed in, or not allowed." },
		{ EXIT_CONFLICT, "Somebody else changed the same, or a commit waits for confirmation." },
		{ EXIT_INVALID, "The configuration is not valid; nothing was changed." },
		{ EXIT_UNREACHABLE, "Patronus does not answer." },
		{ EXIT_ROLLED_BACK, "The change was taken back; the box is at the revision before." },
		{ EXIT_PARTIAL, "Done in part." }, { EXIT_DIFFERENT, "There are differences, and --exit-code was given." },
	};
	size_t i;

	printf(".Sh ENVIRONMENT\n.Bl -tag -width PATRONUS_WORKSPACE\n.It Ev PATRONUS_SOCKET\nThe management socket.\n"
	    ".It Ev PATRONUS_WORKSPACE\nThe workspace to work in.\n.It Ev NO_COLOR , CLICOLOR_FORCE\nNo colour, or colour in any case.\n.El\n"
	    ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /run/patronus/mgmt.sock\nThe management socket.\n.El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n");
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		printf(".It %d\n", codes[i].code);
		text(codes[i].text);
	}
	printf(".El\n.Sh SEE ALSO\n.Xr patronus.yaml 5 ,\n.Xr patronus-confd 8 ,\n.Xr patronus-privd 8\n");
}

int
run_man(struct ctl *c)
{
	size_t i;

	(void)c;
	head();
	printf(".Sh COMMANDS\n.Bl -tag -width Ds\n");
	for (i = 0; i < commands_n; i++)
		if (!commands[i].is_hidden)
			command(&commands[i]);
	printf(".El\n");
	tail();
	return EXIT_OK;
}
