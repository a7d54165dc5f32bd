/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running process and not the unit: its arguments and environment override each file, and a
 * file that was changed since it started is not in force yet.
 */
#include "hook/doctor/crio_process.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define LIST_MAX (256UL * 1024)

static bool is_crio(int proc, const char *pid)
{
	cleanup_free char *comm = NULL;
	char path[64];
	size_t size;

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	return input_read_file(proc, path, 64, &comm, &size) == 0 && strcmp(comm, "crio\n") == 0;
}

/* A list of strings that each end in NUL (proc(5): cmdline, environ). */
static int read_list(int proc, pid_t pid, const char *file, struct strv *ret)
{
	cleanup_free char *data = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
	/* It may have ended meanwhile, or be another user's. */
	if (input_read_file(proc, path, LIST_MAX, &data, &size) < 0)
		return 0;
	for (size_t i = 0; i < size; i += strlen(data + i) + 1) {
		if (strv_add(ret, data + i) < 0)
			return -ENOMEM;
	}
	return 0;
}

int crio_process_find(struct crio_process *ret)
{
	cleanup_crio_process struct crio_process process = {0};
	cleanup_directory DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int r = 0;

	while (proc && process.pid == 0 && (entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]) && is_crio(dirfd(proc), entry->d_name))
			process.pid = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (process.pid > 0)
		r = read_list(dirfd(proc), process.pid, "cmdline", &process.arguments);
	if (r == 0 && process.pid > 0)
		r = read_list(dirfd(proc), process.pid, "environ", &process.environment);
	if (r < 0)
		return r;
	*ret = move_struct(process);
	return 0;
}

/* What follows the option in its own word, "" where the next word has the value; NULL: another. */
static const char *match_option(const char *word, const char *name, char letter)
{
	size_t length = strlen(name);

	if (*word != '-')
		return NULL;
	word++;
	if (letter && word[0] == letter && (word[1] == '\0' || word[1] == '='))
		return word + 1;
	word += *word == '-';
	if (strncmp(word, name, length) != 0 || (word[length] != '\0' && word[length] != '='))
		return NULL;
	return word + length;
}

static const char *find_argument(const struct strv *arguments, const char *name, char letter)
{
	const char *found = NULL;

	for (size_t i = 1; i < arguments->n; i++) {
		const char *rest = match_option(arguments->items[i], name, letter);

		if (!rest)
			continue;
		if (*rest == '=')
			found = rest + 1;
		else if (i + 1 < arguments->n)
			found = arguments->items[++i];
	}
	return found;
}

static const char *crio_find_variable(const struct strv *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < environment->n; i++) {
		const char *item = environment->items[i];

		if (strncmp(item, name, length) == 0 && item[length] == '=')
			return item + length + 1;
	}
	return NULL;
}

const char *crio_process_option(
	const struct crio_process *process, const char *name, char letter, const char *variable)
{
	const char *argument = find_argument(&process->arguments, name, letter);

	return argument ? argument : crio_find_variable(&process->environment, variable);
}

void crio_process_clear(struct crio_process *process)
{
	if (!process)
		return;
	strv_clear(&process->arguments);
	strv_clear(&process->environment);
	*process = (struct crio_process){0};
}
