/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse_holder [--delay-ms N] [--hang] PATH: a FUSE daemon for tests, without libfuse. Mounts a
 * "fuse.rclone" on PATH whose root has one file, "film", and answers for it; prints "ready" once
 * the mount is made and initialised.
 *
 *   SIGUSR1  stop answering, with /dev/fuse open: the mount hangs
 *   SIGUSR2  answer again
 *   SIGTERM  exit as it is: the mount stays and is dead, as after kill -9 of rclone
 *
 * --hang starts in the state after SIGUSR1; --delay-ms waits before the mount, as a slow cloud
 * does. The protocol is that of linux/fuse.h, fuse(4).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FILM_NAME "film"
#define FILM_TEXT "a film\n"
#define FILM_NODE 2

static volatile sig_atomic_t hung;

static void on_signal(int signal)
{
	if (signal == SIGTERM)
		_exit(0);
	hung = signal == SIGUSR1;
}

static int reply(int fd, uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + size),
		.error = -error,
		.unique = unique,
	};
	struct iovec parts[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_len = size},
	};

	memcpy(&parts[1].iov_base, &data, sizeof(data)); /* writev(2) does not write to it */
	return writev(fd, parts, size ? 2 : 1) < 0 ? -errno : 0;
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = node == FUSE_ROOT_ID ? 2 : 1,
		.size = node == FUSE_ROOT_ID ? 0 : strlen(FILM_TEXT),
	};
}

static int answer_init(int fd, const struct fuse_in_header *in, const void *body)
{
	const struct fuse_init_in *init = body;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = init->minor < FUSE_KERNEL_MINOR_VERSION ? init->minor
								 : FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = init->max_readahead,
		.max_write = 4096,
	};
	int r = reply(fd, in->unique, 0, &out, sizeof(out));

	if (r == 0 && (puts("ready") == EOF || fflush(stdout) == EOF))
		return -EIO;
	return r;
}

static int answer_lookup(int fd, const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out out = {.nodeid = FILM_NODE, .attr = attributes(FILM_NODE)};

	if (in->nodeid != FUSE_ROOT_ID || strcmp(name, FILM_NAME) != 0)
		return reply(fd, in->unique, ENOENT, NULL, 0);
	return reply(fd, in->unique, 0, &out, sizeof(out));
}

static int answer_readdir(int fd, const struct fuse_in_header *in, const void *body)
{
	const struct fuse_read_in *read_in = body;
	union {
		struct fuse_dirent entry;
		char bytes[FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + sizeof(FILM_NAME) - 1)];
	} out = {.entry = {.ino = FILM_NODE, .off = 1, .type = DT_REG}};

	if (read_in->offset > 0)
		return reply(fd, in->unique, 0, NULL, 0);
	out.entry.namelen = sizeof(FILM_NAME) - 1;
	memcpy(out.entry.name, FILM_NAME, sizeof(FILM_NAME) - 1);
	return reply(fd, in->unique, 0, &out, sizeof(out));
}

static int answer_read(int fd, const struct fuse_in_header *in, const void *body)
{
	const struct fuse_read_in *read_in = body;
	size_t length = strlen(FILM_TEXT);
	size_t from = read_in->offset < length ? (size_t)read_in->offset : length;
	size_t size = length - from < read_in->size ? length - from : read_in->size;

	return reply(fd, in->unique, 0, FILM_TEXT + from, size);
}

static int answer(int fd, const struct fuse_in_header *in, const void *body)
{
	struct fuse_attr_out attr = {.attr = attributes(in->nodeid)};
	struct fuse_open_out opened = {0};
	struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};

	switch (in->opcode) {
	case FUSE_INIT:
		return answer_init(fd, in, body);
	case FUSE_GETATTR:
		return reply(fd, in->unique, 0, &attr, sizeof(attr));
	case FUSE_LOOKUP:
		return answer_lookup(fd, in, body);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return reply(fd, in->unique, 0, &opened, sizeof(opened));
	case FUSE_READDIR:
		return answer_readdir(fd, in, body);
	case FUSE_READ:
		return answer_read(fd, in, body);
	case FUSE_STATFS:
		return reply(fd, in->unique, 0, &statfs, sizeof(statfs));
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
	case FUSE_ACCESS:
		return reply(fd, in->unique, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0; /* these have no answer */
	default:
		return reply(fd, in->unique, ENOSYS, NULL, 0);
	}
}

/*
 * Keep a request while hung. INIT is answered all the same: a mount that was never initialised is
 * another matter. The signals are blocked but in the wait itself, so that none is lost between the
 * test and the wait.
 */
static void hold_back(const struct fuse_in_header *in, const sigset_t *unblocked)
{
	while (hung && in->opcode != FUSE_INIT)
		sigsuspend(unblocked);
}

static int serve(int fd)
{
	_Alignas(8) static char request[FUSE_MIN_READ_BUFFER + 8192];
	sigset_t signals, unblocked;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGTERM);

	for (;;) {
		const struct fuse_in_header *in = (const void *)request;
		ssize_t n = read(fd, request, sizeof(request));
		int r;

		if (n < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		if (n < 0)
			return errno == ENODEV ? 0 : -errno; /* unmounted */
		sigprocmask(SIG_BLOCK, &signals, &unblocked);
		hold_back(in, &unblocked);
		sigprocmask(SIG_SETMASK, &unblocked, NULL);
		r = answer(fd, in, request + sizeof(*in));
		/* The asker may have been killed meanwhile. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
}

static int mount_fuse(const char *path)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		fd);
	if (mount("holder", path, "fuse.rclone", MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	return fd;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv)
{
	int fd, r;

	catch_signals();
	for (; argc > 2; argc--, argv++) {
		if (strcmp(argv[1], "--hang") == 0) {
			hung = 1;
		} else if (strcmp(argv[1], "--delay-ms") == 0 && argc > 3) {
			long ms = strtol(argv[2], NULL, 10);
			struct timespec delay = {ms / 1000, (ms % 1000) * 1000000};

			nanosleep(&delay, NULL);
			argc--;
			argv++;
		} else {
			break;
		}
	}
	if (argc != 2) {
		fprintf(stderr, "usage: fuse_holder [--delay-ms N] [--hang] PATH\n");
		return 2;
	}
	fd = mount_fuse(argv[1]);
	r = fd < 0 ? fd : serve(fd);
	if (r < 0)
		fprintf(stderr, "fuse_holder: %s: %s\n", argv[1], strerror(-r));
	return r < 0;
}
