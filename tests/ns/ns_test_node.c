/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/run/node.h"

#include "hook/mount/kubens.h"
#include "hook/sys/mnttab_read.h"
#include "oci/base/cleanup.h"
#include "policy/check/mounts.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_container.h"
#include "tests/support/ns_sandbox.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define BUNDLE NS_SANDBOX_DIR "/bundle"
#define ROOTFS BUNDLE "/rootfs"
#define MARKER NS_SANDBOX_DIR "/marker"
#define PINNED "/run/kubens/mnt"

/*
 * A mount namespace can be mounted only in one that is older, which the kernel tells by their ids;
 * and Linux 6.18 gives ids out to each CPU in batches. On one CPU they rise.
 */
static int stay_on_one_cpu(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -errno;
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	}
	return sched_setaffinity(0, sizeof(one), &one) < 0 ? -errno : 0;
}

static int enter(void **state)
{
	return stay_on_one_cpu() < 0 ? -1 : ns_sandbox_setup_group(state);
}

static int reset(void **state)
{
	(void)state;
	return ns_sandbox_reset() < 0 ? -1 : ns_sandbox_mkdirs(ROOTFS);
}

static void this_kernel_has_fuse(void **state)
{
	struct facts facts = {0};

	(void)state;
	/* The other tests of this suite mount FUSE. */
	node_query(&facts);
	assert_int_equal(facts.fuse_module, KNOWN_YES);
	assert_int_equal(facts.fuse_device, KNOWN_YES);
}

/* What node_query() says with `file` in the place of one of the kernel's. */
static struct facts look_with(const char *file, const char *place)
{
	struct facts facts = {0};

	assert_int_equal(mount(file, place, NULL, MS_BIND, NULL), 0);
	node_query(&facts);
	assert_int_equal(umount(place), 0);
	return facts;
}

