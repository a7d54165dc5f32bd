/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include <string.h>

#define POISON 0xa5

void fuzz_poison(void *output, size_t size)
{
	memset(output, POISON, size);
}

static bool is_poisoned(const void *output, size_t size)
{
	const unsigned char *bytes = output;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != POISON)
			return false;
	return true;
}

bool fuzz_is_utf8(const char *text)
{
	size_t left = strlen(text), length;

	for (; left > 0; text += length, left -= length) {
		length = text_utf8_length(text, left);
		if (length == 0)
			return false;
	}
	return true;
}

bool fuzz_is_line(const char *text)
{
	return *text && !text_has_control(text) && fuzz_is_utf8(text);
}

bool fuzz_succeeded(int r, const struct error *err, const void *output, size_t size)
{
	FUZZ_EXPECT(r <= 0 && r != -ENOMEM);
	if (r == 0) {
		FUZZ_EXPECT(err->code == FINDING_NONE && !err->message);
		return true;
	}
	FUZZ_EXPECT(err->code > FINDING_NONE && err->code < FINDING_CODE_COUNT);
	FUZZ_EXPECT(err->code != FINDING_INTERNAL);
	FUZZ_EXPECT(err->message && fuzz_is_line(err->message));
	/* Subject and fix are empty at most where the input's own text is. */
	FUZZ_EXPECT(err->subject && (!*err->subject || fuzz_is_line(err->subject)));
	FUZZ_EXPECT(err->fix && fuzz_is_line(err->fix));
	FUZZ_EXPECT(is_poisoned(output, size));
	return false;
}

char *fuzz_take(struct fuzz_input *input)
{
	size_t length = strnlen(input->data, input->size);
	char *part = malloc(length + 1);

	FUZZ_EXPECT(part);
	memcpy(part, input->data, length);
	part[length] = '\0';
	/* Over the NUL too, where there is one. */
	if (length < input->size)
		length++;
	input->data += length;
	input->size -= length;
	return part;
}
