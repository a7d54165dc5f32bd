/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime that leaves its hooks hardly any descriptors: RLIMIT_NOFILE from 3 on. */
#include "hook/sys/kernel_features.h"
#include "oci/base/cleanup.h"
#include "oci/base/code.h"
#include "oci/base/path.h"
#include "tests/support/child.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_pod.h"
#include "tests/support/ns_sandbox.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define FEWEST 3
#define MOST 40 /* enough for the whole run */
#define LOADER_FAILED 127

struct run {
	const struct fake_member *member;
	rlim_t limit;
};

static int exec_limited(void *data)
{
	const struct run *run = data;
	const struct rlimit limit = {run->limit, run->limit};
	cleanup_free char *input = path_join(run->member->bundle, "state.json");
	cleanup_free char *output = path_join(run->member->bundle, "output");
	const char *hook = getenv("HOOK_BINARY");
	int in = open(input, O_RDONLY | O_CLOEXEC);
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	/* LeakSanitizer would want more descriptors than there are. */
	if (!hook || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
		dup2(out, STDERR_FILENO) < 0 || setenv("LSAN_OPTIONS", "detect_leaks=0", 1) < 0 ||
		setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 126;
	execl(hook, hook, "prestart", NULL);
	return 125;
}

/*
 * What a run comes to that lacks no descriptor. Before Linux 5.2 the volume is shared and the first
 * container refused, for the kubelet creates it again (docs/kernels.md).
 */
static int code_of_a_whole_run(void)
{
	return kernel_has(KERNEL_OPEN_TREE) && kernel_has(KERNEL_MOVE_MOUNT) ? EXIT_DONE
									     : EXIT_PROPAGATION;
}

/* Its exit code, after the next run has mended what there was to mend. */
static int try_limit(rlim_t limit)
{
	cleanup_fake_pod struct fake_pod pod = {0};
	cleanup_free char *said = NULL, *directory = NULL;
	struct run run = {.limit = limit};
	struct fake_member *again;
	int code;

	assert_int_equal(ns_sandbox_reset(), 0);
	fake_pod_init(&pod, FAKE_POD_UID, "rclone-zurg=/mnt/media/zurg");
	directory = fake_pod_path(&pod, "zurg");
	run.member = fake_pod_provider(&pod, "zurg");
	code = child_run(exec_limited, &run);
	said = fake_member_output(run.member);
	if (code != code_of_a_whole_run()) {
		if (code != EXIT_HOST_IO && code != EXIT_INTERNAL && code != LOADER_FAILED)
			fail_msg("%d descriptors: exit %d: %s", (int)limit, code, said);
		if (!said || !said[0])
			fail_msg("%d descriptors: exit %d, and not a word", (int)limit, code);
		if (access(directory, F_OK) == 0)
			fail_msg("%d descriptors: exit %d leaves %s", (int)limit, code, directory);
	}
	fake_member_stop(pod.members[0]);
	again = fake_pod_provider(&pod, "zurg");
	fake_member_expect(again, "prestart", EXIT_DONE);
	assert_string_equal(fake_pod_status(&pod, "rclone-zurg"), "created");
	return code;
}

static void hardly_any_descriptors_refuse_a_container_and_leave_nothing(void **state)
{
	(void)state;
	for (rlim_t limit = FEWEST; limit <= 20; limit++) {
		int code = try_limit(limit);

		print_message("%d descriptors: exit %d\n", (int)limit, code);
		if (limit == FEWEST)
			assert_int_not_equal(code, code_of_a_whole_run());
	}
	assert_int_equal(try_limit(MOST), code_of_a_whole_run());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardly_any_descriptors_refuse_a_container_and_leave_nothing),
	};

	return cmocka_run_group_tests_name("descriptors", tests, ns_sandbox_setup_group, NULL);
}