static void only_the_whole_word_is_the_fuse_module(void **state)
{
	static const struct {
		const char *text;
		enum known known;
	} cases[] = {
		{"nodev\ttmpfs\n\text4\nnodev\tfuse\n", KNOWN_YES},
		{"nodev\tfusectl\n\tfuseblk\nnodev\tvirtiofuse\n", KNOWN_NO},
		{"", KNOWN_NO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *file = NS_SANDBOX_DIR "/filesystems";

		assert_int_equal(ns_sandbox_write(file, cases[i].text, 0644), 0);
		assert_int_equal(look_with(file, "/proc/filesystems").fuse_module, cases[i].known);
	}
}

static void only_the_character_device_is_the_fuse_device(void **state)
{
	const char *file = NS_SANDBOX_DIR "/device";

	(void)state;
	assert_int_equal(ns_sandbox_write(file, "", 0666), 0);
	assert_int_equal(look_with(file, "/dev/fuse").fuse_device, KNOWN_NO);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mknod(file, S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(look_with(file, "/dev/fuse").fuse_device, KNOWN_NO);
}

static void without_their_files_security_modules_are_off(void **state)
{
	struct facts facts = {0};

	(void)state;
	assert_int_equal(mount("tmpfs", "/sys", "tmpfs", 0, NULL), 0);
	node_query(&facts);
	assert_int_equal(facts.apparmor, KNOWN_NO);
	assert_int_equal(facts.selinux, KNOWN_NO);
	assert_int_equal(ns_sandbox_mkdirs("/sys/module/apparmor/parameters"), 0);
	assert_int_equal(
		ns_sandbox_write("/sys/module/apparmor/parameters/enabled", "N\n", 0644), 0);
	node_query(&facts);
	assert_int_equal(facts.apparmor, KNOWN_NO);
	assert_int_equal(
		ns_sandbox_write("/sys/module/apparmor/parameters/enabled", "Y\n", 0644), 0);
	assert_int_equal(ns_sandbox_mkdirs("/sys/fs/selinux"), 0);
	assert_int_equal(ns_sandbox_write("/sys/fs/selinux/enforce", "0", 0644), 0);
	node_query(&facts);
	assert_int_equal(facts.apparmor, KNOWN_YES);
	assert_int_equal(facts.selinux, KNOWN_YES);
	assert_int_equal(umount("/sys"), 0);
}

/* Named as config.json names it, in the list that the kernel keeps. */
static void a_profile_that_is_loaded_has_its_mode(void **state)
{
	static char own[] = "my-rclone", none[] = "unconfined", other[] = "other";
	struct spec spec = {.apparmor_profile = own};
	struct facts facts = {.spec = &spec};

	(void)state;
	assert_int_equal(mount("tmpfs", "/sys", "tmpfs", 0, NULL), 0);
	assert_int_equal(ns_sandbox_mkdirs("/sys/module/apparmor/parameters"), 0);
	assert_int_equal(
		ns_sandbox_write("/sys/module/apparmor/parameters/enabled", "Y\n", 0644), 0);
	node_query(&facts);
	assert_int_equal(facts.apparmor_mode, APPARMOR_NOT_KNOWN);
	assert_int_equal(ns_sandbox_mkdirs("/sys/kernel/security/apparmor"), 0);
	assert_int_equal(ns_sandbox_write("/sys/kernel/security/apparmor/profiles",
				 "crio-default (enforce)\nmy-rclone (complain)\n", 0444),
		0);
	node_query(&facts);
	assert_int_equal(facts.apparmor_mode, APPARMOR_LETS);
	spec.apparmor_profile = other;
	node_query(&facts);
	assert_int_equal(facts.apparmor_mode, APPARMOR_NOT_LOADED);
	spec.apparmor_profile = none;
	node_query(&facts);
	assert_int_equal(facts.apparmor_mode, APPARMOR_NOT_KNOWN);
	assert_int_equal(umount("/sys"), 0);
}

static void the_host_table_is_that_of_the_hook(void **state)
{
	cleanup_node struct node node = {0};
	cleanup_error struct error err = {0};
	struct facts facts = {0};

	(void)state;
	assert_int_equal(node_read_host(&node, &facts, &err), 0);
	assert_ptr_equal(facts.host, &node.host);
	assert_string_equal(mounts_at(facts.host, "/run")->fstype, "tmpfs");
}

static void the_table_of_a_process_that_is_gone_is_an_error(void **state)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};

	(void)state;
	assert_true(mnttab_read(0x7ffffff0, &table, &err) < 0);
	assert_int_equal(err.code, FINDING_HOST_IO);
	assert_int_equal(table.n, 0);
}

static void the_root_is_canonical(void **state)
{
	static char paths[][64] = {"rootfs", "./rootfs/", ROOTFS, NS_SANDBOX_DIR "/link/rootfs"};

	(void)state;
	assert_int_equal(symlink(BUNDLE, NS_SANDBOX_DIR "/link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct spec spec = {.root_path = paths[i]};
		struct facts facts = {.spec = &spec, .bundle = NS_SANDBOX_DIR "/link"};
		cleanup_node struct node node = {0};
		cleanup_error struct error err = {0};

		assert_int_equal(node_resolve_root(&node, &facts, &err), 0);
		assert_string_equal(facts.container_root, ROOTFS);
	}
}

static void a_root_that_is_not_there_is_an_error_of_the_config(void **state)
{
	static char paths[][64] = {"missing", "../bundle/config.json"};

	(void)state;
	assert_int_equal(ns_sandbox_write(BUNDLE "/config.json", "{}", 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct spec spec = {.root_path = paths[i]};
		struct facts facts = {.spec = &spec, .bundle = BUNDLE};
		cleanup_node struct node node = {0};
		cleanup_error struct error err = {0};

		assert_true(node_resolve_root(&node, &facts, &err) < 0);
		assert_int_equal(err.code, FINDING_CONFIG_INVALID);
		assert_non_null(strstr(error_message(&err), paths[i]));
		assert_null(facts.container_root);
	}
}

static void a_relative_root_needs_a_bundle(void **state)
{
	char root_path[] = "rootfs";
	const struct spec spec = {.root_path = root_path};
	struct facts facts = {.spec = &spec};
	cleanup_node struct node node = {0};

	(void)state;
	assert_true(node_resolve_root(&node, &facts, NULL) < 0);
}

/* The kubelet's namespace: it alone has a directory at MARKER. */
static int hold_namespace(void *data)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("tmpfs", NS_SANDBOX_DIR, "tmpfs", 0, NULL) < 0 ||
		mkdir(MARKER, 0755) < 0 || write(*(int *)data, "x", 1) != 1)
		return 1;
	pause();
	return 0;
}

