/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configurations and backups with something wrong in them, by the thousand: each must be refused at a named place, or be one that can be
 * printed and read again.  usage: mutate COUNT SEED DOCUMENT.YAML; one line with the counts at the end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "confd_rig.h"
#include "patronus-confd/age.h"
#include "patronus-confd/backup.h"
#include "patronus-confd/backup_contents.h"
#include "patronus-confd/dbtext.h"
#include "patronus-confd/document.h"
#include "patronus-confd/document_tree.h"
#include "patronus-confd/jsondoc.h"
#include "patronus-confd/listtext.h"
#include "patronus-confd/node.h"
#include "patronus-confd/problem.h"
#include "patronus-confd/record_json.h"
#include "patronus-confd/schema.h"

#define IDENTITY	"AGE-SECRET-KEY-1SU8X70UPVXF8KXFWPYJNQFH8SZS90QYPPG44YAGP597RZJLL0ZJQH9FWLL"
#define RECIPIENT	"age1slu3szw5934x2u5z2chm8wplrwmtq2t8r5vpzutexnfqc9ru53lqfwx966"
#define PICKS_MAX	4096

static struct rig	*rig;
static uint64_t		 state;
static unsigned		 refused, accepted;

static void __attribute__((noreturn, format(printf, 3, 4)))
breach(const char *text, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "\n--- what did it:\n%.*s\n", (int)(len < 20000 ? len : 20000), text);
	exit(1);
}

/* splitmix64: the same in every run of one seed. */
static uint64_t
draw(uint64_t n)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return ((z ^ z >> 31) % n);
}

/* --- bytes --- */

static void
mutate_bytes(struct buf *b, const uint8_t *data, size_t len, const char *words)
{
	unsigned n = 1 + (unsigned)draw(4);
	size_t at, cut, from;

	buf_reset(b);
	buf_put(b, data, len);
	for (; n > 0 && b->len > 8; n--) {
		at = draw(b->len);
		cut = draw(b->len - at < 64 ? b->len - at : 64);
		switch (draw(5)) {
		case 0:
			b->data[at] ^= (uint8_t)(1 << draw(8));
			break;
		case 1:
			b->data[at] = (uint8_t)words[draw(strlen(words))];
			break;
		case 2:
			memmove(b->data + at, b->data + at + cut, b->len - at - cut);
			b->len -= cut;
			break;
		case 3:
			from = draw(b->len - cut);
			memmove(b->data + at, b->data + from, cut < b->len - at ? cut : b->len - at);
			break;
		default:
			b->len = at + 1;
		}
	}
}

/* --- trees --- */

struct picks {
	struct node	*node[PICKS_MAX], *parent[PICKS_MAX];
	unsigned	 n;
};

static void
pick_all(struct picks *p, struct node *n, struct node *parent)
{
	struct node *child;

	if (p->n == PICKS_MAX)
		return;
	p->node[p->n] = n;
	p->parent[p->n++] = parent;
	for (child = n->first; child != NULL; child = child->next)
		pick_all(p, child, n);
}

static void
unlink_node(struct node *parent, struct node *n)
{
	struct node **at = &parent->first, *last = NULL, *i;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	for (i = parent->first; i != NULL; i = i->next)
		last = i;
	parent->last = last;
	parent->n--;
}

static void
set_scalar(struct node *n)
{
	static const char *const texts[] = { "", "0", "-1", "4294967296", "18446744073709551616", "true", "null", "any", "local", "lan", "wan", "10/second",
	    "0.0.0.0/0", "192.0.2.1/33", "2001:db8::/129", "999.1.1.1", "tcp", "accept", "drop", "65536", "443-80", "01h", "169h", "25:00", "\x01", "\xc2\x85",
	    "../../etc/shadow", "$(reboot)", "'; drop table", "a\nb", "\xe2\x80\xae", "age1", "{set: true}", "0123456789abcdef" };
	const char *text = texts[draw(sizeof(texts) / sizeof(texts[0]))];

	n->kind = NODE_SCALAR;
	n->style = (uint8_t)(draw(3) == 0 && text[strspn(text, "0123456789")] == '\0' && text[0] != '\0' && (text[0] != '0' || text[1] == '\0') ?
	    NODE_NUMBER : NODE_QUOTED);
	n->text = text;
	n->len = (uint32_t)strlen(text);
	n->first = n->last = NULL;
	n->n = 0;
}

