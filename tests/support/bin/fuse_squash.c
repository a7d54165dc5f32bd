/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse_squash [--mode=OCTAL] [--cache] PATH
 *
 * A volume as an NFS server with root_squash has it: directories in memory, served by FUSE to
 * everybody, where the server judges by the user who asks and uid 0 is nobody. Root may look at
 * attributes (NFS lets everybody), and that is all: to look something up, to make, to remove, to
 * give away is EACCES or EPERM for it; for others the mode decides. The root directory belongs to
 * --owner (default 1000) with --mode (default 0700). It writes "ready\n" to standard output once it
 * serves. The protocol is that of linux/fuse.h, fuse(4).
 */
#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <getopt.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define NODES_MAX 256
#define BUFFER_SIZE (128 * 1024) /* the kernel wants room for max_write and headers */
#define NOBODY 65534

/* Node N + 1 of the protocol is nodes[N]; the first is the root. Numbers are not used again. */
struct node {
	uint64_t parent; /* 0: removed */
	char name[256];
	uint32_t mode, uid, gid;
};

struct squash {
	int fuse;
	uint64_t valid_seconds;
	struct node nodes[NODES_MAX];
	size_t n;
};

static int reply(const struct squash *squash, const struct fuse_in_header *in, int error,
	const void *data, size_t size)
{
	char message[1024];
	const struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + size),
		.error = error,
		.unique = in->unique,
	};

	memcpy(message, &out, sizeof(out));
	if (size > 0)
		memcpy(message + sizeof(out), data, size);
	/* ENOENT: whoever asked was killed meanwhile. */
	return write(squash->fuse, message, out.len) < 0 && errno != ENOENT ? -errno : 0;
}

static struct node *node_of(struct squash *squash, uint64_t number)
{
	struct node *node = number >= 1 && number <= squash->n ? &squash->nodes[number - 1] : NULL;

	return node && node->parent ? node : NULL;
}

static struct node *find(struct squash *squash, uint64_t parent, const char *name)
{
	for (size_t i = 1; i < squash->n; i++) {
		if (squash->nodes[i].parent == parent && strcmp(squash->nodes[i].name, name) == 0)
			return &squash->nodes[i];
	}
	return NULL;
}

static uint64_t number_of(const struct squash *squash, const struct node *node)
{
	return (uint64_t)(node - squash->nodes) + 1;
}

/* As a server does that has mapped uid 0 to nobody. */
static bool may(const struct node *node, const struct fuse_in_header *in, uint32_t wanted)
{
	uint32_t uid = in->uid == 0 ? NOBODY : in->uid, gid = in->uid == 0 ? NOBODY : in->gid;
	uint32_t bits = node->mode;

	if (uid == node->uid)
		bits >>= 6;
	else if (gid == node->gid)
		bits >>= 3;
	return (bits & wanted) == wanted;
}

static struct fuse_attr attributes(const struct squash *squash, const struct node *node)
{
	return (struct fuse_attr){
		.ino = number_of(squash, node),
		.nlink = 2,
		.mode = S_IFDIR | node->mode,
		.uid = node->uid,
		.gid = node->gid,
	};
}

static int reply_init(const struct squash *squash, const struct fuse_in_header *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
		/* The mode of FUSE_MKDIR comes without the caller's umask applied. */
		.flags = FUSE_DONT_MASK,
	};

	return reply(squash, in, 0, &out, sizeof(out));
}

static int reply_attributes(
	const struct squash *squash, const struct fuse_in_header *in, const struct node *node)
{
	const struct fuse_attr_out out = {.attr = attributes(squash, node)};

	return reply(squash, in, 0, &out, sizeof(out));
}

static int reply_entry(
	const struct squash *squash, const struct fuse_in_header *in, const struct node *node)
{
	const struct fuse_entry_out out = {
		.nodeid = number_of(squash, node),
		.entry_valid = squash->valid_seconds,
		.attr = attributes(squash, node),
	};

	return reply(squash, in, 0, &out, sizeof(out));
}

static int look_up(struct squash *squash, const struct fuse_in_header *in, const struct node *above,
	const char *name)
{
	const struct node *node = find(squash, in->nodeid, name);

	if (!may(above, in, 01))
		return reply(squash, in, -EACCES, NULL, 0);
	return node ? reply_entry(squash, in, node) : reply(squash, in, -ENOENT, NULL, 0);
}

