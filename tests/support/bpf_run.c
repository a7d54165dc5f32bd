/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/bpf_run.h"

#include <stdbool.h>
#include <string.h>

/* How many instructions a jump leaves out. */
static uint32_t jump_of(const struct sock_filter *line, uint32_t accumulator)
{
	bool taken = false;

	switch (BPF_OP(line->code)) {
	case BPF_JA:
		return line->k;
	case BPF_JEQ:
		taken = accumulator == line->k;
		break;
	case BPF_JGT:
		taken = accumulator > line->k;
		break;
	case BPF_JGE:
		taken = accumulator >= line->k;
		break;
	case BPF_JSET:
		taken = (accumulator & line->k) != 0;
		break;
	default:
		return UINT32_MAX;
	}
	return taken ? line->jt : line->jf;
}

uint32_t bpf_run(const struct sock_filter *program, size_t n, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	/* Jumps lead forward only, so it ends. */
	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *line = &program[at];

		switch (line->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (line->k > sizeof(*data) - sizeof(accumulator))
				return BPF_RUN_BROKEN;
			memcpy(&accumulator, (const char *)data + line->k, sizeof(accumulator));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= line->k;
			break;
		case BPF_RET | BPF_K:
			return line->k;
		default:
			if (BPF_CLASS(line->code) != BPF_JMP || BPF_SRC(line->code) != BPF_K)
				return BPF_RUN_BROKEN;
			at += jump_of(line, accumulator);
		}
	}
	return BPF_RUN_BROKEN;
}
