/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_API_H
#define PATRONUSCTL_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ipc/msg.h"

/*
 * Requests of the management API (docs/api.md) and what is done with their answers.  Functions that return int return an
 * exit code; a failure has been told on standard error (with --json as the problem's own bytes on standard output).
 */

struct ctl;

struct reply {
	struct message		 message;
	const struct mgmt_rep	*rep;
	json_t			*json;		/* NULL when the body is no JSON */
};

/* The connection, made on first use; NULL after telling why. */
struct client	*api_client(struct ctl *);
/* Ask.  EXIT_OK for an answer below 400. */
int	 api_call(struct ctl *, const struct mgmt_req *, struct reply *ret);
/* As api_call, but an answer that says no is the caller's to look at (status in rep). */
int	 api_try(struct ctl *, const struct mgmt_req *, struct reply *ret);
void	 reply_fini(struct reply *);
int	 api_get(struct ctl *, const char *path, const char *query, struct reply *ret);
/* As api_get, of what runs or with --candidate of what the workspace holds. */
int	 api_get_chosen(struct ctl *, const char *path, const char *query, struct reply *ret);
#define API_QUERY_MAX	1024
/* Add a parameter to a query of API_QUERY_MAX bytes; not one that is NULL or too long. */
void	 api_query_add(char *query, const char *name, const char *value);
/* As api_get, but nothing is told when the answer is no. */
int	 api_get_quietly(struct ctl *, const char *path, struct reply *ret);
/* A JSON body; takes the reference. */
int	 api_post(struct ctl *, const char *path, json_t *body, struct reply *ret);
/* The same with what nobody else shall read in it: cleared afterwards.  req says the rest; body NULL is one that is not UTF-8. */
int	 api_send_secret(struct ctl *, struct mgmt_req *, json_t *body, struct reply *ret);
int	 api_delete(struct ctl *, const char *path);

/* Tell a failure: file (may be NULL) stands before the line of each error.  Returns its exit code. */
int	 api_fail(const struct ctl *, const struct reply *, const char *file);
/* One of the errors of a problem: "firewall.rules[web-in].to: text; remedy" and a newline. */
void	 api_print_error(const json_t *);
int	 api_exit_code(unsigned status);
/* The body as it came, to standard output. */
int	 api_print_body(const struct reply *);

/* The id of the workspace to work in: --workspace, else our newest.  With make one is made when there is none; else *ret is "". */
int	 api_workspace(struct ctl *, bool make, char *ret, size_t size);

/* "firewall.rules[web-in].to" or "firewall/rules/web-in/to", with or without "/" before, to "/configuration/firewall/...". */
int	 api_config_path(const char *typed, char *ret, size_t size);

/* Members of objects; "" and 0 when they are absent. */
const char	*json_text(const json_t *, const char *name);
/* " (DE, AS64496)", or what there is of it: of the members MEMBER-country and MEMBER-autonomous-system. */
const char *origin_text(const json_t *, const char *member, char *buf, size_t size);
/* The strings of a list with blanks between, cut where ret ends. */
void		 json_words(const json_t *list, char *ret, size_t size);
json_int_t	 json_number(const json_t *, const char *name);
bool		 json_flag(const json_t *, const char *name);

#endif
