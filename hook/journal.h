/* SPDX-License-Identifier: Apache-2.0 */
/* Entries for systemd-journald, sent so that a journal that does not read cannot hang the hook. */
#ifndef FSH_HOOK_JOURNAL_H
#define FSH_HOOK_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/* What a run has learned of the journal. */
struct journal {
	bool full; /* it has not read for a while: it is not waited for again */
};

/*
 * Send one entry of "NAME=value" fields with sd_journal_sendv(3). 0 where the journal took it,
 * -ENOENT or -ECONNREFUSED where there is none, -EAGAIN or -EINTR where it is there and does not
 * read, or another negative errno. Takes at most a quarter of a second, and that once for all that
 * share a `journal`, which may be NULL. SIGALRM is used meanwhile (hook/deadline.h).
 */
int journal_send(struct journal *journal, const struct iovec *fields, size_t n);

#endif
