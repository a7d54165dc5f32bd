/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_journal.h"

#include "oci/base/cleanup.h"
#include "tests/support/ns_sandbox.h"
#include <endian.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = FAKE_JOURNAL_SOCKET,
};

int fake_journal_open(void)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = ns_sandbox_mkdirs("/run/systemd/journal");

	if (r < 0)
		return r;
	if (fd < 0)
		return -errno;
	unlink(FAKE_JOURNAL_SOCKET);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return move_fd(&fd);
}

static int add_field(struct fake_entry *entry, const char *name, size_t name_size,
	const char *value, size_t value_size)
{
	char **fields = reallocarray(entry->fields, entry->n + 1, sizeof(*fields));
	char *field = NULL;

	if (!fields)
		return -ENOMEM;
	entry->fields = fields;
	if (asprintf(&field, "%.*s=%.*s", (int)name_size, name, (int)value_size, value) < 0)
		return -ENOMEM;
	entry->fields[entry->n++] = field;
	return 0;
}

/* "NAME\n", 64 bits of size, little endian, the value, "\n". */
static int parse_binary(struct fake_entry *entry, const char *name, const char **text, size_t left)
{
	size_t name_size = strcspn(name, "\n");
	uint64_t size;

	if (left < name_size + 1 + sizeof(size))
		return -EBADMSG;
	memcpy(&size, name + name_size + 1, sizeof(size));
	size = le64toh(size);
	left -= name_size + 1 + sizeof(size);
	if (left < size + 1)
		return -EBADMSG;
	*text = name + name_size + 1 + sizeof(size) + size + 1;
	return add_field(entry, name, name_size, name + name_size + 1 + sizeof(size), size);
}

static int parse(const char *data, size_t size, struct fake_entry *ret)
{
	const char *text = data;

	while (text < data + size) {
		const char *end = memchr(text, '\n', (size_t)(data + size - text));
		const char *equals = end ? memchr(text, '=', (size_t)(end - text)) : NULL;
		int r;

		if (!end)
			return -EBADMSG;
		if (equals) {
			r = add_field(ret, text, (size_t)(equals - text), equals + 1,
				(size_t)(end - equals - 1));
			text = end + 1;
		} else {
			r = parse_binary(ret, text, &text, (size_t)(data + size - text));
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int fake_journal_next(int fd, struct fake_entry *ret)
{
	cleanup_fake_entry struct fake_entry entry = {0};
	cleanup_free char *data = malloc(1 << 20);
	ssize_t n;
	int r;

	if (!data)
		return -ENOMEM;
	n = recv(fd, data, 1 << 20, MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	r = parse(data, (size_t)n, &entry);
	if (r < 0)
		return r;
	*ret = entry;
	entry = (struct fake_entry){0};
	return 0;
}

const char *fake_entry_get(const struct fake_entry *entry, const char *name)
{
	size_t size = strlen(name);
	const char *found = NULL;

	for (unsigned int i = 0; i < entry->n; i++) {
		if (strncmp(entry->fields[i], name, size) != 0 || entry->fields[i][size] != '=')
			continue;
		if (found)
			return NULL;
		found = entry->fields[i] + size + 1;
	}
	return found;
}

void fake_entry_clear(struct fake_entry *entry)
{
	for (unsigned int i = 0; i < entry->n; i++)
		free(entry->fields[i]);
	free(entry->fields);
	*entry = (struct fake_entry){0};
}

static int connect_to_it(int flags)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return move_fd(&fd);
}

/* What one sender gets rid of, until its own buffer or the queue is full. Their number or a
 * negative errno. */
static int send_all(void)
{
	cleanup_close int fd = connect_to_it(SOCK_NONBLOCK);
	int n = 0;

	if (fd < 0)
		return fd;
	while (send(fd, "MESSAGE=x\n", 10, 0) >= 0)
		n++;
	return errno == EAGAIN ? n : -errno;
}

/* Where the queue is long (net.unix.max_dgram_qlen is 10, and 512 by systemd), a sender's buffer is
 * full before it: only one that cannot send at all has met the queue's end. */
int fake_journal_fill(void)
{
	int n;

	do {
		n = send_all();
	} while (n > 0);
	return n;
}

int fake_journal_send(const char *text)
{
	cleanup_close int fd = connect_to_it(0);

	if (fd < 0)
		return fd;
	return send(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}