static void
mutate_once(struct arena *arena, struct node *root)
{
	static struct picks p;
	struct node *n, *other, *copy;
	const char *name;
	unsigned i;

	p.n = 0;
	pick_all(&p, root, NULL);
	if (p.n < 3)
		return;
	i = 1 + (unsigned)draw(p.n - 1);
	n = p.node[i];
	other = p.node[1 + draw(p.n - 1)];
	switch (draw(6)) {
	case 0:
		unlink_node(p.parent[i], n);
		break;
	case 1:
		set_scalar(n);
		break;
	case 2:		/* what belongs elsewhere, under this name */
		copy = node_dup(arena, other);
		name = n->name;
		other = n->next;
		*n = *copy;
		n->name = name;
		n->next = other;
		break;
	case 3:		/* twice */
		copy = node_dup(arena, n);
		copy->name = n->name;
		node_append(p.parent[i], copy);
		break;
	case 4:
		if (n->name != NULL && other->name != NULL)
			n->name = other->name;
		else
			set_scalar(n);
		break;
	default:
		n->kind = n->kind == NODE_MAP ? NODE_SEQ : NODE_NULL;
		if (n->kind == NODE_NULL)
			n->first = n->last = NULL;
	}
}

static void
print_node(const struct node *n, struct buf *b)
{
	const struct node *c;

	if (n->kind == NODE_SCALAR && n->style != NODE_QUOTED) {
		buf_puts(b, n->text);
	} else if (n->kind == NODE_SCALAR) {
		record_json_string(n->text, n->len, b);
	} else if (n->kind == NODE_MAP || n->kind == NODE_SEQ) {
		buf_putc(b, n->kind == NODE_MAP ? '{' : '[');
		for (c = n->first; c != NULL; c = c->next) {
			if (n->kind == NODE_MAP) {
				record_json_string(c->name != NULL ? c->name : "nameless", strlen(c->name != NULL ? c->name : "nameless"), b);
				buf_putc(b, ':');
			}
			print_node(c, b);
			buf_puts(b, c->next != NULL ? ",\n" : "");
		}
		buf_putc(b, n->kind == NODE_MAP ? '}' : ']');
	} else {
		buf_puts(b, "null");
	}
}

static void
mutate_tree(struct buf *b, const char *json, size_t len)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *root = NULL;
	unsigned n = 1 + (unsigned)draw(3);

	if (jsondoc_read(json, len, arena, problems, &root) != 0)
		breach(json, len, "what is to be mutated cannot be read");
	for (; n > 0; n--)
		mutate_once(arena, root);
	buf_reset(b);
	print_node(root, b);
	arena_free(arena);
	problems_free(problems);
}

/* --- verdicts --- */

static void
check_problems(const struct problems *problems, const char *text, size_t len)
{
	const struct problem *p;
	unsigned i;

	if (problems_count(problems) == 0)
		breach(text, len, "refused without a reason");
	for (i = 0; i < problems_count(problems); i++) {
		p = problems_get(problems, i);
		if (p->text[0] == '\0' || (p->line == 0 && p->pointer[0] == '\0' && strcmp(p->code, "encoding") != 0 && strcmp(p->code, "too-large") != 0))
			breach(text, len, "refused at no place: %s: %s", p->code, p->text);
	}
	refused++;
}

static void
print(const struct document *d, struct buf *b)
{
	buf_init(b, 0);
	if (document_print(d, DOCUMENT_YAML, 0, b) != 0)
		breach("", 0, "cannot be printed");
}

/* Valid: then what is printed reads the same, and is valid too. */
static void
check_round_trip(const struct document *d, const char *text, size_t len)
{
	struct problems *problems = problems_new();
	struct document *again;
	struct buf a, b;

	print(d, &a);
	if (document_check(document_schema(d), DOCUMENT_YAML, (const char *)a.data, a.len, problems, &again) != 0)
		breach(text, len, "valid, but what is printed of it is not: %s: %s", problems_get(problems, 0)->path, problems_get(problems, 0)->text);
	print(again, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		breach(text, len, "prints another way the second time");
	buf_fini(&a);
	buf_fini(&b);
	document_free(again);
	problems_free(problems);
	accepted++;
}

static void
try_configuration(enum document_format format, const char *text, size_t len)
{
	struct problems *problems = problems_new();
	struct document *d = NULL;
	int error = document_check(rig->confd.schema, format, text, len, problems, &d);

	if (error == 0) {
		check_round_trip(d, text, len);
		document_free(d);
	} else if (error == -EINVAL)
		check_problems(problems, text, len);
	else
		breach(text, len, "error %d", error);
	problems_free(problems);
}

static void
try_plain_backup(const char *text, size_t len)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct document *d = NULL;
	struct node *root;
	struct buf users, uids, missing;
	struct backup_notes notes = { .users = &users, .uids = &uids, .missing = &missing };
	struct backup b;
	int error;

	buf_init(&users, 0);
	buf_init(&uids, 0);
	buf_init(&missing, 0);
	error = jsondoc_read(text, len, arena, problems, &root);
	if (error == 0 && !backup_read(root, problems, &b))
		error = -EINVAL;
	if (error == 0)
		error = backup_restore(&rig->confd, &b, arena, NULL, 0, true, problems, &notes, &d);
	if (error == 0)
		error = document_validate(d, problems);
	if (error == 0)
		check_round_trip(d, text, len);
	else if (error == -EINVAL)
		check_problems(problems, text, len);
	else
		breach(text, len, "error %d", error);
	document_free(d);
	buf_fini(&users);
	buf_fini(&uids);
	buf_fini(&missing);
	arena_free(arena);
	problems_free(problems);
}

