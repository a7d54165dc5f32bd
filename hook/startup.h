/* SPDX-License-Identifier: Apache-2.0 */
/* A clean process whoever started it: design section 11, rule 5. */
#ifndef FSH_HOOK_STARTUP_H
#define FSH_HOOK_STARTUP_H

#include <stdbool.h>

/*
 * Reset signal dispositions and mask (crun leaves SIGCHLD blocked), umask 022, chdir("/"), clear
 * the environment but what a command of people needs (`keep_terminal`: TERM, NO_COLOR, LANG,
 * COLUMNS), close every descriptor above 2 and open 0 to 2 on /dev/null where they are closed. 0 or
 * a negative errno.
 */
int startup_clean(bool keep_terminal);

#endif
