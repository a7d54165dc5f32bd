/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layouts are declared here: the kernel's header may be missing, older than the kernel, or in
 * the way of the C library's. The words of options are put in the order of mountinfo, so that both
 * give one entry.
 */
#include "hook/sys/statmount.h"

#include "hook/sys/held_process.h"
#include "hook/sys/syscalls.h"
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* struct mnt_id_req of linux/mount.h, 6.13. Names of our own: that header may be there by
 * <sys/mount.h>, of any release, or not. */
struct request {
	uint32_t size, spare;
	uint64_t id;
	uint64_t param; /* statmount: what is asked for; listmount: the id before the first */
	uint64_t ns;	/* 6.11 */
};
#define REQUEST_SIZE_OWN 24U /* without `ns` */
#define LIST_ALL UINT64_MAX  /* listmount: LSMT_ROOT */

#define ASK_SB_BASIC 0x1U
#define ASK_MNT_BASIC 0x2U
#define ASK_PROPAGATE_FROM 0x4U
#define ASK_MNT_ROOT 0x8U
#define ASK_MNT_POINT 0x10U
#define ASK_FS_TYPE 0x20U
#define ASK_MNT_OPTS 0x80U    /* 6.11 */
#define ASK_FS_SUBTYPE 0x100U /* 6.13 */
#define ASK_SUPPORTED 0x1000U /* 6.15 */
#define ASKED (ANSWERED_ALWAYS | ASK_PROPAGATE_FROM | ASK_MNT_OPTS | ASK_FS_SUBTYPE | ASK_SUPPORTED)
#define ANSWERED_ALWAYS (ASK_SB_BASIC | ASK_MNT_BASIC | ASK_MNT_ROOT | ASK_MNT_POINT | ASK_FS_TYPE)

/* Its struct statmount. Strings are offsets into the text behind it, each ended by NUL. */
struct answer {
	uint32_t size, options;
	uint64_t mask;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t sb_flags, type;
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attributes, propagation, peer_group, master, propagate_from;
	uint32_t root, point;
	uint64_t ns;
	uint32_t subtype, source, n_options, option_array, n_lsm_options, lsm_option_array;
	uint64_t supported;
	uint64_t later[45];
	char text[];
};
_Static_assert(sizeof(struct request) == 32, "MNT_ID_REQ_SIZE_VER1");
_Static_assert(offsetof(struct answer, magic) == 24, "sb_magic");
_Static_assert(offsetof(struct answer, old_id) == 56, "mnt_id_old");
_Static_assert(offsetof(struct answer, root) == 104, "mnt_root");
_Static_assert(offsetof(struct answer, subtype) == 120, "fs_subtype");
_Static_assert(offsetof(struct answer, supported) == 144, "supported_mask");
_Static_assert(sizeof(struct answer) == 512, "struct statmount has 512 bytes before its text");

#define ANSWER_SIZE ((size_t)4096)	/* enough for all but the longest paths */
#define ANSWER_MAX ((size_t)256 * 1024) /* paths are bounded, options are not */

/* File systems of this machine's memory and disks. Of others a lookup may wait for a server; an
 * overlay has what it lies on. */
static bool is_local(uint64_t magic)
{
	static const uint64_t local[] = {
		TMPFS_MAGIC,
		RAMFS_MAGIC,
		EXT4_SUPER_MAGIC,
		XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC,
		PROC_SUPER_MAGIC,
		SYSFS_MAGIC,
		CGROUP_SUPER_MAGIC,
		CGROUP2_SUPER_MAGIC,
	};

	for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
		if (local[i] == magic)
			return true;
	}
	return false;
}

/* The kernel takes the short form too, and before 6.11 that alone. */
static struct request make_request(uint64_t id, uint64_t ns, uint64_t param)
{
	return (struct request){
		.size = ns ? (uint32_t)sizeof(struct request) : REQUEST_SIZE_OWN,
		.id = id,
		.param = param,
		.ns = ns,
	};
}

/* EPERM is what a seccomp filter says that does not know the call: none of these needs more than
 * the hook has. */
static int statmount_failure(void)
{
	return errno == ENOSYS || errno == EPERM || errno == EINVAL ? -EOPNOTSUPP : -errno;
}

static int statmount_query(uint64_t id, uint64_t ns, struct answer *answer, size_t size)
{
	const struct request request = make_request(id, ns, ASKED);

	return syscall(SYS_NUMBER_STATMOUNT, &request, answer, size, 0) < 0 ? statmount_failure()
									    : 0;
}

/* "rw,nosuid,relatime": the words and the order of show_mnt_opts() in the kernel's
 * proc_namespace.c. */
static char *describe_attributes(uint64_t attributes)
{
	static const struct {
		uint64_t mask, value;
		const char *word;
	} words[] = {
		{0x2, 0x2, ",nosuid"},
		{0x4, 0x4, ",nodev"},
		{0x8, 0x8, ",noexec"},
		{0x70, 0x10, ",noatime"},
		{0x80, 0x80, ",nodiratime"},
		{0x70, 0, ",relatime"},
		{0x200000, 0x200000, ",nosymfollow"},
		{0x100000, 0x100000, ",idmapped"},
	};
	char text[96]; /* of all words together */
	char *end = stpcpy(text, attributes & 0x1 ? "ro" : "rw");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if ((attributes & words[i].mask) == words[i].value)
			end = stpcpy(end, words[i].word);
	}
	return strdup(text);
}

