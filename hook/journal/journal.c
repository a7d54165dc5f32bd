/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL, which systemd keeps stable):
 * one datagram for each entry. sd_journal_sendv(3) opens its socket when it is first asked and
 * gives the address with each entry, so that a process that may use it may send to any socket of
 * the node; here the socket is connected before the process is confined, and the filter lets
 * nothing be sent anywhere else. It would also wait for as long as nobody reads, and load a library
 * that takes longer to load than the hook takes to run.
 */
#include "hook/journal/journal.h"

#include "hook/sys/deadline.h"
#include "oci/base/cleanup.h"
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Of bytes: more than an entry of the hook's can have. The kernel gives what it allows. */
#define SEND_BUFFER (1024 * 1024)

/* How long an entry waits for room in the queue. */
#define PATIENT_MSEC 250
/* A run has hundreds of entries: after one that has waited in vain they do not. */
#define IMPATIENT_MSEC 0

/* The process's, and what it was not connected for: a negative errno. Nobody holds it: 0. */
static int held;

static int connect_journal(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	const int size = SEND_BUFFER;
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* Most entries fit without; a large one says that it was not sent. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return move_fd(&fd);
}

bool journal_hold(void)
{
	if (held != 0)
		return false;
	held = connect_journal();
	return true;
}

void journal_let_go(void)
{
	if (held > 0)
		close(held);
	held = 0;
}

/* The fields as one datagram. A value with line breaks has its length before it. */
static int journal_pack(const struct iovec *fields, size_t n, char **ret, size_t *ret_size)
{
	size_t size = 0, room = 0;
	char *data;

	for (size_t i = 0; i < n; i++)
		room += fields[i].iov_len + 1 + sizeof(uint64_t) + 1;
	data = malloc(room ? room : 1);
	if (!data)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *field = fields[i].iov_base;
		size_t length = fields[i].iov_len;
		const char *equals = memchr(field, '=', length);

		if (equals && memchr(field, '\n', length)) {
			size_t name = (size_t)(equals - field);
			uint64_t value = htole64(length - name - 1);

			memcpy(data + size, field, name);
			data[size + name] = '\n';
			memcpy(data + size + name + 1, &value, sizeof(value));
			memcpy(data + size + name + 1 + sizeof(value), equals + 1,
				length - name - 1);
			size += sizeof(value);
		} else {
			memcpy(data + size, field, length);
		}
		size += length;
		data[size++] = '\n';
	}
	*ret = data;
	*ret_size = size;
	return 0;
}

/*
 * Where nobody reads, the queue of the journal's socket is full after net.unix.max_dgram_qlen
 * datagrams (512 where systemd has booted the node), and poll(2) of a socket that is connected to
 * it waits for room there. Others may take that room first.
 */
static int send_within(int fd, const char *data, size_t size, int msec)
{
	const uint64_t until = deadline_now() + (uint64_t)msec * 1000;

	for (;;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		uint64_t now;

		if (send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		now = deadline_now();
		if (now >= until)
			return -EAGAIN;
		if (poll(&room, 1, (int)((until - now + 999) / 1000)) < 0 && errno != EINTR)
			return -errno;
	}
}

int journal_send(struct journal *journal, const struct iovec *fields, size_t n)
{
	cleanup_close int own = held == 0 ? connect_journal() : -EBADF;
	cleanup_free char *data = NULL;
	size_t size = 0;
	int fd = held == 0 ? own : held, r;

	if (fd < 0)
		return fd;
	r = journal_pack(fields, n, &data, &size);
	if (r == 0)
		r = send_within(
			fd, data, size, journal && journal->full ? IMPATIENT_MSEC : PATIENT_MSEC);
	if (journal && r == -EAGAIN)
		journal->full = true;
	return r;
}
