/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets: each takes bytes from outside, gives them to one of our readers, and holds what
 * comes back against what that reader's header promises. Driven by libFuzzer (tests/fuzz/driver.c,
 * `make fuzz`) and by tests/unit/test_fuzz_corpus.c, which replays tests/fuzz/corpus.
 *
 * An input with several parts (a config, a mount table …) has them separated by NUL bytes, which
 * none of them can hold: a parser would refuse one, a C string ends there.
 */
#ifndef FSH_TESTS_FUZZ_FUZZ_H
#define FSH_TESTS_FUZZ_FUZZ_H

#include "oci/base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* X(name): a target is void fuzz_NAME(data, size) in tests/fuzz/target_NAME.c. */
#define FUZZ_TARGETS(X)                                                                            \
	X(state)                                                                                   \
	X(config)                                                                                  \
	X(annotations)                                                                             \
	X(policy)                                                                                  \
	X(mountinfo)                                                                               \
	X(rclone)                                                                                  \
	X(topology)                                                                                \
	X(wire)                                                                                    \
	X(judge)                                                                                   \
	X(lint)

#define X(name) void fuzz_##name(const char *data, size_t size);
FUZZ_TARGETS(X)
#undef X

/* A promise was broken. Defined by the driver, which ends the run or the test. */
void fuzz_fail(const char *file, int line, const char *promise) __attribute__((noreturn));

#define FUZZ_EXPECT(promise)                                                                       \
	do {                                                                                       \
		if (!(promise))                                                                    \
			fuzz_fail(__FILE__, __LINE__, #promise);                                   \
	} while (0)

/* Fill what a function is to return with bytes that it would not leave there by chance. */
void fuzz_poison(void *output, size_t size);

/*
 * What every reader promises of `r`, `err` and `output`. Success: `r` is 0 and the error empty.
 * Failure: `r` is a negative errno and not for want of memory, the error has a code and texts of
 * one line each, and `output`, of `size` bytes, is as fuzz_poison() left it. True for success.
 */
bool fuzz_succeeded(int r, const struct error *err, const void *output, size_t size);

bool fuzz_is_utf8(const char *text);

/* One line of valid UTF-8 without control characters, not empty. */
bool fuzz_is_line(const char *text);

struct fuzz_input {
	const char *data;
	size_t size;
};

/* The next part, as a string owned by the caller: "" behind the last one. */
char *fuzz_take(struct fuzz_input *input);

#endif
