/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "ipc/ids.h"

#include "collection.h"
#include "route.h"

const struct route routes[] = {
	{ MGMT_GET, "/configuration/...", RIGHT_CONFIG_READ, config_get },
	{ MGMT_PUT, "/configuration/...", RIGHT_CONFIG_EDIT, config_put },
	{ MGMT_PATCH, "/configuration/...", RIGHT_CONFIG_EDIT, config_patch },
	{ MGMT_POST, "/configuration/...", RIGHT_CONFIG_EDIT, config_post },
	{ MGMT_DELETE, "/configuration/...", RIGHT_CONFIG_EDIT, config_delete },

	{ MGMT_GET, "/secrets", RIGHT_CONFIG_READ, secret_list },
	{ MGMT_PATCH, "/secrets", RIGHT_SECRETS_WRITE, secret_patch },
	{ MGMT_GET, "/backups", RIGHT_BACKUPS, backup_list },
	{ MGMT_POST, "/backups", RIGHT_BACKUPS, backup_create },
	{ MGMT_POST, "/backups/verify", RIGHT_BACKUPS, backup_verify },
	{ MGMT_POST, "/backups/restore", RIGHT_BACKUPS, backup_restore_create },
	{ MGMT_GET, "/backups/{name}", RIGHT_BACKUPS, backup_download },
	{ MGMT_PUT, "/backups/{name}", RIGHT_BACKUPS, backup_upload },
	{ MGMT_DELETE, "/backups/{name}", RIGHT_BACKUPS, backup_remove },
	{ MGMT_GET, "/vault", RIGHT_STATE_READ, vault_show },
	{ MGMT_POST, "/vault/unlock", RIGHT_SECRETS_WRITE, vault_unlock_create },
	{ MGMT_PUT, "/vault/protection", RIGHT_SECRETS_WRITE, vault_protection_put },
	{ MGMT_POST, "/vault/rotate", RIGHT_SECRETS_WRITE, vault_rotate_create },
	{ MGMT_POST, "/batch", RIGHT_CONFIG_EDIT, batch_create },

	{ MGMT_POST, "/workspaces", RIGHT_CONFIG_EDIT, workspace_create },
	{ MGMT_GET, "/workspaces", RIGHT_CONFIG_EDIT, workspace_list },
	{ MGMT_GET, "/workspaces/{id}", RIGHT_CONFIG_EDIT, workspace_show },
	{ MGMT_DELETE, "/workspaces/{id}", RIGHT_CONFIG_EDIT, workspace_discard },
	{ MGMT_GET, "/workspaces/{id}/diff", RIGHT_CONFIG_EDIT, workspace_diff },
	{ MGMT_POST, "/workspaces/{id}/validate", RIGHT_CONFIG_EDIT, workspace_validate },
	{ MGMT_POST, "/workspaces/{id}/import", RIGHT_CONFIG_EDIT, workspace_import },
	{ MGMT_POST, "/workspaces/{id}/rebase", RIGHT_CONFIG_EDIT, workspace_rebase },
	{ MGMT_POST, "/workspaces/{id}/resolve", RIGHT_CONFIG_EDIT, workspace_resolve },

	{ MGMT_POST, "/commits", RIGHT_COMMIT, commit_create },
	{ MGMT_GET, "/commits/pending", RIGHT_CONFIG_READ, commit_pending },
	{ MGMT_GET, "/commits/{id}", RIGHT_HISTORY_READ, commit_show },
	{ MGMT_POST, "/commits/{id}/confirm", RIGHT_COMMIT, commit_confirm },
	{ MGMT_POST, "/commits/{id}/cancel", RIGHT_COMMIT, commit_cancel },

	{ MGMT_GET, "/revisions", RIGHT_HISTORY_READ, revision_list },
	{ MGMT_GET, "/revisions/verification", RIGHT_HISTORY_READ, revision_verify },
	{ MGMT_GET, "/revisions/{n}", RIGHT_HISTORY_READ, revision_show },
	{ MGMT_GET, "/revisions/{n}/configuration", RIGHT_HISTORY_READ, revision_configuration },
	{ MGMT_GET, "/revisions/{a}/diff/{b}", RIGHT_HISTORY_READ, revision_diff },
	{ MGMT_POST, "/revisions/{n}/restore", RIGHT_RESTORE, revision_restore },

	{ MGMT_GET, "/audit", RIGHT_AUDIT_READ, audit_list },
	{ MGMT_GET, "/audit/head", RIGHT_AUDIT_READ, audit_head_show },
	{ MGMT_GET, "/audit/heads", RIGHT_AUDIT_READ, audit_head_list },
	{ MGMT_GET, "/audit/proof", RIGHT_AUDIT_READ, audit_proof_show },
	{ MGMT_GET, "/audit/consistency", RIGHT_AUDIT_READ, audit_consistency_show },
	{ MGMT_GET, "/audit/export", RIGHT_AUDIT_READ, audit_export_show },

	{ MGMT_GET, "/temporary-members", RIGHT_STATE_READ, temporary_show },
	{ MGMT_POST, "/temporary-members", RIGHT_GRANT, temporary_create },
	{ MGMT_DELETE, "/temporary-members/{id}", RIGHT_GRANT, temporary_remove },

	{ MGMT_GET, "/group-sources", RIGHT_STATE_READ, source_list },
	{ MGMT_POST, "/group-sources/refresh", RIGHT_COMMIT, source_refresh },

	{ MGMT_GET, "/lists/{name}/entries", RIGHT_CONFIG_READ, list_entries_show },
	{ MGMT_PUT, "/lists/{name}/entries", RIGHT_COMMIT, list_entries_put },
	{ MGMT_DELETE, "/lists/{name}/entries", RIGHT_COMMIT, list_entries_delete },

	{ MGMT_GET, "/countries/{address}", RIGHT_STATE_READ, database_show },
	{ MGMT_PUT, "/country-database", RIGHT_COMMIT, database_put },
	{ MGMT_DELETE, "/country-database", RIGHT_COMMIT, database_delete },
	{ MGMT_GET, "/autonomous-systems/{address}", RIGHT_STATE_READ, database_show },
	{ MGMT_PUT, "/autonomous-system-database", RIGHT_COMMIT, database_put },
	{ MGMT_DELETE, "/autonomous-system-database", RIGHT_COMMIT, database_delete },

	{ MGMT_GET, "/drift", RIGHT_STATE_READ, drift_list },
	{ MGMT_POST, "/drift/{id}/accept", RIGHT_COMMIT, drift_accept },
	{ MGMT_POST, "/drift/{id}/repair", RIGHT_COMMIT, drift_repair },
	{ MGMT_DELETE, "/drift/{id}", RIGHT_COMMIT, drift_take_back },
	{ MGMT_POST, "/verification", RIGHT_DIAGNOSTICS, verification_create },
	{ MGMT_GET, "/status", RIGHT_STATE_READ, status_show },
	{ MGMT_GET, "/state/processes", RIGHT_STATE_READ, state_processes },
	{ MGMT_GET, "/state/drift", RIGHT_STATE_READ, state_drift },
	{ MGMT_GET, "/state/history", RIGHT_STATE_READ, state_history },
	{ MGMT_GET, "/state/firewall-log", RIGHT_LOGS_READ, state_show },
	{ MGMT_GET, "/state/connections", RIGHT_STATE_READ, connections_show },
	{ MGMT_DELETE, "/state/connections", RIGHT_COMMIT, connections_end },
	{ MGMT_GET, "/state/firewall-analysis", RIGHT_STATE_READ, query_show },
	{ MGMT_GET, "/state/firewall-explanation", RIGHT_STATE_READ, explanation_show },
	{ MGMT_GET, "/state/firewall-impact", RIGHT_LOGS_READ, impact_show },
	{ MGMT_GET, "/state/firewall-tests", RIGHT_STATE_READ, query_show },
	{ MGMT_GET, "/state/firewall-form", RIGHT_STATE_READ, query_show },
	{ MGMT_GET, "/state/{name}", RIGHT_STATE_READ, state_show },
	{ MGMT_GET, "/usage", RIGHT_CONFIG_READ, usage_show },
	{ MGMT_GET, "/schema", RIGHT_CONFIG_READ, schema_show },
	{ MGMT_GET, "/openapi.json", RIGHT_CONFIG_READ, openapi_show },

	{ MGMT_POST, "/session", RIGHT_PUBLIC, session_create },
	{ MGMT_GET, "/session", RIGHT_SESSION, session_show },
	{ MGMT_DELETE, "/session", RIGHT_SESSION, session_delete },
	{ MGMT_GET, "/session/rights", RIGHT_SESSION, rights_show },
	{ MGMT_GET, "/roles", RIGHT_SESSION, role_list },
	{ MGMT_PUT, "/session/password", RIGHT_SESSION, session_password },
	{ MGMT_POST, "/session/step-up", RIGHT_SESSION, step_up_create },
	{ MGMT_POST, "/session/handover", RIGHT_SESSION, handover_create },
	{ MGMT_POST, "/session/continue", RIGHT_PUBLIC, handover_continue },
	{ MGMT_GET, "/sessions", RIGHT_SESSION, session_list },
	{ MGMT_DELETE, "/sessions/{id}", RIGHT_SESSION, session_revoke },
	{ MGMT_POST, "/tokens", RIGHT_SESSION, token_create },
	{ MGMT_GET, "/tokens", RIGHT_SESSION, token_list },
	{ MGMT_DELETE, "/tokens/{id}", RIGHT_SESSION, token_revoke },
	/* "me" is nobody's name (yang/patronus-users.yang). */
	{ MGMT_GET, "/users/me/second-factor", RIGHT_SESSION, factor_show },
	{ MGMT_POST, "/users/me/second-factor", RIGHT_SESSION, factor_start },
	{ MGMT_DELETE, "/users/me/second-factor", RIGHT_SESSION, factor_remove },
	{ MGMT_POST, "/users/me/second-factor/confirm", RIGHT_SESSION, factor_confirm },
	{ MGMT_POST, "/users/me/second-factor/recovery-codes", RIGHT_SESSION, factor_codes },
	{ MGMT_GET, "/users/me/preferences", RIGHT_SESSION, preferences_show },
	{ MGMT_PUT, "/users/me/preferences", RIGHT_SESSION, preferences_change },
	{ MGMT_PATCH, "/users/me/preferences", RIGHT_SESSION, preferences_change },
	{ MGMT_GET, "/users/{user}/second-factor", RIGHT_USERS_ADMIN, user_factor_show },
	{ MGMT_DELETE, "/users/{user}/second-factor", RIGHT_USERS_ADMIN, user_factor_remove },
	{ MGMT_PUT, "/users/{user}/password", RIGHT_USERS_ADMIN, user_password },
	{ MGMT_GET, "/claim", RIGHT_PUBLIC, claim_show },
	{ MGMT_POST, "/claim", RIGHT_PUBLIC, claim_create },
};

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);

