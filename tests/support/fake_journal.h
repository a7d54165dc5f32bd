/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receiving end of the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), for
 * tests that run in a sandbox of their own.
 */
#ifndef FSH_TESTS_SUPPORT_FAKE_JOURNAL_H
#define FSH_TESTS_SUPPORT_FAKE_JOURNAL_H

#define FAKE_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Bind the journal's socket. A descriptor or a negative errno. */
int fake_journal_open(void);

struct fake_entry {
	char **fields; /* "NAME=value", each owned */
	unsigned int n;
};

/* Take the next entry without waiting. 0, -EAGAIN where there is none, -EBADMSG where it cannot be
 * read. Owned by the caller. */
int fake_journal_next(int fd, struct fake_entry *ret);

/* The value of the field, NULL without one or with several of that name. Borrowed. */
const char *fake_entry_get(const struct fake_entry *entry, const char *name);

void fake_entry_clear(struct fake_entry *entry);

/* Send datagrams to it until its queue is full, as if nobody read it. 0 or a negative errno. */
int fake_journal_fill(void);

/* Send one datagram to it, however long that takes. 0 or a negative errno. */
int fake_journal_send(const char *text);

#define cleanup_fake_entry __attribute__((cleanup(fake_entry_clear)))

#endif
