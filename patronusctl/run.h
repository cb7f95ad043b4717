/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_RUN_H
#define PATRONUSCTL_RUN_H

/* What the commands do, by the file they are in.  Each returns an exit code. */

struct ctl;

/* status.c */
int	run_status(struct ctl *);
/* audit.c */
int	run_audit_list(struct ctl *);
int	run_audit_verify(struct ctl *);
int	run_audit_export(struct ctl *);
int	run_audit_prove(struct ctl *);
/* group.c */
int	run_firewall_temporary(struct ctl *);
int	run_firewall_allow(struct ctl *);
int	run_firewall_revoke(struct ctl *);
int	run_firewall_country(struct ctl *);
int	run_firewall_system(struct ctl *);
int	run_firewall_list_clear(struct ctl *);
int	run_firewall_list_show(struct ctl *);
int	run_firewall_list_upload(struct ctl *);
int	run_firewall_countries_upload(struct ctl *);
int	run_firewall_countries_forget(struct ctl *);
int	run_firewall_systems_upload(struct ctl *);
int	run_firewall_systems_forget(struct ctl *);
int	run_firewall_sources(struct ctl *);
int	run_firewall_refresh(struct ctl *);
int	run_firewall_export(struct ctl *);
/* show.c */
int	run_show_interfaces(struct ctl *);
int	run_show_routes(struct ctl *);
int	run_show_rules(struct ctl *);
int	run_show_schedules(struct ctl *);
int	run_show_xdp(struct ctl *);
int	run_show_flow_offload(struct ctl *);
int	run_show_xdp_answers(struct ctl *);
int	run_show_xdp_counters(struct ctl *);
int	run_show_log(struct ctl *);
int	run_show_processes(struct ctl *);
int	run_show_drift(struct ctl *);
int	run_show_syslog(struct ctl *);
int	run_show_events(struct ctl *);
int	run_history(struct ctl *);
int	run_history_verify(struct ctl *);
int	run_rebase(struct ctl *);
/* config.c */
int	run_show_configuration(struct ctl *);
int	run_set(struct ctl *);
int	run_delete(struct ctl *);
int	run_firewall_import(struct ctl *);
int	run_move(struct ctl *);
int	run_show_workspaces(struct ctl *);
int	run_discard(struct ctl *);
/* load.c */
int	run_load(struct ctl *);
int	run_validate(struct ctl *);
/* import.c */
int	run_import(struct ctl *);
/* diff.c */
int	run_diff(struct ctl *);
int	run_compare(struct ctl *);
/* Lines of a diff, in colour on a terminal. */
void	print_lines(const char *);
/* commit.c */
int	run_commit(struct ctl *);
int	run_confirm(struct ctl *);
int	run_cancel(struct ctl *);
int	run_rollback(struct ctl *);
/* claim.c */
int	run_claim_code(struct ctl *);
/* verify.c */
int	run_verify(struct ctl *);
/* shell.c */
int	run_shell(struct ctl *);
int	run_configure(struct ctl *);
/* password.c */
int	run_password(struct ctl *);
/* backup.c */
int	run_backup_list(struct ctl *);
int	run_backup_create(struct ctl *);
int	run_backup_download(struct ctl *);
int	run_backup_remove(struct ctl *);
int	run_backup_verify(struct ctl *);
int	run_backup_restore(struct ctl *);
/* drift.c */
int	run_drift_list(struct ctl *);
int	run_drift_accept(struct ctl *);
int	run_drift_repair(struct ctl *);
int	run_drift_revoke(struct ctl *);

/* firewall.c */
int	run_show_states(struct ctl *);
int	run_firewall_kill(struct ctl *);
int	run_firewall_lint(struct ctl *);
int	run_firewall_explain(struct ctl *);
int	run_firewall_test(struct ctl *);
/* token.c */
int	run_token_create(struct ctl *);
int	run_token_list(struct ctl *);
int	run_token_revoke(struct ctl *);
int	run_session_list(struct ctl *);
int	run_session_revoke(struct ctl *);
/* role.c */
int	run_whoami(struct ctl *);
int	run_rights(struct ctl *);
int	run_show_roles(struct ctl *);
/* usage.c */
int	run_usage(struct ctl *);
/* factor.c */
int	run_factor_enrol(struct ctl *);
int	run_factor_codes(struct ctl *);
int	run_factor_remove(struct ctl *);
int	run_factor_show(struct ctl *);
/* secret.c */
int	run_secret_set(struct ctl *);
int	run_secret_remove(struct ctl *);
int	run_secret_list(struct ctl *);
int	run_secret_status(struct ctl *);
int	run_secret_unlock(struct ctl *);
int	run_secret_protect(struct ctl *);
int	run_secret_rotate(struct ctl *);
/* complete.c */
int	run_completion(struct ctl *);
int	run_complete(struct ctl *);
/* man.c */
int	run_man(struct ctl *);

#endif