/* Bytes of the sealed file: refused with a place, or not for this key; never opened but as it was. */
static void
try_sealed(const struct buf *b, const struct buf *sealed, const struct buf *plain)
{
	struct age_key key = { .identity = IDENTITY };
	struct age_fault fault;
	uint8_t *out;
	size_t len;
	int error = age_open(&key, b->data, b->len, &out, &len, &fault);

	if (error == 0) {
		if (len != plain->len || memcmp(out, plain->data, len) != 0 || b->len != sealed->len || memcmp(b->data, sealed->data, b->len) != 0)
			breach("", 0, "a damaged backup was opened");
		age_free(out, len);
		accepted++;
	} else if (error == -EACCES || (error == -EBADMSG && fault.text[0] != '\0'))
		refused++;
	else
		breach("", 0, "a backup was refused at no place: error %d", error);
}

/* --- what stands behind a document --- */

#define DIGEST	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool
take_lines(struct backup_reader *r, enum backup_step step, const char *lines, size_t len, struct problems *problems)
{
	struct dbtext t;
	struct listtext l;
	struct buf b;
	bool ok;

	buf_init(&b, 0);
	if (step == BACKUP_STEP_LIST) {
		listtext_pack(lines, len, &b);
		ok = listtext_unpack(b.data, b.len, &l) == 0 && backup_reader_take_list(r, &l, problems);
	} else {
		dbtext_pack(backup_reader_kind(r), (const uint8_t *)lines, len, &b);
		ok = dbtext_unpack(backup_reader_kind(r), b.data, b.len, &t) == 0 && backup_reader_take_database(r, &t, problems);
	}
	buf_fini(&b);
	return (ok);
}

/* All that was taken, as it would be written. */
static void
print_contents(const struct backup_contents *c, struct buf *b)
{
	const struct store_content *k;
	struct addrdb all;
	uint32_t i, j;

	for (i = 0; i < c->n; i++) {
		k = &c->lists[i].content;
		buf_printf(b, "--- list %s %s\n", c->lists[i].name, k->etag);
		for (j = 0; j < k->n4; j++)
			listtext_print(k->v4 + (size_t)j * 8, 4, b);
		for (j = 0; j < k->n6; j++)
			listtext_print(k->v6 + (size_t)j * 32, 16, b);
	}
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		all = backup_contents_database(c, i);
		if (c->databases[i].is_there)
			buf_printf(b, "--- %s\n", backup_database_name(i));
		for (j = 0; j < all.n4; j++)
			dbtext_print(i, all.v4 + j * addrdb_range_len(i, 4), 4, b);
		for (j = 0; j < all.n6; j++)
			dbtext_print(i, all.v6 + j * addrdb_range_len(i, 16), 16, b);
	}
	buf_puts(b, "--- end\n");
}

/* true: taken, and *ret is what would be written of it. */
static bool
read_contents(const char *text, size_t len, struct problems *problems, struct buf *ret)
{
	struct backup_reader *r = backup_reader_new();
	struct backup_contents *c;
	enum backup_step step;
	const char *lines;
	size_t at = 0, n;

	for (;;) {
		step = backup_reader_next(r, problems, &lines, &n);
		if (step == BACKUP_STEP_MORE) {
			n = len - at < 97 ? len - at : 97;
			backup_reader_give(r, text + at, n);
			at += n;
		} else if (step == BACKUP_STEP_END || step == BACKUP_STEP_REFUSED || !take_lines(r, step, lines, n, problems))
			break;
	}
	c = backup_reader_contents(r);
	if (step == BACKUP_STEP_END)
		print_contents(c, ret);
	backup_contents_free(c);
	backup_reader_free(r);
	return (step == BACKUP_STEP_END);
}

static void
try_contents(const char *text, size_t len)
{
	struct problems *problems = problems_new();
	struct buf once, again;

	buf_init(&once, 0);
	buf_init(&again, 0);
	buf_puts(&once, "{}\n");
	buf_puts(&again, "{}\n");
	if (!read_contents(text, len, problems, &once)) {
		check_problems(problems, text, len);
	} else {
		if (!read_contents((const char *)once.data, once.len, problems, &again) || once.len != again.len ||
		    memcmp(once.data, again.data, once.len) != 0)
			breach(text, len, "taken, and what is written of it is something else");
		accepted++;
	}
	buf_fini(&once);
	buf_fini(&again);
	problems_free(problems);
}

