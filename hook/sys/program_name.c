/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/program_name.h"

static const char *own_name = HOOK_PROGRAM;

const char *program_name(void)
{
	return own_name;
}

void program_name_set(const char *name)
{
	own_name = name;
}
