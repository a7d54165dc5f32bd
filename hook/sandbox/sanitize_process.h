/* SPDX-License-Identifier: Apache-2.0 */
/* A clean process whoever started it: design section 11, rule 5. */
#ifndef FSH_HOOK_SANDBOX_SANITIZE_PROCESS_H
#define FSH_HOOK_SANDBOX_SANITIZE_PROCESS_H

#include <stdbool.h>

/*
 * Open 0 to 2 on /dev/null where they are closed, close every descriptor above 2, reset signal
 * dispositions and mask (crun leaves SIGCHLD blocked), umask 022, clear the environment.
 *
 * A hook (`for_people` false) goes to "/" and ignores SIGPIPE: a runtime that does not read what
 * the hook says must not kill it for that. A command of people keeps its working directory, for
 * relative paths on its command line, and TERM, NO_COLOR, COLUMNS, LANG, LC_ALL, LC_CTYPE and
 * KUBENSMNT. 0 or a negative errno; -ENODEV: /proc is needed, and is not there or is not procfs.
 */
int sanitize_process(bool for_people);

#endif