static void
run_contents(unsigned count)
{
	static const char whole[] = "{}\n--- list bad " DIGEST "\n192.0.2.0/24\n198.51.100.1\n198.51.100.3\n2001:db8::/48\n--- list other " DIGEST "\n"
	    "203.0.113.1-203.0.113.9\n--- countries\n192.0.2.0,192.0.2.127,NO\n192.0.2.128,192.0.2.255,DE\n2001:db8::,2001:db8::ff,NO\n"
	    "--- autonomous-systems\n192.0.2.0,192.0.2.255,64496\n2001:db8::,2001:db8::ff,65551\n--- end\n";
	struct buf b;
	unsigned i;

	buf_init(&b, 0);
	try_contents(whole, sizeof(whole) - 1);
	if (refused > 0)
		breach(whole, sizeof(whole) - 1, "what is to be mutated is refused");
	for (i = 0; i < count; i++) {
		mutate_bytes(&b, (const uint8_t *)whole, sizeof(whole) - 1, "- \n./:,0a");
		try_contents((const char *)b.data, b.len);
	}
	buf_fini(&b);
}

/* --- the runs --- */

static void
run_configurations(unsigned count, const struct buf *yaml, const struct buf *json)
{
	struct buf b;
	unsigned i;

	buf_init(&b, 0);
	for (i = 0; i < count; i++) {
		if (i % 2 == 0) {
			mutate_tree(&b, (const char *)json->data, json->len);
			try_configuration(DOCUMENT_JSON, (const char *)b.data, b.len);
		} else {
			mutate_bytes(&b, yaml->data, yaml->len, " :-[]{}#&*!|>'\"%@,\n\t0a");
			try_configuration(DOCUMENT_YAML, (const char *)b.data, b.len);
		}
	}
	buf_fini(&b);
}

static void
run_backups(unsigned count)
{
	struct age_lock lock = { .recipients = { RECIPIENT }, .nrecipients = 1 };
	struct buf plain, sealed, b;
	const char *bad;
	unsigned i;

	buf_init(&plain, 0);
	buf_init(&sealed, 0);
	buf_init(&b, 0);
	if (backup_print(&rig->confd, BACKUP_FULL, &plain) != 0 || age_seal(&lock, plain.data, plain.len, &sealed, &bad) != 0)
		breach("", 0, "no backup to start from");
	try_plain_backup((const char *)plain.data, plain.len);
	for (i = 0; i < count; i++) {
		if (i % 4 == 0) {
			mutate_bytes(&b, sealed.data, sealed.len, "-> age\n0");
			try_sealed(&b, &sealed, &plain);
		} else if (i % 4 == 1) {
			mutate_bytes(&b, plain.data, plain.len, "{}[]\",:0");
			try_plain_backup((const char *)b.data, b.len);
		} else {
			mutate_tree(&b, (const char *)plain.data, plain.len);
			try_plain_backup((const char *)b.data, b.len);
		}
	}
	buf_fini(&plain);
	buf_fini(&sealed);
	buf_fini(&b);
}

static void
read_all(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "re");
	char chunk[65536];
	size_t n;

	if (f == NULL)
		breach("", 0, "%s: cannot be read", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_put(b, chunk, n);
	(void)fclose(f);
}

int
main(int argc, char **argv)
{
	unsigned count = argc == 4 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, of_configurations, of_contents;
	struct problems *problems = problems_new();
	struct document *d;
	struct buf yaml, json;
	char *text;

	if (count == 0)
		return (2);
	state = strtoull(argv[2], NULL, 10);
	buf_init(&yaml, 0);
	buf_init(&json, 0);
	read_all(argv[3], &yaml);
	rig = rig_new(NULL);
	rig_connect(rig);
	buf_putc(&yaml, '\0');
	text = (char *)yaml.data;
	(void)rig_load(rig, text, 201);
	yaml.len--;
	if (document_load(rig->confd.schema, DOCUMENT_YAML, text, yaml.len, problems, &d) != 0 || document_print(d, DOCUMENT_JSON, 0, &json) != 0)
		breach("", 0, "the document does not load");
	run_contents(count);
	of_contents = refused;
	accepted = 0;		/* of those it says nothing about the others */
	run_configurations(count, &yaml, &json);
	of_configurations = refused - of_contents;
	run_backups(count);
	(void)printf("configurations %u refused %u; backups %u refused %u; accepted %u; contents %u refused %u; breaches 0\n", count, of_configurations, count,
	    refused - of_configurations - of_contents, accepted, count, of_contents);
	document_free(d);
	problems_free(problems);
	buf_fini(&yaml);
	buf_fini(&json);
	rig_free(rig, false);
	return (0);
}