/* What is asked for beside the right, by handler. */
static const struct {
	void		(*handler)(struct request *);
	unsigned	 flags;
} marks[] = {
	{ query_show, ROUTE_WHOLE },
	{ explanation_show, ROUTE_WHOLE },
	{ impact_show, ROUTE_WHOLE },
	{ workspace_diff, ROUTE_WHOLE },
	{ workspace_validate, ROUTE_WHOLE },
	{ workspace_rebase, ROUTE_WHOLE },
	{ workspace_import, ROUTE_WHOLE },
	{ workspace_resolve, ROUTE_WHOLE },
	{ config_put, ROUTE_MAY_STEP_UP },
	{ config_patch, ROUTE_MAY_STEP_UP },
	{ config_post, ROUTE_MAY_STEP_UP },
	{ config_delete, ROUTE_MAY_STEP_UP },
	{ batch_create, ROUTE_MAY_STEP_UP },
	{ secret_list, ROUTE_WHOLE },
	{ secret_patch, ROUTE_STEP_UP },
	{ vault_unlock_create, ROUTE_STEP_UP },
	{ vault_protection_put, ROUTE_STEP_UP },
	{ vault_rotate_create, ROUTE_STEP_UP },
	{ backup_restore_create, ROUTE_STEP_UP | ROUTE_WHOLE },
	{ commit_create, ROUTE_MAY_STEP_UP },
	{ drift_list, ROUTE_ALL },
	{ drift_accept, ROUTE_STEP_UP },
	{ revision_configuration, ROUTE_WHOLE },
	{ revision_diff, ROUTE_WHOLE },
	{ revision_restore, ROUTE_STEP_UP | ROUTE_WHOLE },
	{ revision_verify, ROUTE_ALL },
	{ state_drift, ROUTE_ALL },
	{ session_show, ROUTE_ENROL },
	{ session_delete, ROUTE_PERSON | ROUTE_ENROL },
	{ session_password, ROUTE_PERSON },
	{ step_up_create, ROUTE_PERSON | ROUTE_ONCE },
	{ handover_create, ROUTE_PERSON | ROUTE_ENROL | ROUTE_ONCE },
	{ handover_continue, ROUTE_ONCE },
	{ session_list, ROUTE_PERSON },
	{ session_revoke, ROUTE_PERSON },
	{ token_create, ROUTE_PERSON | ROUTE_STEP_UP | ROUTE_ONCE },
	{ token_list, ROUTE_PERSON },
	{ token_revoke, ROUTE_PERSON },
	{ factor_show, ROUTE_PERSON | ROUTE_ENROL },
	{ factor_start, ROUTE_PERSON | ROUTE_ENROL | ROUTE_ONCE },
	{ factor_confirm, ROUTE_PERSON | ROUTE_ENROL | ROUTE_ONCE },
	{ factor_codes, ROUTE_PERSON | ROUTE_STEP_UP | ROUTE_ONCE },
	{ factor_remove, ROUTE_PERSON | ROUTE_STEP_UP },
	{ preferences_change, ROUTE_PERSON },
	{ user_factor_remove, ROUTE_STEP_UP },
	{ user_password, ROUTE_STEP_UP },
};

