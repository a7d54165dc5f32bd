/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the file contexts of a policy say of the hook's directories, and that these get it when they
 * are made, whoever makes them. The kernel has no SELinux: a directory stands for selinuxfs, and
 * what a policy makes of the labels is not tried.
 */
#include "hook/record/selinux_context.h"

#include "hook/cmd/commands.h"
#include "hook/record/policy_file.h"
#include "hook/record/runtime_dir.h"
#include "hook/record/selinux.h"
#include "oci/base/cleanup.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define ATTRIBUTE "security.selinux"
#define CONTEXTS "/etc/selinux/test/contexts/files/file_contexts"
#define SERVICES "system_u:object_r:initrc_runtime_t:s0" /* what a service's files get */
#define OWN "system_u:object_r:container_runtime_t:s0"

/* Debian's refpolicy, in short, with lines that look like those that count. */
static const char refpolicy[] =
	"# comment\n"
	"/run\t-d\tsystem_u:object_r:var_run_t:s0\n"
	"/run/.*\t\t<<none>>\n"
	"/run/containers\\.sock\t-s\tu:r:wrong_t:s0\n"
	"/run/containersx(/.*)?\tu:r:wrong_t:s0\n"
	"/run/containers(/.*)?\t\tsystem_u:object_r:container_runtime_t:s0\n"
	"/run/containers\t--\tu:r:wrong_t:s0\n";

