/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/check/rclone.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Words with single spaces between them; a tab stands inside a word. */
struct command_line {
	const char *args, *env;
};

static void split(const char *text, struct strv *list)
{
	cleanup_free char *copy = text ? strdup(text) : NULL;
	char *place = NULL;

	assert_true(!text || copy);
	for (char *word = text ? strtok_r(copy, " ", &place) : NULL; word;
		word = strtok_r(NULL, " ", &place))
		assert_int_equal(strv_add(list, word), 0);
}

static void scan(const struct command_line *line, const char *path, struct rclone_command *ret)
{
	cleanup_spec struct spec spec = {0};

	split(line->args, &spec.args);
	split(line->env, &spec.env);
	assert_int_equal(rclone_scan(&spec, path, ret), 0);
}

#define cleanup_command __attribute__((cleanup(rclone_command_clear)))

struct reading {
	struct command_line line;
	bool is_mount;
	const char *path; /* NULL: cannot be told */
};

static void check_readings(const struct reading *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_command struct rclone_command command = {0};

		scan(&cases[i].line, NULL, &command);
		if (command.is_mount != cases[i].is_mount)
			fail_msg("case %zu: is_mount is %d", i, command.is_mount);
		if (!cases[i].path != !command.mount_path ||
			(cases[i].path && strcmp(cases[i].path, command.mount_path) != 0))
			fail_msg("case %zu: %s, not %s", i, command.mount_path, cases[i].path);
	}
}

