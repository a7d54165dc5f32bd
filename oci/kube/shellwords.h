/* SPDX-License-Identifier: Apache-2.0 */
/* A shell script as far as its words can be told without running it. */
#ifndef FSH_OCI_KUBE_SHELLWORDS_H
#define FSH_OCI_KUBE_SHELLWORDS_H

#include "oci/base/strv.h"
#include <stdbool.h>
#include <stddef.h>

/* What stands between two separators: a simple command (POSIX shell, 2.9.1), or a word such as
 * `if` with what follows it. */
struct shell_command {
	struct strv words; /* quotes removed, nothing expanded */
	bool literal; /* no word has an expansion, a pattern or a brace, and nothing is redirected
		       */
};

struct shell_commands {
	struct shell_command *items;
	size_t n;
};

/* Cut `script` into commands and words. 0 or -ENOMEM. Owned by the caller. */
int shellwords_split(const char *script, struct shell_commands *ret);
void shellwords_clear(struct shell_commands *commands);

#define cleanup_shell_commands __attribute__((cleanup(shellwords_clear)))

#endif
