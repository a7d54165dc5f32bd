/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One word for the process, set by main() while there is one: messages come from rooms that both
 * programs share.
 */
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