static void pretend_policy(const char *contexts, const char *local)
{
	assert_int_equal(mount("sys", "/sys/fs", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs("/sys/fs/selinux"), 0);
	assert_int_equal(ns_sandbox_write("/sys/fs/selinux/enforce", "1", 0644), 0);
	/* The machine's own is below. */
	assert_int_equal(mount("etc", "/etc", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs("/etc/fuse-sidecar-hook"), 0);
	assert_int_equal(ns_sandbox_mkdirs("/etc/selinux/test/contexts/files"), 0);
	assert_int_equal(
		ns_sandbox_write("/etc/selinux/config",
			"# SELINUXTYPE=wrong\nSELINUX=enforcing\nSELINUXTYPE=test\n", 0644),
		0);
	assert_int_equal(ns_sandbox_write(CONTEXTS, contexts, 0644), 0);
	if (local)
		assert_int_equal(ns_sandbox_write(CONTEXTS ".local", local, 0644), 0);
}

static int stop_pretending(void **state)
{
	(void)state;
	return umount("/sys/fs") == 0 && umount("/etc") == 0 ? 0 : -1;
}

static void file_contexts_tell_the_type(void **state)
{
	static const struct {
		const char *contexts, *local;
		const char *type; /* NULL: none */
	} cases[] = {
		{refpolicy, NULL, "container_runtime_t"},
		/* RHEL before the alias was turned round. */
		{"/var/run/containers(/.*)?\tsystem_u:object_r:container_var_run_t:s0\n", NULL,
			"container_var_run_t"},
		{"/run/containers/.* -d system_u:object_r:container_var_run_t\n", NULL,
			"container_var_run_t"},
		{refpolicy, "/run/fuse-sidecar-hook(/.*)?    system_u:object_r:mine_t:s0\n",
			"mine_t"},
		{refpolicy, "/var/run/fuse-sidecar-hook(/.*)?  system_u:object_r:mine_t:s0\n",
			"mine_t"},
		{refpolicy,
			"/run/fuse-sidecar-hook(/.*)? u:r:mine_t:s0\n"
			"/run/fuse-sidecar-hook/pods(/.*)? u:r:theirs_t:s0\n",
			"theirs_t"},
		/* The last of several counts. */
		{"/run/containers(/.*)? u:r:first_t:s0\n/run/containers(/.*)? u:r:last_t:s0\n",
			NULL, "last_t"},
		{"/run/containers(/.*)? <<none>>\n", NULL, NULL},
		{"/run(/.*)? u:r:var_run_t:s0\n", NULL, NULL},
		{"", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char type[SELINUX_TYPE_SIZE] = "";
		int r;

		pretend_policy(cases[i].contexts, cases[i].local);
		r = selinux_context_own(RUNTIME_DIR "/pods", type);
		if (r != (cases[i].type ? 0 : -ENOENT) ||
			strcmp(type, cases[i].type ? cases[i].type : "") != 0)
			fail_msg("case %zu: %d, %s", i, r, type);
		stop_pretending(NULL);
	}
}

static void a_policy_that_cannot_be_read_is_an_error(void **state)
{
	char type[SELINUX_TYPE_SIZE];

	(void)state;
	pretend_policy(refpolicy, NULL);
	assert_int_equal(ns_sandbox_write("/etc/selinux/config", "SELINUXTYPE=../test\n", 0644), 0);
	assert_int_equal(selinux_context_own(RUNTIME_DIR, type), -EINVAL);
	assert_int_equal(ns_sandbox_write("/etc/selinux/config", "SELINUXTYPE=test\n", 0644), 0);
	assert_int_equal(ns_sandbox_write(CONTEXTS, "/run/containers u:r:\n", 0644), 0);
	assert_int_equal(selinux_context_own(RUNTIME_DIR, type), -EINVAL);
}

/* EACCES: a domain may be kept from selinuxfs, and the node has SELinux all the same. */
static int look_as_nobody(void *data)
{
	(void)data;
	if (chmod("/sys/fs/selinux", 0700) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 2;
	return access("/sys/fs/selinux/enforce", F_OK) < 0 && errno == EACCES && selinux_enabled()
		       ? 0
		       : 1;
}

static void what_may_not_be_looked_at_is_there(void **state)
{
	(void)state;
	assert_false(selinux_enabled());
	pretend_policy(refpolicy, NULL);
	assert_int_equal(child_run(look_as_nobody, NULL), 0);
}

static void set_label(const char *path, const char *label)
{
	assert_int_equal(setxattr(path, ATTRIBUTE, label, strlen(label) + 1, 0), 0);
}

static void expect_label(const char *path, const char *label)
{
	char found[SELINUX_LABEL_SIZE] = "";

	assert_true(getxattr(path, ATTRIBUTE, found, sizeof(found) - 1) >= 0);
	assert_string_equal(found, label);
}

static const char *const directories[] = {RUNTIME_DIR, RUNTIME_DIR "/pods", RUNTIME_DIR "/shown",
	RUNTIME_DIR "/locks", RUNTIME_DIR "/tmp"};

/* As a service has made them before, or an older version. */
static void make_mislabelled(void)
{
	cleanup_close int runtime = -EBADF;

	assert_int_equal(runtime_dir_open(true, &runtime, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		set_label(directories[i], SERVICES);
}

static void expect_all(const char *label)
{
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		expect_label(directories[i], label);
}

static void services_label_what_they_find(void **state)
{
	static const char *const commands[] = {"prepare", "reconcile"};

	(void)state;
	pretend_policy(refpolicy, NULL);
	assert_int_equal(ns_sandbox_mkdirs(NS_SANDBOX_DIR "/data"), 0);
	assert_int_equal(ns_sandbox_write(POLICY_FILE,
				 "{\"nodeMounts\": [\"" NS_SANDBOX_DIR "/data\"]}", 0644),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		cleanup_free char *said = NULL;

		make_mislabelled();
		fake_pod_command(commands[i], NULL, &said);
		expect_all(OWN);
	}
}

/* This kernel labels nothing that is made, so it is done to a directory that has just been. */
static void a_directory_gets_the_type_and_keeps_the_rest(void **state)
{
	cleanup_close int fd = -EBADF;
	const char *path = RUNTIME_DIR "/pods";

	(void)state;
	pretend_policy(refpolicy, NULL);
	assert_int_equal(ns_sandbox_mkdirs(path), 0);
	set_label(path, "user_u:role_r:initrc_runtime_t:s0:c1");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(selinux_context_label(fd, path, NULL), 0);
	expect_label(path, "user_u:role_r:container_runtime_t:s0:c1");
}

static void a_service_that_cannot_label_says_so(void **state)
{
	cleanup_free char *said = NULL;

	(void)state;
	pretend_policy("", NULL);
	make_mislabelled();
	fake_pod_command("reconcile", NULL, &said);
	assert_non_null(strstr(said, "SELinux type of " RUNTIME_DIR));
	expect_all(SERVICES);
}

static void doctor_tells_which_and_mends(void **state)
{
	cleanup_free char *told = NULL, *mended = NULL, *after = NULL;

	(void)state;
	pretend_policy(refpolicy, NULL);
	make_mislabelled();
	set_label(RUNTIME_DIR "/tmp", OWN);
	fake_pod_command("doctor", NULL, &told);
	assert_non_null(strstr(
		told, RUNTIME_DIR "/pods is labelled " SERVICES ", expected container_runtime_t"));
	assert_non_null(strstr(told, RUNTIME_DIR "/locks is labelled "));
	assert_null(strstr(told, RUNTIME_DIR "/tmp is labelled "));
	fake_pod_command("doctor", "--fix", &mended);
	assert_non_null(strstr(mended, "fixed: " RUNTIME_DIR "/pods was labelled"));
	expect_all(OWN);
	fake_pod_command("doctor", NULL, &after);
	assert_null(strstr(after, "is labelled"));
}

#define PRETENDS(function)                                                                         \
	cmocka_unit_test_setup_teardown(function, ns_sandbox_setup_shared, stop_pretending)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(file_contexts_tell_the_type, ns_sandbox_setup_shared),
		PRETENDS(a_policy_that_cannot_be_read_is_an_error),
		PRETENDS(what_may_not_be_looked_at_is_there),
		PRETENDS(services_label_what_they_find),
		PRETENDS(a_directory_gets_the_type_and_keeps_the_rest),
		PRETENDS(a_service_that_cannot_label_says_so),
		PRETENDS(doctor_tells_which_and_mends),
	};

	return cmocka_run_group_tests_name("selinux_context", tests, ns_sandbox_setup_group, NULL);
}
