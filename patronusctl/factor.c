/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second factor: enrolling with a QR code in the terminal, recovery codes, removing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "prompt.h"
#include "run.h"
#include "term.h"

#define QUIET_ZONE	4	/* modules: scanners want them */
#define CODE_MAX	40

static bool
is_dark(const json_t *rows, int x, int y)
{
	const char *row = x >= 0 && y >= 0 ? json_string_value(json_array_get(rows, (size_t)y)) : NULL;

	return row != NULL && (size_t)x < strlen(row) && row[x] == '1';
}

/* Two rows of modules in a line of half blocks; what is light is drawn, on black, whatever the colours of the terminal. */
static void
draw(const json_t *rows)
{
	static const char *const halves[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };	/* none, lower, upper, both */
	int n = (int)json_array_size(rows), x, y;

	for (y = -QUIET_ZONE; y < n + QUIET_ZONE; y += 2) {
		printf("%s", term_is_tty() ? "\033[97;40m" : "");
		for (x = -QUIET_ZONE; x < n + QUIET_ZONE; x++)
			printf("%s", halves[(is_dark(rows, x, y) ? 0 : 2) + (is_dark(rows, x, y + 1) || y + 1 >= n + QUIET_ZONE ? 0 : 1)]);
		printf("%s\n", term_is_tty() ? "\033[0m" : "");
	}
}

static void
print_codes(const struct reply *r)
{
	const json_t *codes = json_object_get(r->json, "recovery-codes");
	size_t i;

	printf("Recovery codes, each good once, for when the authenticator is lost. They are shown this once:\n\n");
	for (i = 0; i < json_array_size(codes); i++)
		printf("    %s\n", json_string_value(json_array_get(codes, i)));
	printf("\n");
}

static int
confirm(struct ctl *c)
{
	char code[CODE_MAX];
	struct reply r;
	int exit_code;

	if (fflush(stdout) != 0 || !prompt_hidden("Code of the authenticator: ", code, sizeof(code)))
		return EXIT_USAGE;
	exit_code = api_post(c, "/users/me/second-factor/confirm", json_pack("{s:s}", "otp", code), &r);
	if (exit_code != EXIT_OK)
		return exit_code;
	print_codes(&r);
	reply_fini(&r);
	return EXIT_OK;
}

int
run_factor_enrol(struct ctl *c)
{
	const char *algorithm = ctl_option(c, "algorithm"), *digits = ctl_option(c, "digits");
	json_t *o = json_object();
	struct reply r;
	int code;

	if (algorithm != NULL)
		(void)json_object_set_new(o, "algorithm", json_string(algorithm));
	if (digits != NULL)
		(void)json_object_set_new(o, "digits", json_integer(digits[0] == '8' ? 8 : 6));
	if ((code = api_post(c, "/users/me/second-factor", o, &r)) != EXIT_OK)
		return code;
	draw(json_object_get(r.json, "qr"));
	printf("\nScan this with an authenticator app, or type the secret: %s\n%s\n", json_text(r.json, "secret"), json_text(r.json, "uri"));
	reply_fini(&r);
	return confirm(c);
}

int
run_factor_codes(struct ctl *c)
{
	struct reply r;
	int code;

	if ((code = api_post(c, "/users/me/second-factor/recovery-codes", json_object(), &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		print_codes(&r);
	reply_fini(&r);
	return code;
}

/* "/users/NAME/second-factor", or one's own. */
static int
path_of(struct ctl *c, char *ret, size_t size)
{
	const char *user = c->args[0] != NULL ? c->args[0] : "me";

	if (strchr(user, '/') == NULL && snprintf(ret, size, "/users/%s/second-factor", user) < (int)size)
		return EXIT_OK;
	fprintf(stderr, "patronusctl: \"%s\" is not a user name\n", user);
	return EXIT_USAGE;
}

int
run_factor_remove(struct ctl *c)
{
	char path[128];
	int code = path_of(c, path, sizeof(path));

	return code != EXIT_OK ? code : api_delete(c, path);
}

int
run_factor_show(struct ctl *c)
{
	char path[128];
	struct reply r;
	int code = path_of(c, path, sizeof(path));

	if (code != EXIT_OK || (code = api_get(c, path, "", &r)) != EXIT_OK)
		return code;
	if (c->format == FORMAT_JSON)
		code = api_print_body(&r);
	else
		printf("%s, %lld recovery codes left%s\n", json_flag(r.json, "enrolled") ? "enrolled" : "not enrolled",
		    (long long)json_number(r.json, "recovery-codes"), json_flag(r.json, "required") ? ", required by the role" : "");
	reply_fini(&r);
	return code;
}
