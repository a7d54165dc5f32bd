/* SPDX-License-Identifier: Apache-2.0 */
/* tests/corpus/should-fail: each file is refused with the code of expected.tsv, about what stands
 * there. */
#include "oci/base/cleanup.h"
#include "oci/spec/annotations.h"
#include "oci/spec/identity.h"
#include "oci/spec/spec.h"
#include "oci/spec/state.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <string.h>

#define CORPUS "corpus/should-fail/"

static int try_state(const char *data, size_t size, struct error *err)
{
	cleanup_state struct state state = {0};

	return state_parse(data, size, &state, err);
}

static int try_config(const char *data, size_t size, struct error *err)
{
	cleanup_spec struct spec spec = {0};

	return spec_parse(data, size, &spec, err);
}

/* Files of these two are states that parse: what is refused is what the annotations say. */
static void parse_state(const char *data, size_t size, struct state *ret)
{
	cleanup_error struct error err = {0};

	if (state_parse(data, size, ret, &err) < 0)
		fail_msg("the state itself is refused: %s", error_message(&err));
}

static int try_annotations(const char *data, size_t size, struct error *err)
{
	cleanup_request struct request request = {0};
	cleanup_state struct state state = {0};

	parse_state(data, size, &state);
	return annotations_parse(&state.annotations, &request, err);
}

static int try_identity(const char *data, size_t size, struct error *err)
{
	cleanup_identity struct identity identity = {0};
	cleanup_state struct state state = {0};

	parse_state(data, size, &state);
	return identity_load(&state.annotations, state.id, FINDING_STATE_INVALID, &identity, err);
}

static const struct {
	const char *dir;
	int (*attempt)(const char *data, size_t size, struct error *err);
} kinds[] = {
	{"state/", try_state},
	{"config/", try_config},
	{"annotations/", try_annotations},
	{"identity/", try_identity},
};

static int attempt(const char *file, const char *data, size_t size, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strncmp(file, kinds[i].dir, strlen(kinds[i].dir)) == 0)
			return kinds[i].attempt(data, size, err);
	fail_msg("%s is in no known directory", file);
	return 0;
}

/* `named`: what of the input the message shows, a value or a place; "" where that is the subject.
 */
static void check_file(const char *file, const char *code, const char *subject, const char *named)
{
	cleanup_free char *name = NULL;
	cleanup_free char *data = NULL;
	cleanup_error struct error err = {0};
	size_t size = 0;

	assert_true(asprintf(&name, CORPUS "%s", file) > 0);
	data = fixture_read(name, &size);
	if (attempt(file, data, size, &err) >= 0)
		fail_msg("%s is accepted", file);
	if (strcmp(code_name(err.code), code) != 0)
		fail_msg("%s: %s, expected %s", file, code_name(err.code), code);
	if (!err.subject || strcmp(err.subject, subject) != 0)
		fail_msg("%s: about %s, expected %s", file, err.subject, subject);
	if (!strstr(error_message(&err), named))
		fail_msg("%s: \"%s\" lacks \"%s\"", file, error_message(&err), named);
	if (!err.fix)
		fail_msg("%s: no fix", file);
}

static void each_file_is_refused_as_expected(void **state)
{
	cleanup_free char *table = fixture_read(CORPUS "expected.tsv", NULL);
	cleanup_strv struct strv files = {0};
	char *line, *lines = table;
	size_t n = 0;

	(void)state;
	while ((line = strsep(&lines, "\n")) != NULL) {
		const char *file = strsep(&line, "\t"), *code, *subject, *named;

		if (*file == '#' || *file == '\0')
			continue;
		code = strsep(&line, "\t");
		subject = strsep(&line, "\t");
		named = strsep(&line, "\t");
		if (code && subject && named)
			check_file(file, code, subject, named);
		else
			fail_msg("%s: four columns are needed", file);
		n++;
	}
	/* No file is forgotten in the table. */
	fixture_glob(CORPUS "*/*.json", &files);
	assert_int_equal(n, files.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_is_refused_as_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
