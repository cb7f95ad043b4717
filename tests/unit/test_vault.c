/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patronus-confd/vault.h"
#include "tempdir.h"

#define N		12
#define PASSPHRASE	"a passphrase of the boot"

static char	dir[TEMPDIR_LEN], prints[N][SEAL_FINGERPRINT_LEN];
static uint64_t	now_ms = 1000000;

static bool	is_quick;

uint64_t	__wrap_clock_mono_ms(void);
int		__wrap_cipher_scrypt(struct cipher_bytes, struct cipher_bytes, unsigned, uint8_t *);
int		__real_cipher_scrypt(struct cipher_bytes, struct cipher_bytes, unsigned, uint8_t *);

uint64_t
__wrap_clock_mono_ms(void)
{
	return (now_ms);
}

/* Where a passphrase is given hundreds of times it costs less: the system calls are the same. */
int
__wrap_cipher_scrypt(struct cipher_bytes passphrase, struct cipher_bytes salt, unsigned log_n, uint8_t *ret)
{
	return (__real_cipher_scrypt(passphrase, salt, is_quick ? 4 : log_n, ret));
}

static int
setup(void **state)
{
	(void)state;
	return (tempdir_make(dir, "vault"));
}

static int
teardown(void **state)
{
	(void)state;
	return (tempdir_remove(dir));
}

static struct vault *
open_vault(void)
{
	struct vault *v = NULL;

	assert_int_equal(vault_open(dir, &v), 0);
	return (v);
}

static void
value_of(unsigned i, char path[64], char value[64])
{
	(void)snprintf(path, 64, "/vpn/peers/peer-%u/key", i);
	(void)snprintf(value, 64, "the secret of peer %u", i);
}

static void
fill(struct vault *v)
{
	char path[64], value[64];
	unsigned i;

	for (i = 0; i < N; i++) {
		value_of(i, path, value);
		assert_int_equal(vault_set(v, path, value, strlen(value), prints[i]), 0);
	}
}

/* Are all the secrets there, each as it was? */
static bool
is_whole(struct vault *v)
{
	char path[64], value[64], *got;
	size_t len;
	unsigned i;

	for (i = 0; i < N; i++) {
		value_of(i, path, value);
		if (vault_get(v, path, prints[i], &got, &len) != 0)
			return (false);
		if (len != strlen(value) || memcmp(got, value, len) != 0)
			return (false);
		vault_value_free(got, len);
	}
	return (true);
}

static void
test_secrets_survive_a_restart(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	char print[SEAL_FINGERPRINT_LEN], *got;
	size_t len;

	(void)state;
	fill(v);
	vault_status(v, &st);
	assert_int_equal(st.protection, VAULT_KEY_FILE);
	assert_int_equal(st.nsecrets, N);
	assert_false(st.is_locked);
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	/* A new value beside the old one: going back is possible until the old one is swept. */
	assert_int_equal(vault_set(v, "/vpn/peers/peer-0/key", "another", 7, print), 0);
	assert_string_not_equal(print, prints[0]);
	assert_true(is_whole(v));
	assert_int_equal(vault_get(v, "/vpn/peers/peer-1/key", prints[0], &got, &len), -ENOENT);
	vault_close(v);
}

static bool
is_even(const char *path, const char *fingerprint, void *arg)
{
	(void)fingerprint;
	(void)arg;
	return ((path[strlen("/vpn/peers/peer-")] - '0') % 2 == 0);
}

static void
test_sweep_forgets_what_nothing_refers_to(void **state)
{
	struct vault *v = open_vault();

	(void)state;
	fill(v);
	assert_int_equal(vault_sweep(v, is_even, NULL), 0);
	assert_true(vault_has(v, "/vpn/peers/peer-2/key", prints[2]));
	assert_false(vault_has(v, "/vpn/peers/peer-3/key", prints[3]));
	vault_close(v);
}

/* The whole directory as bytes: is this text anywhere in it? */
static bool
is_on_disk(const char *text)
{
	static char data[1 << 20];
	const struct dirent *e;
	bool found = false;
	char path[400];
	ssize_t n;
	DIR *d = opendir(dir);
	int fd;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if ((fd = open(path, O_RDONLY)) == -1)
			continue;
		n = read(fd, data, sizeof(data));
		if (n > 0 && memmem(data, (size_t)n, text, strlen(text)) != NULL)
			found = true;
		(void)close(fd);
	}
	(void)closedir(d);
	return (found);
}

static unsigned
count_key_files(void)
{
	const struct dirent *e;
	unsigned n = 0;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".key") != NULL;
	(void)closedir(d);
	return (n);
}

