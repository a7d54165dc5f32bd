/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_export TRIPLET: a program of the build, which writes the filters of
 * hook/sandbox/filter_list.c to standard output, as C. The triplet is that of the compiler whose
 * program will have them
 * (`gcc -dumpmachine`): it may be another architecture than the one that this runs on.
 */
#include "hook/sandbox/filter_list.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t arch_of(const char *triplet)
{
	if (strncmp(triplet, "x86_64-", 7) == 0)
		return SCMP_ARCH_X86_64;
	return strncmp(triplet, "aarch64-", 8) == 0 ? SCMP_ARCH_AARCH64 : 0;
}

/* Its length in instructions, or -1. */
static int print_filter(enum filter filter, uint32_t arch)
{
	struct sock_filter line;
	const char *name = NULL;
	int fd = memfd_create("filter", MFD_CLOEXEC), n = 0, r;

	if (fd < 0)
		return -1;
	r = filter_export(filter, arch, fd, &name);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		fprintf(stderr, "filter_export: %s%s: %s\n", name ? "system call " : "seccomp",
			name ? name : "", strerror(r < 0 ? -r : 0));
		close(fd);
		return -1;
	}
	printf("static struct sock_filter filter_%d[] = {\n", (int)filter);
	for (; read(fd, &line, sizeof(line)) == (ssize_t)sizeof(line); n++)
		printf("\t{0x%x, %u, %u, 0x%x},\n", line.code, line.jt, line.jf, line.k);
	printf("};\n\n");
	close(fd);
	return n;
}

int main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? arch_of(argv[1]) : 0;
	int lengths[FILTER_COUNT] = {0};

	if (argc != 2)
		return 2;
	printf("/* Made by hook/sandbox/filter_export.c of hook/sandbox/filter_list.c for %s. */\n"
	       "#include \"hook/sandbox/filter.h\"\n\n",
		argv[1]);
	for (int filter = 0; arch && filter < FILTER_COUNT; filter++) {
		lengths[filter] = print_filter((enum filter)filter, arch);
		if (lengths[filter] < 0)
			return 1;
	}
	printf("const struct sock_fprog filter_programs[FILTER_COUNT] = {\n");
	for (int filter = 0; arch && filter < FILTER_COUNT; filter++)
		printf("\t{%d, filter_%d},\n", lengths[filter], filter);
	printf("%s};\n", arch ? "" : "\t{0, (struct sock_filter *)0},\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
