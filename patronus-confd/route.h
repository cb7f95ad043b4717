/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ROUTE_H
#define PATRONUS_CONFD_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "rights.h"

struct request;

/*
 * The const table of everything the API knows.  A segment in braces matches any one segment; a last segment "..." matches
 * whatever is left, also nothing.  Adding a call is adding a line (routes.c) and its handler.
 */
struct route {
	uint8_t		 method;	/* enum mgmt_method */
	const char	*pattern;
	enum right	 right;
	void		(*handler)(struct request *);
};

extern const struct route routes[];
extern const size_t routes_n;

#define ROUTE_ALLOW	48	/* "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" */

/*
 * The route of a path that was split into segments.  NULL when there is none; *ret_allow is then not empty when the path exists with
 * other methods.  *ret_depth: how many segments came before "...".
 */
const struct route *route_find(uint8_t method, char *const *segments, unsigned n, char ret_allow[ROUTE_ALLOW],
		    unsigned *ret_depth);
/* What OPTIONS and Allow say for these methods (bits). */
void		 route_allow(unsigned methods, char ret[ROUTE_ALLOW]);
/* What a route asks for beside its right; access.c judges. */
#define ROUTE_PERSON		0x01	/* a session or the local socket, no API token */
#define ROUTE_STEP_UP		0x02	/* a fresh second factor from those who have one or must */
#define ROUTE_MAY_STEP_UP	0x04	/* the handler asks for it when the change does */
#define ROUTE_ENROL		0x08	/* also before the second factor that the role requires is there */
#define ROUTE_WHOLE		0x10	/* tells of all sections: a token needs configuration:read */
#define ROUTE_ALL		0x40	/* tells of everything at once: the right must reach everywhere */
#define ROUTE_ONCE		0x20	/* the answer is shown once: an Idempotency-Key does not keep it */
unsigned	 route_flags(const struct route *);
/* The query parameters that a route takes, as query_check() wants them. */
const char	*route_query(const struct route *);

/* Handlers, by the file they are in. */
void	 usage_show(struct request *);		/* route_usage.c */
void	 config_get(struct request *);		/* route_config.c */
void	 config_put(struct request *);
void	 config_patch(struct request *);
void	 config_post(struct request *);
void	 config_delete(struct request *);
/* The methods of a path below /configuration, for Allow; "" when the schema has no such path. */
void	 config_allow(const struct request *, const char *path, char ret[ROUTE_ALLOW]);
void	 batch_create(struct request *);		/* route_batch.c */
void	 workspace_create(struct request *);	/* route_workspace.c */
void	 workspace_list(struct request *);
void	 workspace_show(struct request *);
void	 workspace_discard(struct request *);
void	 workspace_rebase(struct request *);
void	 workspace_import(struct request *);		/* route_import.c */
void	 workspace_resolve(struct request *);
void	 workspace_diff(struct request *);		/* route_plan.c */
void	 workspace_validate(struct request *);
void	 commit_create(struct request *);	/* route_commit.c */
void	 commit_show(struct request *);
void	 commit_pending(struct request *);
void	 commit_confirm(struct request *);
void	 commit_cancel(struct request *);
void	 revision_list(struct request *);	/* route_revision.c */
void	 revision_verify(struct request *);
void	 revision_show(struct request *);
void	 revision_configuration(struct request *);
void	 revision_diff(struct request *);
void	 revision_restore(struct request *);
void	 backup_list(struct request *);		/* route_backup.c */
void	 backup_create(struct request *);
void	 backup_verify(struct request *);
void	 backup_restore_create(struct request *);
void	 backup_download(struct request *);
void	 backup_upload(struct request *);
void	 backup_remove(struct request *);
void	 secret_list(struct request *);		/* route_secret.c */
void	 secret_patch(struct request *);
void	 vault_show(struct request *);
void	 vault_unlock_create(struct request *);
void	 vault_protection_put(struct request *);
void	 vault_rotate_create(struct request *);
void	 verification_create(struct request *);	/* route_verification.c */
void	 audit_list(struct request *);		/* route_audit.c */
void	 audit_head_show(struct request *);
void	 audit_head_list(struct request *);
void	 audit_proof_show(struct request *);
void	 audit_consistency_show(struct request *);
void	 audit_export_show(struct request *);
void	 state_show(struct request *);		/* route_state.c */
void	 state_processes(struct request *);
void	 state_drift(struct request *);
void	 query_show(struct request *);		/* route_query.c */
void	 connections_show(struct request *);
void	 connections_end(struct request *);
void	 explanation_show(struct request *);
void	 impact_show(struct request *);
void	 state_history(struct request *);
void	 drift_list(struct request *);
void	 drift_accept(struct request *);
void	 drift_repair(struct request *);
void	 drift_take_back(struct request *);
void	 database_show(struct request *);	/* route_databases.c */
void	 list_entries_show(struct request *);
void	 list_entries_put(struct request *);
void	 list_entries_delete(struct request *);
void	 database_put(struct request *);
void	 database_delete(struct request *);
void	 source_list(struct request *);		/* route_contents.c */
void	 source_refresh(struct request *);
void	 temporary_show(struct request *);	/* route_temporary.c */
void	 temporary_create(struct request *);
void	 temporary_remove(struct request *);
void	 status_show(struct request *);
void	 schema_show(struct request *);
void	 openapi_show(struct request *);
void	 session_create(struct request *);	/* route_session.c */
void	 session_show(struct request *);
void	 session_delete(struct request *);
void	 session_password(struct request *);
void	 user_password(struct request *);
void	 handover_create(struct request *);	/* route_handover.c */
void	 handover_continue(struct request *);
void	 step_up_create(struct request *);	/* route_factor.c */
void	 factor_show(struct request *);
void	 factor_start(struct request *);
void	 factor_confirm(struct request *);
void	 factor_codes(struct request *);
void	 factor_remove(struct request *);
void	 user_factor_show(struct request *);
void	 user_factor_remove(struct request *);
void	 preferences_show(struct request *);	/* route_preferences.c */
void	 preferences_change(struct request *);
void	 token_create(struct request *);	/* route_token.c */
void	 token_list(struct request *);
void	 token_revoke(struct request *);
void	 session_list(struct request *);
void	 role_list(struct request *);		/* route_role.c */
void	 rights_show(struct request *);
void	 session_revoke(struct request *);
void	 claim_show(struct request *);
void	 claim_create(struct request *);

#endif