static int make(struct squash *squash, const struct fuse_in_header *in, const struct node *above,
	const struct fuse_mkdir_in *argument)
{
	const char *name = (const char *)(argument + 1);
	struct node *node = &squash->nodes[squash->n];

	if (!may(above, in, 03))
		return reply(squash, in, -EACCES, NULL, 0);
	if (find(squash, in->nodeid, name))
		return reply(squash, in, -EEXIST, NULL, 0);
	if (squash->n == NODES_MAX || strlen(name) >= sizeof(node->name))
		return reply(squash, in, -ENOSPC, NULL, 0);
	*node = (struct node){
		.parent = in->nodeid,
		.mode = argument->mode & 07777 & ~argument->umask,
		.uid = in->uid,
		.gid = in->gid,
	};
	memcpy(node->name, name, strlen(name) + 1);
	squash->n++;
	return reply_entry(squash, in, node);
}

static bool is_empty(const struct squash *squash, uint64_t number)
{
	for (size_t i = 1; i < squash->n; i++) {
		if (squash->nodes[i].parent == number)
			return false;
	}
	return true;
}

static int take_away(struct squash *squash, const struct fuse_in_header *in,
	const struct node *above, const char *name)
{
	struct node *node = find(squash, in->nodeid, name);

	if (!may(above, in, 03))
		return reply(squash, in, -EACCES, NULL, 0);
	if (!node)
		return reply(squash, in, -ENOENT, NULL, 0);
	if (!is_empty(squash, number_of(squash, node)))
		return reply(squash, in, -ENOTEMPTY, NULL, 0);
	node->parent = 0;
	return reply(squash, in, 0, NULL, 0);
}

static int answer_for_node(
	struct squash *squash, const struct fuse_in_header *in, const void *argument)
{
	const struct node *node = node_of(squash, in->nodeid);

	if (!node)
		return reply(squash, in, -ESTALE, NULL, 0);
	switch (in->opcode) {
	case FUSE_GETATTR:
		return reply_attributes(squash, in, node);
	case FUSE_LOOKUP:
		return look_up(squash, in, node, argument);
	case FUSE_MKDIR:
		return make(squash, in, node, argument);
	case FUSE_RMDIR:
		return take_away(squash, in, node, argument);
	case FUSE_SETATTR: /* only root gives away, and there is no root here */
		return reply(squash, in, -EPERM, NULL, 0);
	default:
		return reply(squash, in, -ENOSYS, NULL, 0);
	}
}

static int answer(struct squash *squash, const struct fuse_in_header *in, const void *argument)
{
	static const struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};

	switch (in->opcode) {
	case FUSE_INIT:
		return reply_init(squash, in);
	case FUSE_STATFS:
		return reply(squash, in, 0, &statfs, sizeof(statfs));
	case FUSE_DESTROY:
		return reply(squash, in, 0, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0; /* these take no answer */
	default:
		return answer_for_node(squash, in, argument);
	}
}

/* 0, or a negative errno; -ENODEV: unmounted. */
static int serve_one(struct squash *squash)
{
	static char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
	struct fuse_in_header in;
	ssize_t n = read(squash->fuse, buffer, sizeof(buffer) - 1);

	if (n < 0)
		/* ENOENT: the request was taken back before it was read. */
		return errno == ENOENT || errno == EINTR ? 0 : -errno;
	if ((size_t)n < sizeof(in))
		return -EPROTO;
	buffer[n] = '\0';
	memcpy(&in, buffer, sizeof(in));
	return answer(squash, &in, buffer + sizeof(in));
}

static int mount_it(struct squash *squash, const char *path)
{
	char options[128];

	squash->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (squash->fuse < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		squash->fuse);
	if (mount("server:/volume", path, "fuse.squash", MS_NOSUID | MS_NODEV, options) < 0)
		return -errno;
	/* The first request is FUSE_INIT; until it is answered every other one waits. */
	return serve_one(squash);
}

static int parse(int argc, char **argv, struct squash *squash)
{
	static const struct option options[] = {
		{"cache", no_argument, NULL, 'c'},
		{"mode", required_argument, NULL, 'm'},
		{NULL, 0, NULL, 0},
	};
	int value;

	squash->nodes[0] =
		(struct node){.parent = FUSE_ROOT_ID, .mode = 0700, .uid = 1000, .gid = 1000};
	while ((value = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (value == 'c')
			squash->valid_seconds = 3600;
		else if (value == 'm')
			squash->nodes[0].mode = (uint32_t)strtoul(optarg, NULL, 8);
		else
			return -EINVAL;
	}
	return argc - optind == 1 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	static struct squash squash = {.n = 1};
	int r = parse(argc, argv, &squash);

	if (r == 0)
		r = mount_it(&squash, argv[optind]);
	if (r == 0 && (puts("ready") < 0 || fflush(stdout) != 0))
		r = -EIO;
	while (r == 0)
		r = serve_one(&squash);
	if (r < 0 && r != -ENODEV)
		fprintf(stderr, "fuse_squash: %s\n", strerror(-r));
	return r < 0 && r != -ENODEV;
}
