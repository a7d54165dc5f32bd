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
#define READY_MSEC 100
#define SEND_USEC (150 * UINT64_C(1000))

/*
 * Whether an entry would be taken now. sd_journal_sendv() does not tell: without a socket it
 * returns 0 and drops the entry, and where the socket's queue is full (net.unix.max_dgram_qlen
 * datagrams that a stopped or hung journald has not read; systemd raises it to 512) its sendmsg(2)
 * blocks for as long as nobody reads. A descriptor of our own that is connected to the same socket
 * says both, since poll(2) of a connected datagram socket looks at the queue of its peer.
 */
static int wait_ready(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd waited = {.fd = fd, .events = POLLOUT};
	int r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = poll(&waited, 1, READY_MSEC);
	if (r < 0)
		return -errno;
	return r == 0 || !(waited.revents & POLLOUT) ? -EAGAIN : 0;
}

int journal_send(const struct iovec *fields, size_t n)
{
	cleanup_deadline struct deadline deadline = {0};
	int r = wait_ready();

	if (r < 0)
		return r;
	/* Others may have filled the queue since: then the deadline ends sendmsg() with EINTR. */
	r = deadline_arm(SEND_USEC, &deadline);
	if (r < 0)
		return r;
	return sd_journal_sendv(fields, (int)n);
}
