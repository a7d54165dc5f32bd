/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML and Go's regular expressions need a C++ library each: they are in a program of their own,
 * which only `doctor` starts, and whose absence leaves a question open and no command broken.
 */
#include "hook/doctor/inspect.h"

#include "hook/doctor/companion.h"
#include "hook/doctor/subprocess.h"
#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "oci/base/text.h"
#include <string.h>

#define SECONDS 10

/* The arguments behind the program's name; the last is NULL. */
static int inspect_run(char *verb, char *first, char *second, const char *input, size_t size,
	struct subprocess_result *ret)
{
	cleanup_free char *program = NULL;
	char *argv[] = {NULL, verb, first, second, NULL};
	int r = companion_beside(INSPECT_PROGRAM, &program);

	argv[0] = program;
	return r < 0 ? r : subprocess_run(argv, input, size, SECONDS, ret);
}

static int run_failed(int r, struct error *err)
{
	return error_set(err, r, FINDING_HOST_IO, INSPECT_PROGRAM,
		r == -ENOENT ? INSPECT_FIX : NULL, "cannot run %s: %s", INSPECT_PROGRAM,
		strerror(-r));
}

/* Every exit but its own three: the dynamic loader's 127, where its libraries are not installed. */
static int no_answer(const struct subprocess_result *result, struct error *err)
{
	return error_set(err, -EIO, FINDING_HOST_IO, INSPECT_PROGRAM,
		"install the libraries that it is linked with: RE2 and toml++",
		"%s ended with %d: %s", INSPECT_PROGRAM, result->status, result->errors);
}

int inspect_toml(const char *text, size_t size, const char *name, struct json_object **ret,
	struct error *err)
{
	const struct jsondoc_context context = {name, FINDING_POLICY_INVALID};
	cleanup_subprocess_result struct subprocess_result result = {0};
	int r = inspect_run((char[]){"toml"}, NULL, NULL, text, size, &result);

	if (r < 0)
		return run_failed(r, err);
	if (result.status != 0 && result.status != 2)
		return no_answer(&result, err);
	if (result.status == 2)
		return error_set(err, -EINVAL, FINDING_POLICY_INVALID, name,
			"repair it: CRI-O does not start with it", "%s is not TOML: %s", name,
			result.errors);
	return jsondoc_parse(result.output, result.output_size, JSONDOC_STRICT, &context, ret, err);
}

int inspect_match(const char *pattern, const char *text, struct error *err)
{
	cleanup_subprocess_result struct subprocess_result result = {0};
	cleanup_free char *pattern_copy = strdup(pattern);
	cleanup_free char *text_copy = strdup(text);
	int r;

	if (!pattern_copy || !text_copy)
		return error_memory(err);
	r = inspect_run((char[]){"match"}, pattern_copy, text_copy, NULL, 0, &result);
	if (r < 0)
		return run_failed(r, err);
	if (result.status == 2)
		return error_set(err, -EINVAL, FINDING_POLICY_INVALID, NULL,
			"write a regular expression of Go's syntax (RE2)",
			"%s is not a regular expression: %s", text_quote(pattern), result.errors);
	if (result.status > 2)
		return no_answer(&result, err);
	return result.status == 0 ? 1 : 0;
}
