/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "body.h"
#include "confd.h"
#include "db_errno.h"
#include "document.h"
#include "node.h"
#include "preferences.h"
#include "problem.h"
#include "snapshot.h"

#define WIDGETS_MAX	32
#define WIDGET_LEN	32	/* of its name */
#define LANGUAGE_LEN	35	/* RFC 5646, 4.4.1 */

struct preferences {
	sqlite3		*db;
};

/* What a power cut takes back is where a widget was moved to in the last seconds. */
static const char setup_sql[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64; PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=1048576; PRAGMA wal_autocheckpoint=256;"
    "CREATE TABLE IF NOT EXISTS preferences(user TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;";

/* --- the file --- */

static int
failed(struct preferences *p, const char *what)
{
	log_warnx("preferences", "%s: %s", what, sqlite3_errmsg(p->db));
	return (-EIO);
}

static bool
open_file(struct preferences *p, const char *path, bool *ret_is_damaged)
{
	if (sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK &&
	    sqlite3_exec(p->db, setup_sql, NULL, NULL, NULL) == SQLITE_OK)
		return (true);
	*ret_is_damaged = db_errno(p->db) == -EUCLEAN;
	(void)failed(p, "open");
	(void)sqlite3_close(p->db);
	p->db = NULL;
	return (false);
}

/* One that is damaged is begun anew; one that cannot be opened now is left alone. */
struct preferences *
preferences_open(const char *dir)
{
	struct preferences *p = calloc(1, sizeof(*p));
	bool is_damaged;
	char path[512];

	if (p == NULL || (size_t)snprintf(path, sizeof(path), "%s/preferences.db", dir) >= sizeof(path)) {
		free(p);
		return (NULL);
	}
	if (open_file(p, path, &is_damaged) || (is_damaged && open_file(p, path, &is_damaged)))
		return (p);
	if (is_damaged && unlink(path) == 0 && open_file(p, path, &is_damaged))
		return (p);
	log_warnx("preferences", "what users prefer is not kept");
	free(p);
	return (NULL);
}

void
preferences_close(struct preferences *p)
{
	if (p == NULL)
		return;
	(void)sqlite3_close(p->db);
	free(p);
}

int
preferences_get(struct preferences *p, const char *user, char ret[PREFERENCES_MAX + 1])
{
	sqlite3_stmt *q;
	const char *text;
	int rc;

	(void)str_copy(ret, "{}", PREFERENCES_MAX + 1);
	if (p == NULL)
		return (-EIO);
	if (sqlite3_prepare_v2(p->db, "SELECT text FROM preferences WHERE user = ?", -1, &q, NULL) != SQLITE_OK)
		return (failed(p, "read"));
	(void)sqlite3_bind_text(q, 1, user, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW && (text = (const char *)sqlite3_column_text(q, 0)) != NULL && strlen(text) <= PREFERENCES_MAX)
		(void)str_copy(ret, text, PREFERENCES_MAX + 1);
	(void)sqlite3_finalize(q);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : failed(p, "read"));
}

static int
run(struct preferences *p, const char *sql, const char *user, const char *text)
{
	sqlite3_stmt *q;
	int error = 0;

	if (p == NULL)
		return (-EIO);
	if (sqlite3_prepare_v2(p->db, sql, -1, &q, NULL) != SQLITE_OK)
		return (failed(p, "write"));
	(void)sqlite3_bind_text(q, 1, user, -1, SQLITE_STATIC);
	if (text != NULL)
		(void)sqlite3_bind_text(q, 2, text, -1, SQLITE_STATIC);
	if (sqlite3_step(q) != SQLITE_DONE)
		error = failed(p, "write");
	(void)sqlite3_finalize(q);
	return (error);
}

int
preferences_put(struct preferences *p, const char *user, const char *text)
{
	if (strcmp(text, "{}") == 0)
		return (run(p, "DELETE FROM preferences WHERE user = ?", user, NULL));
	return (run(p, "INSERT OR REPLACE INTO preferences VALUES(?, ?)", user, text));
}

static bool
is_user(const struct confd *confd, const char *user)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "/users/%.64s/name", user);
	return (document_value(confd->running->doc, path) != NULL || document_value(confd->kept->doc, path) != NULL);
}

/* The first user behind a name who is nobody any more; false: there is none. */
static bool
find_stranger(const struct confd *confd, char user[65])
{
	bool is_found = false;
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(confd->preferences->db, "SELECT user FROM preferences WHERE user > ? ORDER BY user", -1, &q, NULL) != SQLITE_OK)
		return (false);
	(void)sqlite3_bind_text(q, 1, user, -1, SQLITE_TRANSIENT);
	while (!is_found && sqlite3_step(q) == SQLITE_ROW) {
		(void)str_copy(user, (const char *)sqlite3_column_text(q, 0), 65);
		is_found = !is_user(confd, user);
	}
	(void)sqlite3_finalize(q);
	return (is_found);
}