static void the_mount_path_is_read_from_the_command_line(void **state)
{
	static const struct reading cases[] = {
		{{"rclone mount zurg: /mnt/media/zurg", NULL}, true, "/mnt/media/zurg"},
		{{"rclone mount2 zurg: /mnt/media/zurg", NULL}, true, "/mnt/media/zurg"},
		{{"rclone cmount zurg: /mnt/media/zurg", NULL}, true, "/mnt/media/zurg"},
		{{"/usr/local/bin/rclone mount zurg: /mnt/a/", NULL}, true, "/mnt/a"},
		{{"rclone mount zurg: /mnt//a/./b", NULL}, true, "/mnt/a/b"},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void an_init_may_come_before_it(void **state)
{
	static const struct reading cases[] = {
		{{"tini -- rclone mount z: /m", NULL}, true, "/m"},
		{{"/sbin/tini -g -v -- /usr/bin/rclone mount z: /m", NULL}, true, "/m"},
		{{"dumb-init rclone mount z: /m", NULL}, true, "/m"},
		{{"catatonit -P -- rclone mount z: /m", NULL}, true, "/m"},
		{{"/entrypoint.sh rclone mount z: /m", NULL}, true, "/m"},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void flags_may_stand_in_every_place(void **state)
{
	static const struct reading cases[] = {
		{{"rclone --config /c/rclone.conf mount z: /m", NULL}, true, "/m"},
		{{"rclone --config=/c/rclone.conf -vv mount z: /m", NULL}, true, "/m"},
		{{"rclone --rc mount --rc-addr :5573 z: /m", NULL}, true, "/m"},
		{{"rclone mount --allow-other z: --read-only /m", NULL}, true, "/m"},
		{{"rclone mount z: /m --vfs-cache-mode full -v", NULL}, true, "/m"},
		{{"rclone mount -o ro z: /m", NULL}, true, "/m"},
		{{"rclone mount -oro z: /m", NULL}, true, "/m"},
		{{"rclone mount -vo ro -f -*.nfo z: /m", NULL}, true, "/m"},
		{{"rclone mount --allow-other=false z: /m", NULL}, true, "/m"},
		{{"rclone mount -- z: /m", NULL}, true, "/m"},
		{{"rclone mount z: -- /m", NULL}, true, "/m"},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void flags_that_are_not_known_may_take_a_value_or_not(void **state)
{
	static const struct reading cases[] = {
		{{"rclone --new-flag mount z: /m", NULL}, true, "/m"},
		{{"rclone --new-flag value mount z: /m", NULL}, true, "/m"},
		{{"rclone mount --new-flag z: /m", NULL}, true, "/m"},
		{{"rclone mount z: --new-flag /m", NULL}, true, "/m"},
		{{"rclone mount --new-flag value z: /m", NULL}, true, "/m"},
		{{"rclone mount --new-flag z: /m --other value", NULL}, true, NULL},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void what_is_no_path_is_not_taken_for_one(void **state)
{
	static const struct reading cases[] = {
		{{"rclone mount z: mnt", NULL}, true, NULL},
		{{"rclone mount z:", NULL}, true, NULL},
		{{"rclone mount", NULL}, true, NULL},
		{{"rclone mount z: /m /n", NULL}, true, NULL},
		{{"rclone mount z: -", NULL}, true, NULL},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void other_commands_mount_nothing(void **state)
{
	static const struct reading cases[] = {
		{{"rclone serve webdav mount", NULL}, false, NULL},
		{{"rclone rcd /srv", NULL}, false, NULL},
		{{"rclone --config /c lsf mount", NULL}, false, NULL},
		{{"rclone", NULL}, false, NULL},
		{{"sh -c exec\trclone\tmount\tz:\t/m", NULL}, false, NULL},
		{{"mount z: /m", NULL}, false, NULL},
		{{"rclone-mount mount z: /m", NULL}, false, NULL},
		{{"sleep 3600", NULL}, false, NULL},
		{{NULL, NULL}, false, NULL},
	};

	(void)state;
	check_readings(cases, ARRAY_SIZE(cases));
}

static void the_annotated_path_is_found_where_guessing_fails(void **state)
{
	static const struct {
		struct command_line line;
		const char *annotated, *expected;
	} cases[] = {
		{{"rclone mount --new-flag z: /mnt/a --other x", NULL}, "/mnt/a", "/mnt/a"},
		{{"rclone mount z: /mnt/a/", NULL}, "/mnt/a", "/mnt/a"},
		{{"rclone mount z: //mnt/./a", NULL}, "/mnt/a", "/mnt/a"},
		{{"rclone mount z: /mnt/b", NULL}, "/mnt/a", "/mnt/b"},
		{{"rclone mount z: /mnt/ab", NULL}, "/mnt/a", "/mnt/ab"},
		{{"rclone mount --new-flag z: /mnt/b --other x", NULL}, "/mnt/a", NULL},
		{{"rclone serve nfs /mnt/a", NULL}, "/mnt/a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_command struct rclone_command command = {0};

		scan(&cases[i].line, cases[i].annotated, &command);
		if (!cases[i].expected)
			assert_null(command.mount_path);
		else
			assert_string_equal(command.mount_path, cases[i].expected);
	}
}

/* The texts of all addresses, one after another with a space. */
static char *join_addresses(const struct rclone_command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < command->n_addresses; i++)
		fprintf(out, "%s%s", i ? " " : "", command->addresses[i].text);
	assert_int_equal(fclose(out), 0);
	assert_non_null(text);
	return text;
}

struct address_case {
	struct command_line line;
	const char *expected;
};

static void assert_addresses(const struct address_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_command struct rclone_command command = {0};
		cleanup_free char *found = NULL;

		scan(&cases[i].line, NULL, &command);
		found = join_addresses(&command);
		if (strcmp(found, cases[i].expected) != 0)
			fail_msg("case %zu: \"%s\", not \"%s\"", i, found, cases[i].expected);
	}
}

static void the_remote_control_is_on_where_rclone_has_it_on(void **state)
{
	static const struct address_case cases[] = {
		{{"rclone mount z: /m", NULL}, ""},
		{{"rclone mount z: /m --rc", NULL}, "localhost:5572"},
		{{"rclone --rc mount z: /m", NULL}, "localhost:5572"},
		{{"rclone mount z: /m --rc=true", NULL}, "localhost:5572"},
		{{"rclone mount z: /m --rc=false", NULL}, ""},
		{{"rclone mount z: /m --rc --rc=0", NULL}, ""},
		{{"rclone mount z: /m --rc=maybe", NULL}, ""},
		/* A word of its own is no value of it. */
		{{"rclone mount z: /m --rc false", NULL}, "localhost:5572"},
		{{"rclone mount z: /m -- --rc", NULL}, ""},
		{{"rclone mount z: /m --rc-no-auth", NULL}, ""},
		{{"rclone mount z: /m --rc-addr=:5573", NULL}, ""},
		{{"rclone mount z: /m", "RCLONE_RC=true"}, "localhost:5572"},
		{{"rclone mount z: /m", "RCLONE_RC=1"}, "localhost:5572"},
		{{"rclone mount z: /m", "RCLONE_RC=t"}, "localhost:5572"},
		{{"rclone mount z: /m", "RCLONE_RC=TRUE"}, "localhost:5572"},
		{{"rclone mount z: /m", "RCLONE_RC=false"}, ""},
		{{"rclone mount z: /m", "RCLONE_RC="}, ""},
		{{"rclone mount z: /m", "RCLONE_RC=yes"}, ""},
		{{"rclone mount z: /m", "RCLONE_RCX=1 XRCLONE_RC=1"}, ""},
		{{"rclone mount z: /m", "RCLONE_RC=0 RCLONE_RC=1"}, ""},
		{{"rclone mount z: /m --rc=false", "RCLONE_RC=true"}, ""},
		{{"rclone mount z: /m --rc", "RCLONE_RC=0"}, "localhost:5572"},
		{{"rclone rcd", NULL}, "localhost:5572"},
		{{"rclone --rc-addr :5580 rcd /srv", NULL}, ":5580"},
		{{"rclone --new-flag rcd", NULL}, "localhost:5572"},
		{{"rclone serve webdav z: --rc", NULL}, "localhost:5572"},
		{{"plex", "RCLONE_RC=true"}, ""},
	};

	(void)state;
	assert_addresses(cases, ARRAY_SIZE(cases));
}

static void every_address_is_found(void **state)
{
	static const struct address_case cases[] = {
		{{"rclone mount z: /m --rc --rc-addr=:5573", NULL}, ":5573"},
		{{"rclone mount z: /m --rc --rc-addr :5573", NULL}, ":5573"},
		{{"rclone --rc-addr 127.0.0.1:5573 --rc mount z: /m", NULL}, "127.0.0.1:5573"},
		{{"rclone mount z: /m --rc --rc-addr=:1 --rc-addr :2", NULL}, ":1 :2"},
		{{"rclone mount z: /m --rc --rc-addr=:1,[::1]:2,\th:3,", NULL}, ":1 [::1]:2 h:3"},
		{{"rclone mount z: /m --rc", "RCLONE_RC_ADDR=:5574"}, ":5574"},
		{{"rclone mount z: /m", "RCLONE_RC_ADDR=:1,:2 RCLONE_RC=true"}, ":1 :2"},
		{{"rclone mount z: /m", "RCLONE_RC_ADDR=:5574"}, ""},
		{{"rclone mount z: /m --rc", "RCLONE_RC_ADDR="}, "localhost:5572"},
		/* the command line wins */
		{{"rclone mount z: /m --rc --rc-addr=:5573", "RCLONE_RC_ADDR=:5574"}, ":5573"},
		{{"rclone mount z: /m --rc-addr=:5573", "RCLONE_RC=true"}, ":5573"},
		/* unix sockets are in nobody's way */
		{{"rclone mount z: /m --rc --rc-addr=unix:///run/x.sock", NULL}, ""},
		{{"rclone mount z: /m --rc --rc-addr=/run/x.sock,:5573", NULL}, ":5573"},
		/* rclone would not start */
		{{"rclone mount z: /m --rc --rc-addr=localhost", NULL}, ""},
		{{"rclone mount z: /m --rc --rc-addr", NULL}, "localhost:5572"},
		{{"tini -- rclone mount z: /m --rc --rc-addr=:5573", NULL}, ":5573"},
	};

	(void)state;
	assert_addresses(cases, ARRAY_SIZE(cases));
}

static void an_address_is_host_and_port(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned int port;
	} cases[] = {
		{":5572", "", 5572},
		{"localhost:5572", "localhost", 5572},
		{"LocalHost:5572", "localhost", 5572},
		{"127.0.0.1:0", "127.0.0.1", 0},
		{"0.0.0.0:65535", "0.0.0.0", 65535},
		{"[::1]:5572", "::1", 5572},
		{"[::]:5572", "::", 5572},
		{"[0:0:0:0:0:0:0:1]:5572", "::1", 5572},
		{"[FE80::1%eth0]:5572", "fe80::1%eth0", 5572},
		{"http://:5572", "", 5572},
		{"tls://localhost:5572", "localhost", 5572},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rc_address address;

		assert_int_equal(rc_address_parse(cases[i].text, &address), 0);
		assert_string_equal(address.text, cases[i].text);
		assert_string_equal(address.host, cases[i].host);
		assert_int_equal(address.port, cases[i].port);
		rc_address_clear(&address);
		assert_null(address.text);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {"", "localhost", "localhost:", "localhost:http",
		"localhost:65536", "localhost:-1", "localhost:5572/", "::1:5572", "[::1]",
		"[::1]5572", "[::1:5572", "unix:///run/x.sock", "/run/x.sock", "/run/x:1",
		"http://", "localhost:99999999999999999999", ": 5572"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct rc_address address = {.port = 7};

		if (rc_address_parse(texts[i], &address) != -EINVAL || address.port != 7)
			fail_msg("\"%s\" was taken", texts[i]);
	}
}

static void addresses_conflict_where_both_could_not_listen(void **state)
{
	static const struct {
		const char *a, *b;
		bool expected;
	} cases[] = {
		{":5572", ":5572", true},
		{":5572", "0.0.0.0:5572", true},
		{":5572", "127.0.0.1:5572", true},
		{":5572", "[::1]:5572", true},
		{"0.0.0.0:5572", "127.0.0.1:5572", true},
		{"[::]:5572", "10.1.2.3:5572", true},
		{"localhost:5572", "127.0.0.1:5572", true},
		{"localhost:5572", "LOCALHOST:5572", true},
		{"[::1]:5572", "[0::1]:5572", true},
		{"127.0.0.1:5572", "127.0.0.2:5572", false},
		{"localhost:5572", "[::1]:5572", false},
		{":5572", ":5573", false},
		{"localhost:5572", "localhost:5573", false},
		{":0", ":0", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rc_address a, b;

		assert_int_equal(rc_address_parse(cases[i].a, &a), 0);
		assert_int_equal(rc_address_parse(cases[i].b, &b), 0);
		if (rc_address_conflicts(&a, &b) != cases[i].expected ||
			rc_address_conflicts(&b, &a) != cases[i].expected)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
		rc_address_clear(&a);
		rc_address_clear(&b);
	}
}

static void clearing_nothing_is_allowed(void **state)
{
	(void)state;
	rclone_command_clear(NULL);
	rc_address_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mount_path_is_read_from_the_command_line),
		cmocka_unit_test(an_init_may_come_before_it),
		cmocka_unit_test(flags_may_stand_in_every_place),
		cmocka_unit_test(flags_that_are_not_known_may_take_a_value_or_not),
		cmocka_unit_test(what_is_no_path_is_not_taken_for_one),
		cmocka_unit_test(other_commands_mount_nothing),
		cmocka_unit_test(the_annotated_path_is_found_where_guessing_fails),
		cmocka_unit_test(the_remote_control_is_on_where_rclone_has_it_on),
		cmocka_unit_test(every_address_is_found),
		cmocka_unit_test(an_address_is_host_and_port),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(addresses_conflict_where_both_could_not_listen),
		cmocka_unit_test(clearing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
