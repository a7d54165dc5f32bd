/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statmount(2) as Linux 6.8 to 6.12 has it: it tells neither a file system's subtype nor what it
 * could tell. To be preloaded; the hook makes the call by syscall(2), for no C library has it.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#define NUMBER_STATMOUNT 457
#define SUBTYPE 0x100U	  /* STATMOUNT_FS_SUBTYPE, 6.13 */
#define SUPPORTED 0x1000U /* STATMOUNT_SUPPORTED_MASK, 6.15 */

/* The beginning of struct statmount. */
struct answer {
	uint32_t size, options;
	uint64_t mask;
};

static long (*real_syscall)(long number, ...);

__attribute__((constructor)) static void start(void)
{
	*(void **)&real_syscall = dlsym(RTLD_NEXT, "syscall");
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc's are reserved. */
long syscall(long number, ...)
{
	union {
		long number;
		struct answer *answer;
	} second;
	long a[6], r;
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	r = real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	second.number = a[1];
	if (number == NUMBER_STATMOUNT && r == 0)
		second.answer->mask &= ~(uint64_t)(SUBTYPE | SUPPORTED);
	return r;
}