unsigned
route_flags(const struct route *route)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].handler == route->handler)
			return (marks[i].flags);
	return (0);
}

/* How a write without a workspace is committed. */
#define DIRECT		"comment confirm-timeout force"

static const struct {
	void		(*handler)(struct request *);
	const char	*query;		/* as query_check() takes it */
} queries[] = {
	{ audit_list, "limit before actor action object since until" },
	{ audit_head_list, "from limit" },
	{ audit_proof_show, "record size" },
	{ audit_consistency_show, "from to" },
	{ audit_export_show, "from" },
	{ config_get, "full lists " COLLECTION_QUERY },
	{ config_put, DIRECT },
	{ config_patch, DIRECT },
	{ config_post, DIRECT },
	{ config_delete, DIRECT },
	{ batch_create, DIRECT },
	{ revision_list, COLLECTION_QUERY },
	{ workspace_list, COLLECTION_QUERY },
	{ workspace_diff, "view" },
	{ workspace_import, "format" },
	{ revision_diff, "view" },
	{ revision_verify, "expect" },
	{ state_show, COLLECTION_QUERY },
	{ state_processes, COLLECTION_QUERY },
	{ state_drift, COLLECTION_QUERY },
	{ state_history, "step" },
	{ drift_list, COLLECTION_QUERY },
	{ temporary_show, COLLECTION_QUERY },
	{ source_list, COLLECTION_QUERY },
	{ list_entries_show, "from limit" },
	{ list_entries_put, "offset size" },
	{ backup_download, "offset" },
	{ backup_upload, "offset size" },
	{ query_show, COLLECTION_QUERY },
	{ connections_show, COLLECTION_QUERY },
	{ connections_end, "filter[]" },
	{ explanation_show, "from to source destination protocol source-port port icmp-type mark dscp length state in-port out-port source-mac "
	    "destination-mac ethertype vlan arp-operation prove" },
	{ session_list, "all" },
	{ usage_show, "path counts " COLLECTION_QUERY },
	{ rights_show, "path user" },
	{ token_list, "all" },
};