static void
test_a_passphrase_locks_until_it_is_given(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	char print[SEAL_FINGERPRINT_LEN], *got;
	size_t len;
	unsigned i;

	(void)state;
	fill(v);
	assert_int_equal(count_key_files(), 1);
	assert_int_equal(vault_protect_passphrase(v, "short", 5), -ERANGE);
	assert_int_equal(vault_protect_passphrase(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	assert_int_equal(count_key_files(), 0);
	assert_true(is_whole(v));
	vault_close(v);
	assert_false(is_on_disk("the secret of peer"));
	assert_false(is_on_disk(PASSPHRASE));

	v = open_vault();
	vault_status(v, &st);
	assert_true(st.is_locked);
	assert_int_equal(st.nsecrets, N);
	assert_true(vault_has(v, "/vpn/peers/peer-0/key", prints[0]));
	assert_int_equal(vault_get(v, "/vpn/peers/peer-0/key", prints[0], &got, &len), -ENOKEY);
	assert_int_equal(vault_set(v, "/a", "b", 1, print), -ENOKEY);
	assert_int_equal(vault_rotate(v), -ENOKEY);
	assert_int_equal(vault_protect_key_file(v), -ENOKEY);
	/* Five guesses, then they are not even tried. */
	for (i = 0; i < 5; i++)
		assert_int_equal(vault_unlock(v, "a passphrase of the boat", 24), -EACCES);
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), -EAGAIN);
	now_ms += 2000;
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), -EALREADY);
	assert_true(is_whole(v));
	assert_int_equal(vault_protect_key_file(v), 0);
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	vault_close(v);
}

static void
test_without_its_key_file_it_is_locked(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	const struct dirent *e;
	char path[400];
	DIR *d;

	(void)state;
	fill(v);
	vault_close(v);
	d = opendir(dir);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (strstr(e->d_name, ".key") != NULL)
			assert_int_equal(unlink(path), 0);
	}
	(void)closedir(d);
	v = open_vault();
	vault_status(v, &st);
	assert_true(st.is_locked);
	vault_close(v);
}

static void
test_rotation_keeps_both_epochs_readable(void **state)
{
	struct vault *v = open_vault();
	struct vault_status st;
	int left;

	(void)state;
	fill(v);
	assert_int_equal(vault_rotate(v), 0);
	assert_int_equal(vault_step(v, 5), N - 5);
	assert_true(is_whole(v));
	vault_close(v);
	v = open_vault();
	vault_status(v, &st);
	assert_int_equal(st.epoch, 2);
	assert_int_equal(st.nold, N - 5);
	assert_true(is_whole(v));
	while ((left = vault_step(v, 3)) > 0)
		assert_true(is_whole(v));
	assert_int_equal(left, 0);
	vault_status(v, &st);
	assert_int_equal(st.nold, 0);
	assert_true(is_whole(v));
	vault_close(v);
	v = open_vault();
	assert_true(is_whole(v));
	vault_close(v);
}

/* --- the TPM: its part is played by who has the key --- */

static const uint8_t tpm_key[CIPHER_KEY_LEN] = "a key that only the TPM returns";
static const uint8_t tpm_sealed[] = "what the TPM made of the key and nobody can read";

static bool
is_in_file(const void *what, size_t len)
{
	static char data[1 << 20];
	char path[128];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/vault.db", dir);
	assert_true((fd = open(path, O_RDONLY)) != -1);
	n = read(fd, data, sizeof(data));
	(void)close(fd);
	assert_true(n > 0);
	return (memmem(data, (size_t)n, what, len) != NULL);
}

static void
protect_by_tpm(struct vault *v)
{
	(void)vault_protect_tpm(v, tpm_key, 1u << 7, tpm_sealed, sizeof(tpm_sealed), PASSPHRASE, strlen(PASSPHRASE));
}

