/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse_holder [OPTION]... PATH
 *
 * A FUSE daemon that stands for rclone in tests: it mounts a directory on PATH by mount(2), needs
 * no library and no network, and can be made to misbehave. It writes "ready\n" to standard output
 * once the mount answers.
 *
 *   --live         answer every request (the default)
 *   --hang         stop reading requests after the mount is made: callers wait and can be killed
 *   --swallow      read requests and never answer: callers wait and cannot even be killed
 *   --answers=N    answer N requests after the mount is made, then as --swallow
 *   --error=N      answer every request by the error number N, INIT excepted
 *   --early        be ready before INIT is read, and never read it
 *   --refuse       answer INIT by an error
 *   --odd          call the root a file
 *   --cache        let the kernel keep attributes for an hour: the mount looks live to stat(2) when
 *                  the daemon is long dead
 *   --delay-ms N   wait before the mount, as a slow cloud does
 *   --on-input     wait for the end of standard input before the mount, and write "mounting USEC"
 *                  before "ready": the time of CLOCK_MONOTONIC when mount(2) was called
 *   --file=NAME    the one file of the directory (default "film"), with the content "a NAME\n"
 *   --source=TEXT  the mount's source (default "holder:")
 *   --type=TEXT    the mount's type (default "fuse.rclone")
 *   --user=UID     mount as that user's (user_id=, group_id=), without allow_other
 *
 * SIGUSR1: as --hang from now on. SIGHUP: as --swallow from now on. SIGUSR2: as --live from now on,
 * late requests first. SIGTERM (or any death): exit and leave the mount, which is dead then, as
 * after kill -9 of rclone. The protocol is that of linux/fuse.h, fuse(4).
 */
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <getopt.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>

#define ROOT_NODE FUSE_ROOT_ID
#define FILE_NODE 2
#define REPLY_MAX 1024
#define BUFFER_SIZE (128 * 1024) /* the kernel wants room for max_write and headers */

#define CACHE_SECONDS 3600

enum mode {
	MODE_LIVE,
	MODE_HANG,
	MODE_SWALLOW,
	MODE_EARLY,
};

struct holder {
	int fuse, signals;
	enum mode mode;
	const char *path, *file, *source, *type;
	int user;     /* -1: root's, for everybody */
	long answers; /* still to give before it swallows; -1: any number */
	int error;    /* of every answer; 0: none */
	bool refuses; /* INIT */
	bool odd;
	uint64_t valid_seconds; /* of attributes in the kernel's cache */
	unsigned int delay_ms;
	bool on_input;
	struct timespec mounting; /* CLOCK_MONOTONIC, just before mount(2) */
};

static int reply(const struct holder *holder, const struct fuse_in_header *in, int error,
	const void *data, size_t size)
{
	char message[REPLY_MAX];
	const struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + size),
		.error = error,
		.unique = in->unique,
	};

	if (sizeof(out) + size > sizeof(message))
		return -EMSGSIZE;
	memcpy(message, &out, sizeof(out));
	if (size > 0)
		memcpy(message + sizeof(out), data, size);
	/* ENOENT: whoever asked was killed meanwhile. */
	return write(holder->fuse, message, out.len) < 0 && errno != ENOENT ? -errno : 0;
}

static struct fuse_attr attributes(const struct holder *holder, uint64_t node)
{
	struct fuse_attr attr = {.ino = node, .nlink = 2, .mode = S_IFDIR | 0755};

	if (node == FILE_NODE || holder->odd) {
		attr.nlink = 1;
		attr.mode = S_IFREG | 0644;
		attr.size = strlen("a \n") + strlen(holder->file);
	}
	return attr;
}

static int reply_init(const struct holder *holder, const struct fuse_in_header *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};

	return reply(holder, in, 0, &out, sizeof(out));
}

static int reply_attributes(const struct holder *holder, const struct fuse_in_header *in)
{
	const struct fuse_attr_out out = {
		.attr_valid = holder->valid_seconds,
		.attr = attributes(holder, in->nodeid),
	};

	return reply(holder, in, 0, &out, sizeof(out));
}

static int reply_lookup(
	const struct holder *holder, const struct fuse_in_header *in, const char *name)
{
	const struct fuse_entry_out out = {
		.nodeid = FILE_NODE,
		.entry_valid = holder->valid_seconds,
		.attr_valid = holder->valid_seconds,
		.attr = attributes(holder, FILE_NODE),
	};

	if (in->nodeid != ROOT_NODE || strcmp(name, holder->file) != 0)
		return reply(holder, in, -ENOENT, NULL, 0);
	return reply(holder, in, 0, &out, sizeof(out));
}