const char *
route_query(const struct route *route)
{
	size_t i;

	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (queries[i].handler == route->handler)
			return (queries[i].query);
	return ("");
}

static bool
matches(const char *pattern, char *const *segments, unsigned n, unsigned *ret_depth)
{
	unsigned i = 0;
	size_t len;

	for (; *pattern == '/'; pattern += len) {
		pattern++;
		len = strcspn(pattern, "/");
		if (strcmp(pattern, "...") == 0) {
			*ret_depth = i;
			return (true);
		}
		if (i == n)
			return (false);
		if (pattern[0] != '{' && (strlen(segments[i]) != len || memcmp(segments[i], pattern, len) != 0))
			return (false);
		i++;
	}
	*ret_depth = i;
	return (i == n);
}

const struct route *
route_find(uint8_t method, char *const *segments, unsigned n, char ret_allow[ROUTE_ALLOW], unsigned *ret_depth)
{
	unsigned allowed = 0, depth = 0, depth_found = 0;
	size_t i;

	for (i = 0; i < routes_n; i++) {
		if (!matches(routes[i].pattern, segments, n, &depth))
			continue;
		if (routes[i].method == method) {
			*ret_depth = depth;
			return (&routes[i]);
		}
		allowed |= 1u << routes[i].method;
		depth_found = depth;
	}
	*ret_depth = depth_found;
	route_allow(allowed, ret_allow);
	return (NULL);
}

void
route_allow(unsigned allowed, char ret[ROUTE_ALLOW])
{
	static const char *const methods[] = { "", "GET, HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
	unsigned m;

	ret[0] = '\0';
	if (allowed != 0)
		allowed |= 1u << MGMT_OPTIONS;
	for (m = MGMT_GET; m <= MGMT_OPTIONS; m++) {
		if ((allowed & (1u << m)) == 0)
			continue;
		if (ret[0] != '\0')
			strncat(ret, ", ", ROUTE_ALLOW - 1 - strlen(ret));
		strncat(ret, methods[m], ROUTE_ALLOW - 1 - strlen(ret));
	}
}