/* No subtype is none, or none that this kernel tells: only 6.15 says which. */
static int set_type(const struct answer *answer, struct mount_entry *entry)
{
	const char *options = answer->mask & ASK_MNT_OPTS ? answer->text + answer->options : NULL;
	cleanup_free char *whole = NULL;
	int r;

	if (answer->mask & ASK_FS_SUBTYPE) {
		if (asprintf(&whole, "%s.%s", answer->text + answer->type,
			    answer->text + answer->subtype) < 0)
			return -ENOMEM;
	}
	r = mount_entry_set_type(entry, whole ? whole : answer->text + answer->type, options);
	if (r < 0 || !mount_entry_is_fuse(entry))
		return r;
	if (!options || (!whole && !(answer->supported & ASK_FS_SUBTYPE)))
		return -EOPNOTSUPP;
	return 0;
}

static int statmount_fill(const struct answer *answer, struct mount_entry *entry)
{
	int r;

	if ((answer->mask & ANSWERED_ALWAYS) != ANSWERED_ALWAYS)
		return -EOPNOTSUPP;
	/* No mountpoint: it cannot be reached from the root, and mountinfo does not list it. */
	if (answer->text[answer->point] != '/')
		return -EHOSTUNREACH;
	entry->id = (int)answer->old_id;
	entry->parent = (int)answer->old_parent;
	entry->major = answer->major;
	entry->minor = answer->minor;
	entry->shared = (int)answer->peer_group;
	entry->master = (int)answer->master;
	/* Told by proc(5) only where it is another than the master. */
	if (answer->mask & ASK_PROPAGATE_FROM && answer->propagate_from != answer->master)
		entry->propagate_from = (int)answer->propagate_from;
	entry->unbindable = answer->propagation & MS_UNBINDABLE;
	r = set_type(answer, entry);
	if (r < 0)
		return r;
	entry->root = strdup(answer->text + answer->root);
	entry->target = strdup(answer->text + answer->point);
	entry->vfs_options = describe_attributes(answer->attributes);
	return entry->root && entry->target && entry->vfs_options ? 0 : -ENOMEM;
}

static int statmount_take_answer(const struct answer *answer, struct statmount_told *ret)
{
	cleanup_statmount struct statmount_told mount = {
		.id = answer->id,
		.parent = answer->parent,
		.is_local = is_local(answer->magic),
	};
	int r = statmount_fill(answer, &mount.entry);

	if (r < 0)
		return r;
	*ret = move_struct(mount);
	return 0;
}

static int read_large(uint64_t id, uint64_t ns, struct statmount_told *ret)
{
	for (size_t size = 4 * ANSWER_SIZE; size <= ANSWER_MAX; size *= 4) {
		cleanup_free struct answer *answer = malloc(size);
		int r = answer ? statmount_query(id, ns, answer, size) : -ENOMEM;

		if (r == 0)
			return statmount_take_answer(answer, ret);
		if (r != -EOVERFLOW)
			return r;
	}
	return -EOPNOTSUPP;
}

int statmount_read(uint64_t id, uint64_t ns, struct statmount_told *ret)
{
	union {
		struct answer answer;
		char bytes[ANSWER_SIZE];
	} buffer;
	int r = statmount_query(id, ns, &buffer.answer, sizeof(buffer));

	if (r == -EOVERFLOW)
		return read_large(id, ns, ret);
	return r < 0 ? r : statmount_take_answer(&buffer.answer, ret);
}

bool statmount_is_complete(uint64_t id)
{
	union {
		struct answer answer;
		char bytes[ANSWER_SIZE];
	} buffer = {.bytes = {0}};

	return statmount_query(id, 0, &buffer.answer, sizeof(buffer)) == 0 &&
	       buffer.answer.mask & ASK_SUPPORTED && (buffer.answer.supported & ASKED) == ASKED;
}

static int statmount_list_page(uint64_t id, uint64_t ns, uint64_t after, uint64_t *ids, size_t n)
{
	const struct request request = make_request(id, ns, after);
	long listed = syscall(SYS_NUMBER_LISTMOUNT, &request, ids, n, 0);

	return listed < 0 ? statmount_failure() : (int)listed;
}

int statmount_list(uint64_t id, uint64_t ns, uint64_t *ids, size_t n)
{
	int listed = statmount_list_page(id, ns, 0, ids, n);

	return listed >= 0 && (size_t)listed == n ? -E2BIG : listed;
}

int statmount_list_all(uint64_t ns, uint64_t after, uint64_t *ids, size_t n)
{
	return statmount_list_page(LIST_ALL, ns, after, ids, n);
}

int statmount_id_of(int fd, uint64_t *ret_id)
{
	struct statx buffer;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		    SYS_STATX_MNT_ID_UNIQUE, &buffer) < 0)
		return -errno;
	if (!(buffer.stx_mask & SYS_STATX_MNT_ID_UNIQUE))
		return -EOPNOTSUPP;
	*ret_id = buffer.stx_mnt_id;
	return 0;
}

int statmount_namespace_of(pid_t pid, uint64_t *ret_ns)
{
	cleanup_close int fd = held_process_mount_ns(pid);

	if (fd < 0)
		return fd;
	if (ioctl(fd, SYS_NS_GET_MNTNS_ID, ret_ns) < 0)
		return errno == ENOTTY ? -EOPNOTSUPP : statmount_failure();
	return 0;
}

void statmount_clear(struct statmount_told *mount)
{
	if (!mount)
		return;
	mount_entry_clear(&mount->entry);
	*mount = (struct statmount_told){0};
}
