/* SPDX-License-Identifier: Apache-2.0 */
/* Entries for systemd-journald, sent so that a journal that does not read cannot hang the hook. */
#ifndef FSH_HOOK_JOURNAL_JOURNAL_H
#define FSH_HOOK_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/* What a run has learned of the journal. */
struct journal {
	bool full; /* it has not read for a while: it is not waited for again */
};

/*
 * Connect to the journal for all entries of this process and of those that it forks: before it is
 * confined, for then it can connect to nothing any more. Where there is no journal now there is
 * none for them. journal_let_go() takes that back. Without, each entry connects. False where it was
 * held already.
 */
bool journal_hold(void);
void journal_let_go(void);

/*
 * Send one entry of "NAME=value" fields. 0 where the journal took it, -ENOENT or -ECONNREFUSED
 * where there is none, -EAGAIN where it is there and does not read, or another negative errno.
 * Takes at most a quarter of a second, and that once for all that share a `journal`, which may be
 * NULL.
 */
int journal_send(struct journal *journal, const struct iovec *fields, size_t n);

#endif
