/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel would make of a filter of system calls, also of another architecture's. */
#ifndef FSH_TESTS_SUPPORT_BPF_RUN_H
#define FSH_TESTS_SUPPORT_BPF_RUN_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* What a filter answers when an instruction is none of those that seccomp(2) filters are made of
 * here, or a jump leads out of the program. Not one of the kernel's. */
#define BPF_RUN_BROKEN 0xdeadbeefU

/* Run the `n` instructions over `data`; SECCOMP_RET_*, or BPF_RUN_BROKEN. */
uint32_t bpf_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data);

#endif
