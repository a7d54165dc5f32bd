/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error that a function fills for its caller: which finding it is, about what, and what to do.
 * Functions return 0 or a negative errno; the error is printed once, by whoever owns it.
 */
#ifndef FSH_OCI_BASE_ERROR_H
#define FSH_OCI_BASE_ERROR_H

#include "oci/base/code.h"

/* All strings are owned by the error; an all-zero error is empty and valid. */
struct error {
	enum finding_code code;
	char *subject; /* the key, path or mount it is about; may be NULL */
	char *message; /* what is wrong */
	char *fix;     /* the one change that fixes it; may be NULL */
};

/*
 * Fill `err` (which must be empty or is overwritten) and return `r`, so that a failing function can
 * end in `return error_set(...)`. `r` is a negative errno. `subject` and `fix` are copied, either
 * may be NULL. Where `r` says that the node is in trouble the code is that trouble's, whatever was
 * asked for, and the fix is left out: FINDING_INTERNAL for -ENOMEM, FINDING_HOST_IO for what a
 * full, broken or read-only disk answers, or a kernel without descriptors (-EIO, -ENOSPC, -EDQUOT,
 * -EROFS, -EMFILE, -ENFILE, -EINTR, -EAGAIN). Where memory runs out the code stays and the strings
 * may be NULL. `err` may be NULL. Whatever the arguments hold, the strings are single lines of
 * valid UTF-8 within 2 KiB (oci/base/text.h); values from outside should be quoted with
 * text_quote().
 */
int error_set(struct error *err, int r, enum finding_code code, const char *subject,
	const char *fix, const char *format, ...) __attribute__((format(printf, 6, 7)));

/*
 * Put "context: " before the message of a filled error and return `r`. An empty error becomes
 * FINDING_INTERNAL with the text of -r.
 */
int error_wrap(struct error *err, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for memory that ran out: -ENOMEM with FINDING_INTERNAL. */
int error_memory(struct error *err);

/* The message for people: never NULL. */
const char *error_message(const struct error *err);

/* What a process that fails with it exits with: its code's, EXIT_INTERNAL for an empty one. */
enum exit_code error_exit(const struct error *err);

/* Release what the error owns and leave it empty. NULL is accepted. */
void error_clear(struct error *err);

#define cleanup_error __attribute__((cleanup(error_clear)))

#endif
