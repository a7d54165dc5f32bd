/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/patience.h"

#include "tests/support/child.h"
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define CHILDREN 20
#define MAX 30

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int do_nothing(void *data)
{
	(void)data;
	return 0;
}

unsigned int patience(void)
{
	static unsigned int measured;
	uint64_t began, each_msec;

	if (measured)
		return measured;
	began = now_usec();
	for (int i = 0; i < CHILDREN; i++)
		child_run(do_nothing, NULL);
	each_msec = (now_usec() - began) / 1000 / CHILDREN;
	measured = each_msec < MAX ? 1 + (unsigned int)each_msec : MAX;
	return measured;
}