/* One entry at most: the directory's own are not needed by readdir(3). */
static int reply_directory(const struct holder *holder, const struct fuse_in_header *in,
	const struct fuse_read_in *read)
{
	char buffer[FUSE_NAME_OFFSET + 256] = {0};
	struct fuse_dirent entry = {.ino = FILE_NODE, .off = 1, .type = S_IFREG >> 12};

	if (read->offset > 0)
		return reply(holder, in, 0, NULL, 0);
	entry.namelen = (uint32_t)strlen(holder->file);
	memcpy(buffer, &entry, FUSE_NAME_OFFSET);
	memcpy(buffer + FUSE_NAME_OFFSET, holder->file, entry.namelen);
	return reply(holder, in, 0, buffer, FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + entry.namelen));
}

static int reply_content(const struct holder *holder, const struct fuse_in_header *in,
	const struct fuse_read_in *read)
{
	char content[256];
	int n = snprintf(content, sizeof(content), "a %s\n", holder->file);

	if (n < 0 || read->offset >= (uint64_t)n)
		return reply(holder, in, 0, NULL, 0);
	return reply(holder, in, 0, content + read->offset, (size_t)n - read->offset);
}

static int answer_well(
	const struct holder *holder, const struct fuse_in_header *in, const void *argument)
{
	static const struct fuse_open_out opened = {0};
	static const struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};

	switch (in->opcode) {
	case FUSE_GETATTR:
		return reply_attributes(holder, in);
	case FUSE_LOOKUP:
		return reply_lookup(holder, in, argument);
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		return reply(holder, in, 0, &opened, sizeof(opened));
	case FUSE_READDIR:
		return reply_directory(holder, in, argument);
	case FUSE_READ:
		return reply_content(holder, in, argument);
	case FUSE_STATFS:
		return reply(holder, in, 0, &statfs, sizeof(statfs));
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
	case FUSE_DESTROY:
		return reply(holder, in, 0, NULL, 0);
	default:
		return reply(holder, in, -ENOSYS, NULL, 0);
	}
}

static int answer(
	const struct holder *holder, const struct fuse_in_header *in, const void *argument)
{
	switch (in->opcode) {
	case FUSE_INIT:
		return holder->refuses ? reply(holder, in, -EPROTO, NULL, 0)
				       : reply_init(holder, in);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0; /* these take no answer */
	default:
		return holder->error ? reply(holder, in, -holder->error, NULL, 0)
				     : answer_well(holder, in, argument);
	}
}

/* Read a request and answer it, unless `swallow`. 0 or a negative errno; -ENODEV: unmounted. */
static int serve_one(const struct holder *holder, bool swallow)
{
	static char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
	struct fuse_in_header in;
	ssize_t n = read(holder->fuse, buffer, sizeof(buffer));

	if (n < 0)
		/* ENOENT: the request was taken back before it was read. */
		return errno == ENOENT || errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if ((size_t)n < sizeof(in))
		return -EPROTO;
	memcpy(&in, buffer, sizeof(in));
	return swallow ? 0 : answer(holder, &in, buffer + sizeof(in));
}

/* 0 to go on, 1 to exit. */
static int take_signal(struct holder *holder)
{
	struct signalfd_siginfo info;

	if (read(holder->signals, &info, sizeof(info)) != sizeof(info))
		return 1;
	if (info.ssi_signo == SIGUSR1)
		holder->mode = MODE_HANG;
	else if (info.ssi_signo == SIGHUP)
		holder->mode = MODE_SWALLOW;
	else if (info.ssi_signo == SIGUSR2)
		holder->mode = MODE_LIVE;
	else
		return 1;
	return 0;
}

static bool reads(const struct holder *holder)
{
	return holder->mode == MODE_LIVE || holder->mode == MODE_SWALLOW;
}