/* Pin such a namespace at `path`, as kubens.service does. */
static void pin_namespace(const char *path)
{
	char source[64], byte;
	int ends[2];
	pid_t holder;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	holder = child_start(hold_namespace, &ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	snprintf(source, sizeof(source), "/proc/%d/ns/mnt", (int)holder);
	assert_int_equal(mount(source, path, NULL, MS_BIND, NULL), 0);
	kill(holder, SIGKILL);
	assert_int_equal(child_wait(holder), 128 + SIGKILL);
}

enum { INSIDE, OUTSIDE, REFUSED };

static int where_after_entering(void *data)
{
	cleanup_error struct error err = {0};

	if (data && setenv(KUBENS_VARIABLE, data, 1) < 0)
		return 99;
	if (kubens_enter(&err) < 0)
		return err.code == FINDING_POLICY_INVALID ? REFUSED : 98;
	return access(MARKER, F_OK) == 0 ? INSIDE : OUTSIDE;
}

static void a_pinned_namespace_is_entered(void **state)
{
	(void)state;
	assert_int_equal(ns_sandbox_mkdirs("/run/kubens"), 0);
	assert_int_equal(ns_sandbox_write(PINNED, "", 0600), 0);
	assert_int_equal(child_run(where_after_entering, NULL), OUTSIDE);
	pin_namespace(PINNED);
	assert_int_equal(child_run(where_after_entering, NULL), INSIDE);
}

static void without_a_pinned_namespace_the_own_one_stays(void **state)
{
	(void)state;
	assert_int_equal(child_run(where_after_entering, NULL), OUTSIDE);
}

static void the_variable_names_another_place(void **state)
{
	char place[] = NS_SANDBOX_DIR "/elsewhere";

	(void)state;
	assert_int_equal(ns_sandbox_write(place, "", 0600), 0);
	pin_namespace(place);
	assert_int_equal(child_run(where_after_entering, place), INSIDE);
}

static void a_variable_that_names_no_mount_namespace_is_refused(void **state)
{
	static char places[][64] = {"/nowhere", "/etc/fuse-sidecar-hook", "/proc/self/ns/net"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(child_run(where_after_entering, places[i]), REFUSED);
}

static void the_own_namespace_is_not_entered_again(void **state)
{
	char own[] = "/proc/self/ns/mnt";

	(void)state;
	assert_int_equal(child_run(where_after_entering, own), OUTSIDE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(this_kernel_has_fuse),
		TEST(only_the_whole_word_is_the_fuse_module),
		TEST(only_the_character_device_is_the_fuse_device),
		TEST(without_their_files_security_modules_are_off),
		TEST(a_profile_that_is_loaded_has_its_mode),
		TEST(the_host_table_is_that_of_the_hook),
		TEST(the_table_of_a_process_that_is_gone_is_an_error),
		TEST(the_root_is_canonical),
		TEST(a_root_that_is_not_there_is_an_error_of_the_config),
		TEST(a_relative_root_needs_a_bundle),
		TEST(a_pinned_namespace_is_entered),
		TEST(without_a_pinned_namespace_the_own_one_stays),
		TEST(the_variable_names_another_place),
		TEST(a_variable_that_names_no_mount_namespace_is_refused),
		TEST(the_own_namespace_is_not_entered_again),
	};
#undef TEST

	return cmocka_run_group_tests_name("node", tests, enter, NULL);
}
