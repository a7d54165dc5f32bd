/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program of BPF of the two lists. libseccomp makes one of each, and the second goes behind the
 * first: what is not allowed there goes on to what is dangerous, and what is not dangerous either
 * ends in SECCOMP_RET_TRAP. Entries with conditions need no opposite that way: what is dangerous
 * kills unless it was allowed before.
 */
#include "hook/sandbox/filter_list.h"

#include "hook/sandbox/filter_entry.h"
#include "oci/base/cleanup.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

/* What neither list has: hook/sandbox/refused_call.h. */
#define NOT_LISTED SCMP_ACT_TRAP

/* Jumps are relative, so that programs may stand behind each other. */
struct program {
	struct sock_filter lines[BPF_MAXINSNS];
	size_t n;
};

static int add_one(scmp_filter_ctx filter, uint32_t action, const struct filter_entry *entry,
	struct scmp_arg_cmp condition)
{
	const int number = seccomp_syscall_resolve_name(entry->name);

	if (entry->null)
		return seccomp_rule_add(filter, action, number, 2, condition,
			SCMP_CMP(entry->null, SCMP_CMP_EQ, 0, 0));
	return seccomp_rule_add(filter, action, number, 1, condition);
}

static int filter_add(scmp_filter_ctx filter, uint32_t action, const struct filter_entry *entry)
{
	const scmp_datum_t value = entry->value;

	switch (entry->condition) {
	case FILTER_ANY:
		return seccomp_rule_add(
			filter, action, seccomp_syscall_resolve_name(entry->name), 0);
	case FILTER_EQUAL:
		return add_one(filter, action, entry,
			SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, value));
	case FILTER_UNEQUAL:
		return add_one(filter, action, entry, SCMP_CMP(entry->arg, SCMP_CMP_NE, value, 0));
	case FILTER_NO_BITS:
		return add_one(
			filter, action, entry, SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, value, 0));
	case FILTER_ALL_BITS:
		return add_one(filter, action, entry,
			SCMP_CMP(entry->arg, SCMP_CMP_MASKED_EQ, value | entry->without, value));
	}
	return -EINVAL;
}

static bool is_unknown(const struct filter_entry *entry)
{
	return seccomp_syscall_resolve_name(entry->name) == __NR_SCMP_ERROR;
}

static int add_allowed(scmp_filter_ctx filter, unsigned int who, const char **ret_name)
{
	for (size_t i = 0; i < filter_allowed.n; i++) {
		const struct filter_entry *entry = &filter_allowed.items[i];
		int r = 0;

		if (!(entry->filters & who))
			continue;
		*ret_name = entry->name;
		if (!is_unknown(entry))
			r = filter_add(filter, SCMP_ACT_ALLOW, entry);
		else if (!entry->number || entry->condition != FILTER_ANY)
			r = -ENOSYS;
		if (r < 0)
			return r;
	}
	/*
	 * Its flags are in memory, where a filter cannot look. glibc then takes clone(2). By the
	 * filter itself: it is called at each fork, and not worth a word.
	 */
	*ret_name = "clone3";
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int add_dangers(scmp_filter_ctx filter, unsigned int who, const char **ret_name)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < filter_dangers.n; i++) {
		const struct filter_entry *entry = &filter_dangers.items[i];

		*ret_name = entry->name;
		if ((entry->filters & who) && !is_unknown(entry))
			r = filter_add(filter, SCMP_ACT_KILL_PROCESS, entry);
	}
	return r;
}

static int set_up(scmp_filter_ctx filter, uint32_t arch)
{
	int r = 0;

	if (arch != seccomp_arch_native()) {
		r = seccomp_arch_add(filter, arch);
		if (r == 0)
			r = seccomp_arch_remove(filter, SCMP_ARCH_NATIVE);
	}
	/* Calls by another architecture's numbers, of 32 bits say. */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A binary tree: the list is long. */
	return r < 0 ? r : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

/* What libseccomp makes of a filter, behind what `program` has already. */
static int filter_build_export(scmp_filter_ctx filter, struct program *program)
{
	cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t size;
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return r;
	size = pread(fd, &program->lines[program->n],
		sizeof(program->lines) - program->n * sizeof(program->lines[0]), 0);
	if (size < 0)
		return -errno;
	program->n += (size_t)size / sizeof(program->lines[0]);
	return program->n < ARRAY_SIZE(program->lines) ? 0 : -E2BIG;
}

typedef int adder(scmp_filter_ctx filter, unsigned int who, const char **ret_name);

static int filter_append(struct program *program, uint32_t arch, adder *fill, unsigned int who,
	const char **ret_name)
{
	scmp_filter_ctx filter = seccomp_init(NOT_LISTED);
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_up(filter, arch);
	if (r == 0)
		r = fill(filter, who, ret_name);
	if (r == 0) {
		*ret_name = NULL;
		r = filter_build_export(filter, program);
	}
	seccomp_release(filter);
	return r;
}

/* Where it would answer that a call is not on its list, it goes on behind its end. */
static void go_on(struct program *program)
{
	for (size_t i = 0; i < program->n; i++) {
		struct sock_filter *line = &program->lines[i];

		if (BPF_CLASS(line->code) == BPF_RET && line->k == NOT_LISTED)
			*line = (struct sock_filter)BPF_STMT(
				BPF_JMP | BPF_JA, (uint32_t)(program->n - i - 1));
	}
}

/*
 * The calls that this libseccomp does not know are allowed in front of its own programs: by their
 * numbers it takes them for its own architecture alone.
 */
static int filter_append_unknown(struct program *program, unsigned int who, uint32_t arch)
{
	size_t n = 3;

	for (size_t i = 0; i < filter_allowed.n; i++) {
		const struct filter_entry *entry = &filter_allowed.items[i];
		const struct sock_filter allow[] = {
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)entry->number, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};

		if (!(entry->filters & who) || !is_unknown(entry))
			continue;
		program->lines[n++] = allow[0];
		program->lines[n++] = allow[1];
	}
	if (n == 3)
		return 0;
	if (n - 2 > UINT8_MAX)
		return -E2BIG;
	program->lines[0] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	/* SCMP_ARCH_* are the kernel's AUDIT_ARCH_* (seccomp_arch_add(3)). */
	program->lines[1] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, (uint8_t)(n - 2));
	program->lines[2] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	program->n = n;
	return 0;
}

static int filter_write(int fd, const struct program *program)
{
	const size_t size = program->n * sizeof(program->lines[0]);
	ssize_t written = write(fd, program->lines, size);

	if (written < 0)
		return -errno;
	return (size_t)written == size ? 0 : -EIO;
}

int filter_export(enum filter filter, uint32_t arch, int fd, const char **ret_name)
{
	cleanup_free struct program *program = calloc(1, sizeof(*program));
	const unsigned int who = 1U << filter;
	int r;

	*ret_name = NULL;
	if (!program)
		return -ENOMEM;
	r = filter_append_unknown(program, who, arch);
	if (r == 0)
		r = filter_append(program, arch, add_allowed, who, ret_name);
	if (r < 0)
		return r;
	go_on(program);
	r = filter_append(program, arch, add_dangers, who, ret_name);
	return r < 0 ? r : filter_write(fd, program);
}
