/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines that are a shell's script. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <string.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_shell(const char *word)
{
	static const char *const shells[] = {"sh", "bash", "ash", "dash"};

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (strcmp(base_name(word), shells[i]) == 0)
			return true;
	return false;
}

/* "-c", or letters with it such as "-ec". */
static bool is_script_flag(const char *word)
{
	return word[0] == '-' && word[1] && word[1] != '-' && word[strlen(word) - 1] == 'c';
}

int lint_script(const struct strv *args, struct shell_commands *ret, bool *ret_found)
{
	*ret_found = false;
	if (args->n == 0 || !is_shell(args->items[0]))
		return 0;
	for (size_t i = 1; i + 1 < args->n; i++) {
		if (!is_script_flag(args->items[i]))
			continue;
		*ret_found = true;
		return shellwords_split(args->items[i + 1], ret);
	}
	return 0;
}

static bool runs_rclone(const struct shell_command *command)
{
	size_t first = command->words.n > 1 && strcmp(command->words.items[0], "exec") == 0;

	return command->words.n > first &&
	       strcmp(base_name(command->words.items[first]), "rclone") == 0;
}

static int copy_words(const struct strv *from, struct strv *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = strv_add(to, from->items[i]);
	return r;
}

int lint_command_words(const struct strv *args, struct strv *ret)
{
	cleanup_shell_commands struct shell_commands commands = {0};
	bool found;
	int r = lint_script(args, &commands, &found);

	if (r < 0)
		return r;
	for (size_t i = 0; i < commands.n; i++)
		if (runs_rclone(&commands.items[i]))
			return copy_words(&commands.items[i].words, ret);
	return copy_words(args, ret);
}
