/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line read as rclone reads it (pflag, then the environment): flags that take no value
 * decide which word is a path, and there are hundreds of others, so what is not known leaves the
 * question open.
 */
#include "policy/check/rclone.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include <string.h>

#define DEFAULT_ADDRESS "localhost:5572"
#define POSITIONALS 2 /* of mount: the remote and the mountpoint */

/*
 * Flags that take no value of their own ("--rc true" is --rc and a word "true"), of those that go
 * with a mount. Backends have more of them; what follows a flag that is not here may be its value.
 */
static const char *const boolean_flags[] = {"allow-non-empty", "allow-other", "allow-root",
	"ask-password", "async-read", "auto-confirm", "check-first", "checksum", "copy-links",
	"daemon", "debug-fuse", "default-permissions", "direct-io", "disable-http-keep-alives",
	"disable-http2", "dry-run", "dump-bodies", "dump-headers", "fast-list", "help",
	"human-readable", "ignore-case", "ignore-checksum", "ignore-existing", "ignore-size",
	"ignore-times", "immutable", "inplace", "interactive", "links", "log-systemd", "metadata",
	"network-mode", "no-check-certificate", "no-checksum", "no-console", "no-gzip-encoding",
	"no-modtime", "no-seek", "no-traverse", "no-unicode-normalization", "no-update-modtime",
	"noappledouble", "noapplexattr", "one-file-system", "progress", "quiet", "rc",
	"rc-enable-metrics", "rc-no-auth", "rc-serve", "rc-serve-no-modtime", "rc-web-gui",
	"rc-web-gui-force-update", "rc-web-gui-no-open-browser", "rc-web-gui-update", "read-only",
	"refresh-times", "server-side-across-configs", "size-only", "skip-links", "stats-one-line",
	"stats-one-line-date", "syslog", "update", "use-cookies", "use-json-log", "use-mmap",
	"use-server-modtime", "verbose", "vfs-block-norm-dupes", "vfs-case-insensitive",
	"vfs-fast-fingerprint", "vfs-links", "vfs-refresh", "vfs-used-is-size", "write-back-cache"};

/* One-letter flags that take a value: --option and --filter. */
static const char valued_letters[] = "of";

enum token_kind {
	TOKEN_FLAG,
	TOKEN_WORD,
	TOKEN_MAYBE, /* a word, or the value of the flag before it */
};

struct token {
	enum token_kind kind;
	const char *text;  /* a word; a flag's name, not terminated */
	size_t length;	   /* of the name */
	const char *value; /* a flag's, where it is known to be one; NULL without */
};

/* Arguments as rclone's parser (pflag) cuts them. */
struct reader {
	const struct strv *args;
	size_t at;
	bool only_words; /* "--" was there */
	bool maybe;	 /* the flag before may have a value */
};

static bool is_flag(const struct token *token, const char *name)
{
	return strlen(name) == token->length && strncmp(name, token->text, token->length) == 0;
}

static bool is_boolean(const struct token *token)
{
	for (size_t i = 0; i < ARRAY_SIZE(boolean_flags); i++)
		if (is_flag(token, boolean_flags[i]))
			return true;
	return false;
}

static const char *take_argument(struct reader *reader)
{
	return reader->at < reader->args->n ? reader->args->items[reader->at++] : NULL;
}

static void read_long_flag(struct reader *reader, const char *flag, struct token *ret)
{
	*ret = (struct token){.kind = TOKEN_FLAG, .text = flag, .length = strcspn(flag, "=")};
	if (flag[ret->length] == '=')
		ret->value = flag + ret->length + 1;
	else if (is_flag(ret, "rc-addr"))
		ret->value = take_argument(reader);
	else
		reader->maybe = !is_boolean(ret);
}

/* Letters may stand together; the first that takes a value has the rest, or the next argument. */
static void read_letters(struct reader *reader, const char *letters, struct token *ret)
{
	const char *valued = strpbrk(letters, valued_letters);

	*ret = (struct token){.kind = TOKEN_FLAG, .text = letters, .length = 0};
	if (valued && !valued[1])
		take_argument(reader);
}

