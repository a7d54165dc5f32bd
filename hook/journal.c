/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/journal.h"

#include "hook/deadline.h"
#include "oci/base/cleanup.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* How long an entry waits for room in the queue, and for its own sending where others have taken
 * that room. */
struct patience {
	int ready_msec;
	uint64_t send_usec;
};

static const struct patience patient = {.ready_msec = 100, .send_usec = 150000};

/* A run has hundreds of entries: after one that has waited in vain they do not. */
static const struct patience impatient = {.ready_msec = 0, .send_usec = 10000};

/*
 * Whether an entry would be taken now. sd_journal_sendv() does not tell: without a socket it
 * returns 0 and drops the entry, and where the socket's queue is full (net.unix.max_dgram_qlen
 * datagrams that a stopped or hung journald has not read; systemd raises it to 512) its sendmsg(2)
 * blocks for as long as nobody reads. A descriptor of our own that is connected to the same socket
 * says both, since poll(2) of a connected datagram socket looks at the queue of its peer.
 */
static int wait_ready(int msec)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd waited = {.fd = fd, .events = POLLOUT};
	int r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = poll(&waited, 1, msec);
	if (r < 0)
		return -errno;
	return r == 0 || !(waited.revents & POLLOUT) ? -EAGAIN : 0;
}

static int send_within(const struct patience *patience, const struct iovec *fields, size_t n)
{
	cleanup_deadline struct deadline deadline = {0};
	int r = wait_ready(patience->ready_msec);

	if (r < 0)
		return r;
	/* Others may have filled the queue since: then the deadline ends sendmsg() with EINTR. */
	r = deadline_arm(patience->send_usec, &deadline);
	if (r < 0)
		return r;
	return sd_journal_sendv(fields, (int)n);
}

int journal_send(struct journal *journal, const struct iovec *fields, size_t n)
{
	const struct patience *patience = journal && journal->full ? &impatient : &patient;
	int r = send_within(patience, fields, n);

	if (journal && (r == -EAGAIN || r == -EINTR))
		journal->full = true;
	return r;
}
