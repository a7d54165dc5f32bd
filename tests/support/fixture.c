/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fixture.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/path.h"
#include "tests/support/cmocka.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>

#define FIXTURE_MAX_SIZE (64UL * 1024 * 1024) /* bytes: more is a mistake */

static const char *tests_dir(void)
{
	const char *dir = getenv("TESTS_DIR");

	return dir && *dir ? dir : "tests";
}

char *fixture_path(const char *name)
{
	char *path = path_join(tests_dir(), name);

	assert_non_null(path);
	return path;
}

char *fixture_read(const char *name, size_t *ret_size)
{
	cleanup_free char *path = fixture_path(name);
	char *data = NULL;
	size_t size = 0;
	int r = input_read_file(AT_FDCWD, path, FIXTURE_MAX_SIZE, &data, &size);

	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	if (ret_size)
		*ret_size = size;
	return data;
}

void fixture_glob(const char *pattern, struct strv *ret)
{
	cleanup_free char *path = fixture_path(pattern);
	glob_t found;

	if (glob(path, 0, NULL, &found) != 0)
		fail_msg("nothing matches %s", path);
	for (size_t i = 0; i < found.gl_pathc; i++)
		assert_int_equal(strv_add(ret, found.gl_pathv[i] + strlen(tests_dir()) + 1), 0);
	globfree(&found);
}

char *fixture_repeat(const char *head, const char *unit, size_t n, const char *tail)
{
	size_t length = strlen(unit);
	char *text = malloc(strlen(head) + n * length + strlen(tail) + 1);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, head);
	for (size_t i = 0; i < n; i++)
		at = stpcpy(at, unit);
	memcpy(at, tail, strlen(tail) + 1);
	return text;
}