static int serve(struct holder *holder)
{
	for (;;) {
		struct pollfd waited[] = {
			{.fd = holder->signals, .events = POLLIN},
			{.fd = reads(holder) ? holder->fuse : -1, .events = POLLIN},
		};
		int r;

		if (poll(waited, ARRAY_SIZE(waited), -1) < 0)
			return -errno;
		if (waited[0].revents && take_signal(holder))
			return 0;
		if (!waited[1].revents || !reads(holder))
			continue;
		r = serve_one(holder, holder->mode == MODE_SWALLOW || holder->answers == 0);
		if (holder->answers > 0)
			holder->answers--;
		if (r < 0)
			return r == -ENODEV ? 0 : r;
	}
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int mount_it(struct holder *holder)
{
	char options[128];
	int user = holder->user < 0 ? 0 : holder->user;

	holder->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (holder->fuse < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%d,group_id=%d%s",
		holder->fuse, user, user, holder->user < 0 ? ",allow_other" : "");
	clock_gettime(CLOCK_MONOTONIC, &holder->mounting);
	if (mount(holder->source, holder->path, holder->type, MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	/* The first request is FUSE_INIT; until it is answered every other one waits. */
	return holder->mode == MODE_EARLY ? 0 : serve_one(holder, false);
}

static const struct option options[] = {
	{"live", no_argument, NULL, 'l'},
	{"hang", no_argument, NULL, 'h'},
	{"swallow", no_argument, NULL, 's'},
	{"answers", required_argument, NULL, 'a'},
	{"error", required_argument, NULL, 'E'},
	{"early", no_argument, NULL, 'e'},
	{"refuse", no_argument, NULL, 'r'},
	{"odd", no_argument, NULL, 'O'},
	{"cache", no_argument, NULL, 'c'},
	{"delay-ms", required_argument, NULL, 'd'},
	{"on-input", no_argument, NULL, 'i'},
	{"file", required_argument, NULL, 'f'},
	{"source", required_argument, NULL, 'o'},
	{"type", required_argument, NULL, 't'},
	{"user", required_argument, NULL, 'u'},
	{NULL, 0, NULL, 0},
};

/* Of the options without an argument. False for any other. */
static bool take_flag(struct holder *holder, int option)
{
	switch (option) {
	case 'l':
		holder->mode = MODE_LIVE;
		return true;
	case 'h':
		holder->mode = MODE_HANG;
		return true;
	case 's':
		holder->mode = MODE_SWALLOW;
		return true;
	case 'e':
		holder->mode = MODE_EARLY;
		return true;
	case 'r':
		holder->refuses = true;
		return true;
	case 'O':
		holder->odd = true;
		return true;
	case 'c':
		holder->valid_seconds = CACHE_SECONDS;
		return true;
	case 'i':
		holder->on_input = true;
		return true;
	default:
		return false;
	}
}

/* Of those with one. */
static bool take_value(struct holder *holder, int option, const char *value)
{
	switch (option) {
	case 'a':
		holder->answers = strtol(value, NULL, 10);
		return true;
	case 'E':
		holder->error = (int)strtol(value, NULL, 10);
		return true;
	case 'd':
		holder->delay_ms = (unsigned int)strtoul(value, NULL, 10);
		return true;
	case 'f':
		holder->file = value;
		return true;
	case 'o':
		holder->source = value;
		return true;
	case 't':
		holder->type = value;
		return true;
	case 'u':
		holder->user = (int)strtol(value, NULL, 10);
		return true;
	default:
		return false;
	}
}

static int parse(int argc, char **argv, struct holder *holder)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_flag(holder, option) && !take_value(holder, option, optarg))
			return -EINVAL;
	}
	holder->path = argv[optind];
	return argc - optind == 1 && strlen(holder->file) < 200 ? 0 : -EINVAL;
}

static void wait_for_turn(const struct holder *holder)
{
	char byte;

	usleep(holder->delay_ms * 1000);
	while (holder->on_input && read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	struct holder holder = {
		.file = "film",
		.source = "holder:",
		.type = "fuse.rclone",
		.user = -1,
		.answers = -1,
	};
	int r = parse(argc, argv, &holder);

	if (r < 0) {
		fprintf(stderr,
			"usage: fuse_holder [--live|--hang|--swallow|--early|--refuse|--odd] "
			"[--answers=N] [--error=N] [--cache] [--delay-ms N] [--on-input] "
			"[--file=NAME] [--source=TEXT] [--type=TEXT] [--user=UID] PATH\n");
		return 2;
	}
	wait_for_turn(&holder);
	holder.signals = block_signals();
	r = holder.signals < 0 ? holder.signals : mount_it(&holder);
	if (r == 0) {
		if (holder.on_input)
			printf("mounting %lld\n", (long long)holder.mounting.tv_sec * 1000000 +
							  holder.mounting.tv_nsec / 1000);
		printf("ready\n");
		fflush(stdout);
		r = serve(&holder);
	}
	if (r < 0)
		fprintf(stderr, "fuse_holder: %s: %s\n", holder.path, strerror(-r));
	return r < 0 ? 1 : 0;
}
