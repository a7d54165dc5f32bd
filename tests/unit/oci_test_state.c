/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/spec/state.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"
#include "tests/support/read_input.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#define HEAD "{\"ociVersion\":\"1.0\",\"id\":\"abc\",\"bundle\":\"/run/b\""

static int parse(const char *text, struct state *ret, struct error *err)
{
	return state_parse(text, strlen(text), ret, err);
}

static void assert_refused(const char *text, const char *message)
{
	cleanup_error struct error err = {0};
	struct state container = {.pid = 77};

	if (parse(text, &container, &err) >= 0)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
	assert_int_equal(container.pid, 77);
	if (!strstr(err.message, message))
		fail_msg("%s: \"%s\" lacks \"%s\"", text, err.message, message);
}

static void the_smallest_state_parses(void **state)
{
	cleanup_state struct state container = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(HEAD "}", &container, &err), 0);
	assert_string_equal(container.oci_version, "1.0");
	assert_string_equal(container.id, "abc");
	assert_string_equal(container.bundle, "/run/b");
	assert_null(container.status);
	assert_int_equal(container.pid, 0);
	assert_int_equal(container.annotations.n, 0);
}

static void members_that_runtimes_add_are_ignored(void **state)
{
	cleanup_state struct state container = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(HEAD ",\"root\":\"/r\",\"x\":[{}],\"pid\":12,\"status\":\"created\","
				    "\"annotations\":{\"k\":\"v\"}}",
				 &container, &err),
		0);
	assert_int_equal(container.pid, 12);
	assert_string_equal(container.status, "created");
	assert_string_equal(keyvals_get(&container.annotations, "k"), "v");
}

static void pids_are_checked_at_their_limits(void **state)
{
	cleanup_state struct state container = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(HEAD ",\"pid\":2147483647}", &container, &err), 0);
	assert_int_equal(container.pid, INT_MAX);
	assert_refused(HEAD ",\"pid\":2147483648}", "pid: 2147483648");
	assert_refused(HEAD ",\"pid\":-1}", "pid: -1");
}

static void broken_members_are_refused_by_name(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{\"ociVersion\":\"1\",\"bundle\":\"/b\"}", "state: id: "},
		{"{\"ociVersion\":\"1\",\"id\":\"a\"}", "state: bundle: "},
		{"{\"id\":\"a\",\"bundle\":\"/b\"}", "state: ociVersion: "},
		{"{\"ociVersion\":1,\"id\":\"a\",\"bundle\":\"/b\"}", "ociVersion: "},
		{"{\"ociVersion\":\"1\",\"id\":\"\",\"bundle\":\"/b\"}", "id: \"\""},
		{"{\"ociVersion\":\"1\",\"id\":\"../x\",\"bundle\":\"/b\"}", "id: \"../x\""},
		{"{\"ociVersion\":\"1\",\"id\":\"a\\nb\",\"bundle\":\"/b\"}", "id: \"a\\nb\""},
		{"{\"ociVersion\":\"1\",\"id\":\"a\",\"bundle\":\"b\"}", "bundle: \"b\""},
		{"{\"ociVersion\":\"1\",\"id\":\"a\",\"bundle\":\"\"}", "bundle: \"\""},
		{"{\"ociVersion\":\"1\",\"id\":\"a\",\"bundle\":\"/\\u001b\"}", "bundle: "},
		{HEAD ",\"pid\":\"1\"}", "pid: "},
		{HEAD ",\"pid\":1.5}", "pid: "},
		{HEAD ",\"status\":1}", "status: "},
		{HEAD ",\"annotations\":[]}", "annotations: "},
		{HEAD ",\"annotations\":{\"a\":1}}", "annotations.a: "},
		{HEAD "} {}", "line 1, column "},
		{"", "line 1, column 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
}

/* A state of exactly `size` bytes. */
static char *sized_state(size_t size)
{
	static const char tail[] = "\"}}";
	size_t used = strlen(HEAD ",\"annotations\":{\"a\":\"") + strlen(tail);

	return fixture_repeat(HEAD ",\"annotations\":{\"a\":\"", "x", size - used, tail);
}

static void a_state_may_have_a_mebibyte_and_no_more(void **state)
{
	cleanup_free char *largest = sized_state(STATE_MAX_SIZE);
	cleanup_free char *larger = sized_state(STATE_MAX_SIZE + 1);
	cleanup_state struct state container = {0};
	cleanup_error struct error err = {0};
	struct state untouched = {0};

	(void)state;
	assert_int_equal(strlen(largest), 1024 * 1024);
	assert_int_equal(parse(largest, &container, &err), 0);
	assert_int_equal(parse(larger, &untouched, &err), -EFBIG);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
	assert_non_null(err.fix);
	assert_null(untouched.id);
}

static int read_text(const char *text, size_t size, struct state *ret, struct error *err)
{
	cleanup_close int fd = memfd_create("state", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return state_read(fd, ret, err);
}

static void a_descriptor_is_read_within_the_same_limit(void **state)
{
	cleanup_free char *largest = sized_state(STATE_MAX_SIZE);
	cleanup_free char *larger = sized_state(STATE_MAX_SIZE + 1);
	cleanup_state struct state container = {0};
	cleanup_error struct error err = {0};
	struct state untouched = {0};

	(void)state;
	assert_int_equal(read_text(largest, STATE_MAX_SIZE, &container, &err), 0);
	assert_string_equal(container.id, "abc");
	assert_int_equal(read_text(larger, STATE_MAX_SIZE + 1, &untouched, &err), -EFBIG);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
	assert_null(untouched.id);
}

static void a_descriptor_that_cannot_be_read_is_an_input_error(void **state)
{
	cleanup_error struct error err = {0};
	struct state untouched = {0};

	(void)state;
	assert_int_equal(state_read(-1, &untouched, &err), -EBADF);
	assert_int_equal(err.code, FINDING_STATE_INVALID);
	assert_non_null(strstr(err.message, "Bad file descriptor"));
}

static void clear_accepts_null_and_twice(void **state)
{
	struct state container = {0};
	struct error err = {0};

	(void)state;
	state_clear(NULL);
	assert_int_equal(parse(HEAD "}", &container, &err), 0);
	state_clear(&container);
	state_clear(&container);
	assert_null(container.id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_state_parses),
		cmocka_unit_test(members_that_runtimes_add_are_ignored),
		cmocka_unit_test(pids_are_checked_at_their_limits),
		cmocka_unit_test(broken_members_are_refused_by_name),
		cmocka_unit_test(a_state_may_have_a_mebibyte_and_no_more),
		cmocka_unit_test(a_descriptor_is_read_within_the_same_limit),
		cmocka_unit_test(a_descriptor_that_cannot_be_read_is_an_input_error),
		cmocka_unit_test(clear_accepts_null_and_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