void
preferences_sweep(const struct confd *confd)
{
	char user[65] = "";

	while (confd->preferences != NULL && find_stranger(confd, user))
		(void)run(confd->preferences, "DELETE FROM preferences WHERE user = ?", user, NULL);
}

/* --- the schema --- */

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return (true);
	return (false);
}

/* "de", "zh-Hant": what RFC 5646 is made of. */
static bool
is_language(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	return (text[0] != '\0' && text[0] != '-' && strlen(text) <= LANGUAGE_LEN && text[strspn(text, letters)] == '\0');
}

static bool
is_widget(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return (text[0] != '\0' && strlen(text) <= WIDGET_LEN && text[strspn(text, letters)] == '\0');
}

/* Texts that were judged have no character that JSON escapes. */
static void
add_member(struct buf *b, const char *name, const char *text)
{
	if (text != NULL)
		buf_printf(b, "%s\"%s\":\"%s\"", b->len > 1 ? "," : "", name, text);
}

static bool
check_widget(const struct node *node, const struct node *list, const char *pointer, struct buf *b, struct problems *problems)
{
	static const char *const sizes[] = { "full", "half", "third", NULL };
	const char *widget = NULL, *size = NULL, *other;
	const struct node *one;
	bool is_hidden = false;
	const struct body_member members[] = {
		{ .name = "widget", .ret_text = &widget, .is_required = true },
		{ .name = "size", .ret_text = &size, .is_required = true },
		{ .name = "hidden", .ret_flag = &is_hidden },
		{ .name = NULL },
	};

	if (!body_members(node, pointer, members, problems))
		return (false);
	if (!is_widget(widget) || !is_one_of(size, sizes)) {
		problems_add(problems, pointer, NULL, node->line, "value", "", "a widget is letters and digits, its size \"full\", \"half\" or \"third\"");
		return (false);
	}
	for (one = list->first; one != node; one = one->next) {
		if ((other = node_member_text(one, "widget")) == NULL || strcmp(other, widget) != 0)
			continue;
		problems_add(problems, pointer, NULL, node->line, "duplicate", "", "the widget %s is there twice", widget);
		return (false);
	}
	buf_printf(b, "{\"widget\":\"%s\",\"size\":\"%s\"%s}", widget, size, is_hidden ? ",\"hidden\":true" : "");
	return (true);
}

static bool
check_dashboard(const struct node *list, struct buf *b, struct problems *problems)
{
	const struct node *node;
	unsigned i = 0;
	char pointer[32];

	buf_printf(b, "%s\"dashboard\":[", b->len > 1 ? "," : "");
	for (node = list->first; node != NULL; node = node->next, i++) {
		(void)snprintf(pointer, sizeof(pointer), "/dashboard/%u", i);
		buf_puts(b, i > 0 ? "," : "");
		if (!check_widget(node, list, pointer, b, problems))
			return (false);
	}
	buf_puts(b, "]");
	return (true);
}

bool
preferences_check(const struct node *map, struct buf *b, struct problems *problems)
{
	static const char *const themes[] = { "auto", "light", "dark", NULL };
	const char *language = NULL, *theme = NULL;
	const struct node *dashboard = NULL;
	bool has_single_keys = true;
	const struct body_member members[] = {
		{ .name = "language", .ret_text = &language },
		{ .name = "theme", .ret_text = &theme },
		{ .name = "single-keys", .ret_flag = &has_single_keys },
		{ .name = "dashboard", .ret_list = &dashboard, .max = WIDGETS_MAX },
		{ .name = NULL },
	};

	if (!body_members(map, "", members, problems))
		return (false);
	if (language != NULL && !is_language(language))
		problems_add(problems, "/language", NULL, map->line, "value", "", "\"language\" must be a tag as \"de\" or \"zh-Hant\"");
	if (theme != NULL && !is_one_of(theme, themes))
		problems_add(problems, "/theme", NULL, map->line, "value", "", "\"theme\" must be \"auto\", \"light\" or \"dark\"");
	if (problems_count(problems) > 0)
		return (false);
	buf_puts(b, "{");
	add_member(b, "language", language);
	add_member(b, "theme", theme);
	if (!has_single_keys)
		buf_printf(b, "%s\"single-keys\":false", b->len > 1 ? "," : "");
	if (dashboard != NULL && !check_dashboard(dashboard, b, problems))
		return (false);
	buf_puts(b, "}");
	return (true);
}
