/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words as a POSIX shell splits them, with nothing expanded: a command in which anything would be
 * is not literal, and no rule relies on it.
 */
#include "oci/kube/shellwords.h"

#include "oci/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct splitter {
	const char *at;
	struct shell_commands *commands;
	bool open;    /* the last command takes more words */
	char *buffer; /* of a word, as large as the script */
};

static bool is_separator(char c)
{
	return c && strchr("\n;&|()", c);
}

static bool ends_word(char c)
{
	return !c || strchr(" \t\r", c) || is_separator(c);
}

/* The command that words go to, begun where there is none. NULL without memory. */
static struct shell_command *find_command(struct splitter *splitter)
{
	struct shell_commands *commands = splitter->commands;

	if (!splitter->open) {
		if (array_grow(&commands->items, commands->n, sizeof(*commands->items)) < 0)
			return NULL;
		commands->items[commands->n++].literal = true;
		splitter->open = true;
	}
	return &commands->items[commands->n - 1];
}

static size_t copy_single_quoted(struct splitter *splitter, size_t n)
{
	for (splitter->at++; *splitter->at && *splitter->at != '\''; splitter->at++)
		splitter->buffer[n++] = *splitter->at;
	if (*splitter->at)
		splitter->at++;
	return n;
}

static size_t copy_double_quoted(struct splitter *splitter, size_t n, bool *literal)
{
	for (splitter->at++; *splitter->at && *splitter->at != '"'; splitter->at++) {
		if (*splitter->at == '\\' && splitter->at[1] && strchr("$`\"\\\n", splitter->at[1]))
			splitter->at++;
		else if (strchr("$`", *splitter->at))
			*literal = false;
		splitter->buffer[n++] = *splitter->at;
	}
	if (*splitter->at)
		splitter->at++;
	return n;
}

static int take_word(struct splitter *splitter)
{
	struct shell_command *command = find_command(splitter);
	size_t n = 0;

	if (!command)
		return -ENOMEM;
	while (!ends_word(*splitter->at)) {
		char c = *splitter->at;

		if (c == '\'') {
			n = copy_single_quoted(splitter, n);
		} else if (c == '"') {
			n = copy_double_quoted(splitter, n, &command->literal);
		} else if (c == '\\' && splitter->at[1]) {
			/* Before a line end it is nothing at all. */
			if (splitter->at[1] != '\n')
				splitter->buffer[n++] = splitter->at[1];
			splitter->at += 2;
		} else {
			if (strchr("$`*?[{<>~", c))
				command->literal = false;
			splitter->buffer[n++] = c;
			splitter->at++;
		}
	}
	splitter->buffer[n] = '\0';
	return strv_add(&command->words, splitter->buffer);
}

static int shellwords_cut(struct splitter *splitter)
{
	int r = 0;

	while (r == 0 && *splitter->at) {
		if (strchr(" \t\r", *splitter->at)) {
			splitter->at++;
		} else if (strncmp(splitter->at, "\\\n", 2) == 0) {
			splitter->at += 2;
		} else if (*splitter->at == '#') {
			splitter->at += strcspn(splitter->at, "\n");
		} else if (is_separator(*splitter->at)) {
			splitter->open = false;
			splitter->at++;
		} else {
			r = take_word(splitter);
		}
	}
	return r;
}

int shellwords_split(const char *script, struct shell_commands *ret)
{
	cleanup_shell_commands struct shell_commands commands = {0};
	cleanup_free char *buffer = malloc(strlen(script) + 1);
	struct splitter splitter = {.at = script, .commands = &commands, .buffer = buffer};
	int r;

	if (!buffer)
		return -ENOMEM;
	r = shellwords_cut(&splitter);
	if (r < 0)
		return r;
	*ret = move_struct(commands);
	return 0;
}

void shellwords_clear(struct shell_commands *commands)
{
	if (!commands)
		return;
	for (size_t i = 0; i < commands->n; i++)
		strv_clear(&commands->items[i].words);
	free(commands->items);
	*commands = (struct shell_commands){0};
}