static void
test_the_tpm_or_the_recovery_passphrase_opens_it(void **state)
{
	uint8_t wrong[CIPHER_KEY_LEN] = "another key";
	struct vault *v = open_vault();
	struct vault_status st;
	uint32_t len;

	(void)state;
	fill(v);
	assert_null(vault_tpm_sealed(v, &len));
	assert_int_equal(vault_protect_tpm(v, tpm_key, 0, tpm_sealed, sizeof(tpm_sealed), "too short", 9), -ERANGE);
	protect_by_tpm(v);
	assert_true(is_whole(v));
	vault_close(v);
	assert_int_equal(count_key_files(), 0);
	assert_true(is_in_file(tpm_sealed, sizeof(tpm_sealed)));
	assert_false(is_in_file(tpm_key, 8));

	v = open_vault();
	vault_status(v, &st);
	assert_int_equal(st.protection, VAULT_TPM);
	assert_int_equal(st.pcrs, 1u << 7);
	assert_true(st.is_locked);
	assert_memory_equal(vault_tpm_sealed(v, &len), tpm_sealed, sizeof(tpm_sealed));
	assert_int_equal(len, sizeof(tpm_sealed));
	assert_int_equal(vault_unlock_key(v, wrong), -EACCES);
	assert_int_equal(vault_protect_tpm(v, tpm_key, 0, tpm_sealed, len, PASSPHRASE, strlen(PASSPHRASE)), -ENOKEY);
	assert_int_equal(vault_unlock_key(v, tpm_key), 0);
	assert_int_equal(vault_unlock_key(v, tpm_key), -EALREADY);
	assert_true(is_whole(v));
	/* A new data key is under the same key of the TPM. */
	assert_int_equal(vault_rotate(v), 0);
	vault_close(v);

	v = open_vault();
	assert_int_equal(vault_unlock(v, "not the passphrase", 18), -EACCES);
	assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	vault_status(v, &st);
	assert_int_equal(st.epoch, 2);
	assert_true(is_whole(v));
	/* The next protection leaves nothing of this one. */
	assert_int_equal(vault_protect_key_file(v), 0);
	assert_null(vault_tpm_sealed(v, &len));
	vault_close(v);
	assert_false(is_in_file(tpm_sealed, sizeof(tpm_sealed)));
	v = open_vault();
	assert_true(is_whole(v));
	vault_close(v);
}

/* --- killed at every system call --- */

static void
rotate_data_key(struct vault *v)
{
	if (vault_rotate(v) == 0)
		while (vault_step(v, 4) > 0)
			continue;
}

static void
rotate_key_file(struct vault *v)
{
	(void)vault_protect_key_file(v);
}

static void
rotate_passphrase(struct vault *v)
{
	(void)vault_protect_passphrase(v, PASSPHRASE, strlen(PASSPHRASE));
}

/* Run act in a child that is killed before its k-th system call; false when it had fewer. */
static bool
killed_at(unsigned k, void (*act)(struct vault *))
{
	struct vault *v;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (vault_open(dir, &v) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
			_exit(2);
		(void)raise(SIGSTOP);
		act(v);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	/* Two stops each: before it and after it. */
	for (k = 2 * k + 1; k > 0; k--) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return (false);
		}
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (true);
}

/* Nothing is lost, whichever protection it was killed in; and then a key file again, from which the next round starts. */
static void
check_what_is_left(void)
{
	struct vault *v = open_vault();
	struct vault_status st;

	vault_status(v, &st);
	if (st.is_locked && st.protection == VAULT_TPM)
		assert_int_equal(vault_unlock_key(v, tpm_key), 0);
	else if (st.is_locked)
		assert_int_equal(vault_unlock(v, PASSPHRASE, strlen(PASSPHRASE)), 0);
	assert_true(is_whole(v));
	if (st.protection != VAULT_KEY_FILE)
		assert_int_equal(vault_protect_key_file(v), 0);
	while (vault_step(v, 100) > 0)
		continue;
	assert_true(is_whole(v));
	vault_close(v);
	assert_int_equal(count_key_files(), 1);
}

static unsigned
kill_everywhere(void (*act)(struct vault *))
{
	struct vault *v = open_vault();
	unsigned k;

	fill(v);
	vault_close(v);
	for (k = 0; killed_at(k, act); k++)
		check_what_is_left();
	check_what_is_left();
	return (k);
}

static void
test_killed_at_every_call_of_a_rotation(void **state)
{
	unsigned data, file, passphrase, tpm;

	(void)state;
#ifdef PATRONUS_SANITIZED
	skip();		/* the checker of leaks wants to be the tracer */
#endif
	is_quick = true;
	data = kill_everywhere(rotate_data_key);
	file = kill_everywhere(rotate_key_file);
	passphrase = kill_everywhere(rotate_passphrase);
	tpm = kill_everywhere(protect_by_tpm);
	is_quick = false;
	print_message("killed at %u calls of a new data key, %u of a new key file, %u of a passphrase, %u of a key in the TPM; 0 secrets lost\n",
	    data, file, passphrase, tpm);
	assert_true(data > 100 && file > 30 && passphrase > 30 && tpm > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_secrets_survive_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_forgets_what_nothing_refers_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_passphrase_locks_until_it_is_given, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_its_key_file_it_is_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation_keeps_both_epochs_readable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_tpm_or_the_recovery_passphrase_opens_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_every_call_of_a_rotation, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
