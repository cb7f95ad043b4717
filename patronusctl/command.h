/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_COMMAND_H
#define PATRONUSCTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One const table of commands drives the parser, the help, the completion and the man page.  A new command is one row and its
 * function.
 */

struct ctl;

#define ARGS_MAX	16	/* words after a command */
#define OPTIONS_MAX	8	/* of one command, besides the global ones, with the end of the list */

/* Where the values of an argument or option come from, for completion. */
enum values {
	VALUES_NONE = 0,
	VALUES_FILE,
	VALUES_PATH,		/* of the configuration: what is there */
	VALUES_SCHEMA_PATH,	/* of the configuration: what could be there */
	VALUES_SCHEMA_VALUE,	/* of the path that is the first argument */
	VALUES_RULE,		/* a path of an entry of an ordered list */
	VALUES_REVISION,
	VALUES_WORKSPACE,
	VALUES_DIFFERENCE,	/* between the box and its configuration */
	VALUES_TEMPORARY,	/* members that groups have for a time */
	VALUES_WORDS,		/* those of the words member */
};

struct option {
	const char	*name;		/* long, without hyphens; NULL ends the list */
	char		 letter;	/* 0: none */
	const char	*arg;		/* NULL: a flag */
	const char	*help;		/* a phrase without full stop */
	enum values	 values;
	const char	*words;		/* "auto always never" */
};

struct argument {
	const char	*name;		/* "FILE"; NULL ends the list */
	bool		 is_optional;
	bool		 is_many;	/* takes all that follow */
	enum values	 values;
	const char	*words;
};

struct example {
	const char	*command;	/* after "patronusctl " */
	const char	*text;		/* what it does */
};

struct command {
	const char		*words;		/* "show firewall rules" */
	const char		*summary;	/* one phrase, small letter, no full stop */
	const char		*text;		/* paragraphs divided by empty lines */
	struct argument		 args[4];
	struct option		 options[OPTIONS_MAX];
	struct example		 examples[5];
	int			(*run)(struct ctl *);
	bool			 is_hidden;
	bool			 is_raw;	/* the words that follow are not parsed */
};

extern const struct command	commands[];
extern const size_t		commands_n;
extern const struct option	global_options[];

/* How many words of argv name the command; 0 and NULL when none does. */
const struct command	*command_find(int argc, char *const *argv, int *ret_words);
/* Whether some command starts with these words, joined by spaces ("show firewall"); "" always does. */
bool			 command_is_group(const char *words);
/* The next word of a command below a group: true, *ret points at it and *ret_len says how long it is. */
bool			 command_next_word(const struct command *, const char *group, const char **ret, size_t *ret_len);
/* A command or word near to what was typed, or NULL. */
const char		*command_suggest(const char *typed);

#endif