/* The next token; false behind the last one. */
static bool read_token(struct reader *reader, struct token *ret)
{
	const char *text = take_argument(reader);
	bool maybe = reader->maybe;

	if (!text)
		return false;
	reader->maybe = false;
	if (!reader->only_words && strcmp(text, "--") == 0) {
		reader->only_words = true;
		return read_token(reader, ret);
	}
	if (reader->only_words || text[0] != '-' || !text[1])
		*ret = (struct token){.kind = maybe ? TOKEN_MAYBE : TOKEN_WORD, .text = text};
	else if (text[1] == '-')
		read_long_flag(reader, text + 2, ret);
	else
		read_letters(reader, text + 1, ret);
	return true;
}

/* What the command line comes to. */
struct scan {
	bool has_command, is_mount, is_rcd;
	bool rc;
	bool has_addresses; /* --rc-addr was given: RCLONE_RC_ADDR does not count */
	struct strv addresses;
	const char *words[POSITIONALS]; /* the first words behind the command */
	const char *all[POSITIONALS];	/* the same, with those that may be values */
	size_t n_words, n_all;
};

static void clear_scan(struct scan *scan)
{
	strv_clear(&scan->addresses);
}

#define cleanup_scan __attribute__((cleanup(clear_scan)))

/* As Go's strconv.ParseBool reads it. With anything else rclone does not start. */
static bool is_true(const char *text)
{
	static const char *const truths[] = {"1", "t", "T", "true", "TRUE", "True"};

	for (size_t i = 0; i < ARRAY_SIZE(truths); i++)
		if (strcmp(truths[i], text) == 0)
			return true;
	return false;
}

/* Comma separated, as RCLONE_RC_ADDR is; white space around an address does not count. */
static int add_addresses(struct strv *list, const char *text)
{
	while (*text) {
		cleanup_free char *address = NULL;
		size_t length;

		text += strspn(text, " \t,");
		length = strcspn(text, " \t,");
		if (length == 0)
			break;
		address = strndup(text, length);
		if (!address || strv_add(list, address) < 0)
			return -ENOMEM;
		text += length;
	}
	return 0;
}

static int apply_flag(struct scan *scan, const struct token *flag)
{
	if (is_flag(flag, "rc"))
		scan->rc = !flag->value || is_true(flag->value);
	if (!is_flag(flag, "rc-addr") || !flag->value)
		return 0;
	scan->has_addresses = true;
	return add_addresses(&scan->addresses, flag->value);
}

static bool rclone_is_mount_command(const char *word)
{
	return strcmp(word, "mount") == 0 || strcmp(word, "mount2") == 0 ||
	       strcmp(word, "cmount") == 0;
}

static void apply_command(struct scan *scan, const struct token *token)
{
	bool is_mount = rclone_is_mount_command(token->text);
	bool is_rcd = strcmp(token->text, "rcd") == 0;

	/* `--drive-trashed-only mount`: rather the command than a value. */
	if (token->kind == TOKEN_MAYBE && !is_mount && !is_rcd)
		return;
	scan->has_command = true;
	scan->is_mount = is_mount;
	scan->is_rcd = is_rcd;
}

static void apply_positional(struct scan *scan, const struct token *token)
{
	if (scan->n_all < POSITIONALS)
		scan->all[scan->n_all] = token->text;
	scan->n_all++;
	if (token->kind == TOKEN_MAYBE)
		return;
	if (scan->n_words < POSITIONALS)
		scan->words[scan->n_words] = token->text;
	scan->n_words++;
}

