/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether standard error is the journal: systemd gives it to the units that it starts. What has
 * been sent to the journal with its fields would stand there twice if it were written to standard
 * error, too.
 */
#ifndef FSH_HOOK_JOURNAL_JOURNAL_STREAM_H
#define FSH_HOOK_JOURNAL_JOURNAL_STREAM_H

#include <stdbool.h>

/* Names the stream's device and inode: systemd.exec(5). */
#define JOURNAL_STREAM_VARIABLE "JOURNAL_STREAM"

/* At the start, while standard error is what the program was given (a worker's is the
 * supervisor's): take the variable away where it names another file. 0 or a negative errno. */
int journal_stream_check(void);

/* Stages have no environment, so it is false for them. */
bool journal_stream_is_stderr(void);

#endif
