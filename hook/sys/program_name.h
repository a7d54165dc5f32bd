/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs are called, and which one this process is: for what it says of itself. */
#ifndef FSH_HOOK_SYS_PROGRAM_NAME_H
#define FSH_HOOK_SYS_PROGRAM_NAME_H

#include "oci/base/programs.h"

/* Borrowed; before it is set, the hook's. */
const char *program_name(void);

/* Once, before there is a second process. */
void program_name_set(const char *name);

#endif