static int scan_arguments(struct reader *reader, struct scan *scan)
{
	struct token token;

	while (read_token(reader, &token)) {
		int r = 0;

		if (token.kind == TOKEN_FLAG)
			r = apply_flag(scan, &token);
		else if (!scan->has_command)
			apply_command(scan, &token);
		else
			apply_positional(scan, &token);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The value of a variable; NULL where it is not set. Of two, the first: so does Go. */
static const char *rclone_find_variable(const struct strv *env, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=')
			return env->items[i] + length + 1;
	return NULL;
}

/* The place behind "rclone" in process.args, whatever init or wrapper stands before it; 0 without.
 */
static size_t find_rclone(const struct strv *args)
{
	for (size_t i = 0; i < args->n; i++) {
		const char *slash = strrchr(args->items[i], '/');

		if (strcmp(slash ? slash + 1 : args->items[i], "rclone") == 0)
			return i + 1;
	}
	return 0;
}

/* The annotated path, where some argument is it; otherwise the second word behind `mount`, where
 * words can be told from values of flags. 0 or -ENOMEM. */
static int find_mount_path(
	const struct strv *args, const struct scan *scan, const char *path, char **ret)
{
	const char *guess = NULL;

	for (size_t i = 0; path && i < args->n; i++) {
		cleanup_free char *simple = path_simplify(args->items[i]);

		if (!simple)
			return -ENOMEM;
		if (strcmp(simple, path) != 0)
			continue;
		*ret = move_ptr(simple);
		return 0;
	}
	if (scan->n_words == POSITIONALS)
		guess = scan->words[POSITIONALS - 1];
	else if (scan->n_all == POSITIONALS)
		guess = scan->all[POSITIONALS - 1];
	/* A relative one depends on what the container's working directory is. */
	if (!guess || guess[0] != '/')
		return 0;
	*ret = path_simplify(guess);
	return *ret ? 0 : -ENOMEM;
}

static int add_address(struct rclone_command *command, const char *text)
{
	struct rc_address address;
	int r = rc_address_parse(text, &address);

	/* A unix socket is in nobody's way, and with a wrong address rclone does not start. */
	if (r == -EINVAL)
		return 0;
	if (r < 0)
		return r;
	r = array_grow(&command->addresses, command->n_addresses, sizeof(address));
	if (r < 0) {
		rc_address_clear(&address);
		return r;
	}
	command->addresses[command->n_addresses++] = address;
	return 0;
}

static int find_addresses(struct scan *scan, const struct strv *env, struct rclone_command *command)
{
	const char *variable = rclone_find_variable(env, "RCLONE_RC_ADDR");
	int r = 0;

	if (!scan->rc && !scan->is_rcd)
		return 0;
	if (!scan->has_addresses && variable)
		r = add_addresses(&scan->addresses, variable);
	if (r < 0)
		return r;
	if (scan->addresses.n == 0)
		return add_address(command, DEFAULT_ADDRESS);
	for (size_t i = 0; i < scan->addresses.n && r >= 0; i++)
		r = add_address(command, scan->addresses.items[i]);
	return r;
}

#define cleanup_command __attribute__((cleanup(rclone_command_clear)))

int rclone_scan(const struct spec *spec, const char *path, struct rclone_command *ret)
{
	cleanup_command struct rclone_command command = {0};
	cleanup_scan struct scan scan = {0};
	struct reader reader = {.args = &spec->args, .at = find_rclone(&spec->args)};
	const char *variable = rclone_find_variable(&spec->env, "RCLONE_RC");
	int r = 0;

	if (reader.at > 0) {
		scan.rc = variable && is_true(variable);
		r = scan_arguments(&reader, &scan);
	}
	if (r < 0)
		return r;
	command.is_mount = scan.is_mount;
	r = scan.is_mount ? find_mount_path(&spec->args, &scan, path, &command.mount_path) : 0;
	if (r < 0)
		return r;
	r = find_addresses(&scan, &spec->env, &command);
	if (r < 0)
		return r;
	*ret = command;
	command = (struct rclone_command){0};
	return 0;
}

void rclone_command_clear(struct rclone_command *command)
{
	if (!command)
		return;
	for (size_t i = 0; i < command->n_addresses; i++)
		rc_address_clear(&command->addresses[i]);
	free(command->addresses);
	free(command->mount_path);
	*command = (struct rclone_command){0};
}
