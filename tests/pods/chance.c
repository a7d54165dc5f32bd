/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/chance.h"

/* Neighbouring seeds begin far from each other (splitmix64); a state of 0 would stay 0. */
struct chance chance_of(uint64_t seed)
{
	uint64_t mixed = seed + UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	mixed ^= mixed >> 31;
	return (struct chance){mixed ? mixed : 1};
}

/* xorshift64. */
unsigned int chance_draw(struct chance *chance, unsigned int below)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return (unsigned int)((chance->state >> 11) % below);
}

bool chance_once_in(struct chance *chance, unsigned int times)
{
	return chance_draw(chance, times) == 0;
}

void chance_order(struct chance *chance, size_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = chance_draw(chance, (unsigned int)i + 1);

		ret[i] = ret[at];
		ret[at] = i;
	}
}
