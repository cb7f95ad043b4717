/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claim code never travels: who may read its file is who may claim the box. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

static int
print_file(const char *path)
{
	char code[128];
	FILE *f;

	f = fopen(path, "re");
	if (f == NULL) {
		fprintf(stderr, "patronusctl: %s: %s%s\n", path, strerror(errno), errno == EACCES ? "; only root may read the claim code" : "");
		return errno == EACCES ? EXIT_DENIED : EXIT_NOT_FOUND;
	}
	if (fgets(code, sizeof(code), f) == NULL)
		code[0] = '\0';
	(void)fclose(f);
	code[strcspn(code, "\r\n")] = '\0';
	if (code[0] == '\0') {
		fprintf(stderr, "patronusctl: %s is empty\n", path);
		return EXIT_FAILED;
	}
	printf("%s\n", code);
	return EXIT_OK;
}

int
run_claim_code(struct ctl *c)
{
	const char *state = ctl_option(c, "state");
	char path[4096];
	struct reply r;
	bool claimable;
	int code;

	if ((code = api_get(c, "/claim", "", &r)) != EXIT_OK)
		return code;
	claimable = json_flag(r.json, "claimable");
	reply_fini(&r);
	if (!claimable) {
		fprintf(stderr, "patronusctl: this box has an administrator already; there is no claim code\n");
		return EXIT_NOT_FOUND;
	}
	(void)snprintf(path, sizeof(path), "%s/auth/claim-code", state != NULL ? state : "/var/lib/patronus");
	return print_file(path);
}
