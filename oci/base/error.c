/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text is made where the fault is found, while what it names is still there, and bounded: much
 * of it was chosen by a pod.
 */
#include "oci/base/error.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2048 /* bytes: what a message may have, and fits on a screen */

/* A copy that is fit for one line. Values in messages are quoted where they are put in; this is for
 * the one that was forgotten. */
static char *error_copy_text(const char *text)
{
	char buffer[TEXT_MAX];

	if (!text)
		return NULL;
	text_escape(text, buffer, sizeof(buffer));
	return strdup(buffer);
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args)
{
	cleanup_free char *text = strformat_v(format, args);

	return error_copy_text(text);
}

/* What a node in trouble answers to any call says nothing about what was asked for. */
static enum finding_code code_of_trouble(int r)
{
	switch (-r) {
	case ENOMEM:
		return FINDING_INTERNAL;
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EAGAIN:
		return FINDING_HOST_IO;
	default:
		return FINDING_NONE;
	}
}

int error_set(struct error *err, int r, enum finding_code code, const char *subject,
	const char *fix, const char *format, ...)
{
	enum finding_code trouble = code_of_trouble(r);
	struct error filled = {.code = trouble ? trouble : code};
	va_list args;

	if (!err)
		return r;
	/* It would fix what is wrong with the input. */
	if (filled.code != code)
		fix = NULL;
	va_start(args, format);
	filled.message = format_text(format, args);
	va_end(args);
	filled.subject = error_copy_text(subject);
	filled.fix = error_copy_text(fix);
	/* Only now: the arguments may point into the old error. */
	error_clear(err);
	*err = filled;
	return r;
}

int error_wrap(struct error *err, int r, const char *format, ...)
{
	cleanup_free char *context = NULL;
	cleanup_free char *text = NULL;
	char *message;
	va_list args;

	if (!err)
		return r;
	va_start(args, format);
	context = format_text(format, args);
	va_end(args);
	if (err->code == FINDING_NONE)
		err->code = FINDING_INTERNAL;
	if (context)
		text = strformat("%s: %s", context, err->message ? err->message : strerror(-r));
	message = error_copy_text(text);
	if (message) {
		free(err->message);
		err->message = message;
	}
	return r;
}

int error_memory(struct error *err)
{
	return error_set(err, -ENOMEM, FINDING_INTERNAL, NULL, NULL, "out of memory");
}

const char *error_message(const struct error *err)
{
	if (err->message)
		return err->message;
	return err->code == FINDING_NONE ? "no error" : code_name(err->code);
}

enum exit_code error_exit(const struct error *err)
{
	return err->code == FINDING_NONE ? EXIT_INTERNAL : code_exit(err->code);
}

void error_clear(struct error *err)
{
	if (!err)
		return;
	free(err->subject);
	free(err->message);
	free(err->fix);
	*err = (struct error){0};
}
