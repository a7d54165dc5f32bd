/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/said.h"

#include "oci/base/cleanup.h"
#include "tests/support/cmocka.h"
#include "tests/support/fake_journal.h"

#include <string.h>

static bool contains_any(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strstr(text, *words))
			return true;
	}
	return false;
}

unsigned int said_verdicts(const char *said)
{
	static const char *const words[] = {
		": denied [", ": failed [", ": cannot ", "error while loading", NULL};
	unsigned int n = 0;

	for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		cleanup_free char *one = strndup(line, strcspn(line, "\n"));

		assert_non_null(one);
		/* That a library is missing is why it "cannot start", which comes behind it. */
		n += contains_any(one, words) && !strstr(one, "; install lib");
	}
	return n;
}

/* NULL where it is none. */
static const char *verdict_of(const struct fake_entry *entry)
{
	const char *result = fake_entry_get(entry, "FUSE_SIDECAR_RESULT");

	if (!result || (strcmp(result, "failed") != 0 && strcmp(result, "denied") != 0))
		return NULL;
	return fake_entry_get(entry, "MESSAGE");
}

char *said_to_journal(int journal)
{
	char *told = strdup("");

	assert_non_null(told);
	for (;;) {
		cleanup_fake_entry struct fake_entry entry = {0};
		char *longer = NULL;
		const char *message;

		if (fake_journal_next(journal, &entry) < 0)
			return told;
		message = verdict_of(&entry);
		if (!message)
			continue;
		assert_true(asprintf(&longer, "%s%s\n", told, message) >= 0);
		free(told);
		told = longer;
	}
}

unsigned int said_lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

bool said_all_name(const char *text, const char *words)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		cleanup_free char *one = strndup(line, strcspn(line, "\n"));

		assert_non_null(one);
		if (!strstr(one, words))
			return false;
	}
	return true;
}

bool said_names_something(const char *said)
{
	static const char *const words[] = {"/", "pid ", "the pod ", "provider ", " memory",
		"timer", "cannot start", "standard output", "state: ", NULL};

	return contains_any(said, words);
}
