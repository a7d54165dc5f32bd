/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a seed repeats, on every machine. */
#ifndef FSH_TESTS_PODS_CHANCE_H
#define FSH_TESTS_PODS_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

struct chance chance_of(uint64_t seed);

/* 0 to `below` - 1; `below` is not 0. */
unsigned int chance_draw(struct chance *chance, unsigned int below);

/* True once in `times`. */
bool chance_once_in(struct chance *chance, unsigned int times);

/* Fill `ret` with 0 to n - 1 in any order. */
void chance_order(struct chance *chance, size_t *ret, size_t n);

#endif
