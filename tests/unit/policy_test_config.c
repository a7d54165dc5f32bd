/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "policy/config/config.h"
#include "policy/config/did_you_mean.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FILE_NAME "/etc/fuse-sidecar-hook/policy.json"
#define SECOND UINT64_C(1000000)

static int parse(const char *text, struct config *ret, struct error *err)
{
	return config_parse(text, strlen(text), FILE_NAME, ret, err);
}

static void assert_parses(const char *text, struct config *ret)
{
	cleanup_error struct error err = {0};

	if (parse(text, ret, &err) != 0)
		fail_msg("%s: %s", text, error_message(&err));
}

static void assert_defaults(const struct config *config)
{
	assert_false(config->audit_only);
	assert_int_equal(config->namespace_allow.n, 0);
	assert_int_equal(config->namespace_deny.n, 0);
	assert_int_equal(config->roots.n, 1);
	assert_string_equal(config->roots.items[0], "/var/lib/kubelet/pods");
	assert_int_equal(config->gate_default_usec, 30 * SECOND);
	assert_int_equal(config->gate_max_usec, 90 * SECOND);
	assert_int_equal(config->probe_timeout_usec, 2 * SECOND);
	assert_false(config->allow_propagation_grant);
	assert_int_equal(config->node_mounts.n, 0);
	assert_int_equal(config->abort_hung_after_usec, 0);
	for (unsigned int i = 0; i < FINDING_CODE_COUNT; i++)
		assert_int_equal(config->severity[i], code_default_severity((enum finding_code)i));
}

static void a_node_without_a_file_has_the_documented_defaults(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	assert_defaults(&config);
}

static void an_empty_object_is_the_defaults(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("{ /* nothing */ }", &config);
	assert_defaults(&config);
}

static void every_key_is_read(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("// the node's policy\n"
		      "{\"mode\": \"audit\","
		      " \"namespaces\": {\"allow\": [\"media-*\", \"plex\"], \"deny\": [\"x\"]},"
		      " \"roots\": [\"/var/lib/kubelet/pods\", \"/srv/media\"],"
		      " \"gate\": {\"default\": \"20s\", \"max\": \"1m\"},"
		      " \"probeTimeout\": \"500ms\","
		      " \"severity\": {\"limits-missing\": \"ignore\", \"no-new-privs\": \"warn\","
		      "   \"internal\": \"deny\"},"
		      " \"allowPropagationGrant\": true,"
		      " \"nodeMounts\": [\"/mnt/media\"],"
		      " \"abortHungAfter\": \"5m\","
		      " \"metricsFile\": \"/var/lib/x/fuse.prom\"}",
		&config);
	assert_true(config.audit_only);
	assert_int_equal(config.namespace_allow.n, 2);
	assert_string_equal(config.namespace_allow.items[0], "media-*");
	assert_int_equal(config.namespace_deny.n, 1);
	assert_int_equal(config.roots.n, 2);
	assert_string_equal(config.roots.items[1], "/srv/media");
	assert_int_equal(config.gate_default_usec, 20 * SECOND);
	assert_int_equal(config.gate_max_usec, 60 * SECOND);
	assert_int_equal(config.probe_timeout_usec, SECOND / 2);
	assert_int_equal(config.severity[FINDING_LIMITS_MISSING], SEVERITY_IGNORE);
	assert_int_equal(config.severity[FINDING_NO_NEW_PRIVS], SEVERITY_WARN);
	assert_int_equal(config.severity[FINDING_INTERNAL], SEVERITY_DENY);
	assert_int_equal(config.severity[FINDING_HOST_NOT_SHARED], SEVERITY_DENY);
	assert_true(config.allow_propagation_grant);
	assert_int_equal(config.node_mounts.n, 1);
	assert_string_equal(config.node_mounts.items[0], "/mnt/media");
	assert_int_equal(config.abort_hung_after_usec, 300 * SECOND);
	assert_string_equal(config.metrics_file, "/var/lib/x/fuse.prom");
}

static void roots_replace_the_default(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("{\"roots\": [\"/srv\"], \"mode\": \"enforce\"}", &config);
	assert_int_equal(config.roots.n, 1);
	assert_string_equal(config.roots.items[0], "/srv");
	assert_false(config.audit_only);
}

static void a_lower_gate_maximum_alone_lowers_the_default(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("{\"gate\": {\"max\": \"10s\"}}", &config);
	assert_int_equal(config.gate_max_usec, 10 * SECOND);
	assert_int_equal(config.gate_default_usec, 10 * SECOND);
}

static void a_gate_may_be_zero(void **state)
{
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("{\"gate\": {\"default\": \"0s\"}}", &config);
	assert_int_equal(config.gate_default_usec, 0);
	assert_int_equal(config.gate_max_usec, 90 * SECOND);
}

struct refusal {
	const char *text;
	const char *subject; /* the dotted key; NULL: none is asked for */
	const char *message; /* a part of it */
	const char *fix;     /* a part of it; NULL: none is asked for */
};

static void assert_refused(const struct refusal *refusal)
{
	cleanup_error struct error err = {0};
	struct config config;
	struct config untouched;
	int r;

	memset(&config, 0x5a, sizeof(config));
	memset(&untouched, 0x5a, sizeof(untouched));
	r = parse(refusal->text, &config, &err);
	if (r != -EINVAL)
		fail_msg("%s: %d instead of -EINVAL", refusal->text, r);
	assert_memory_equal(&config, &untouched, sizeof(config));
	assert_int_equal(err.code, FINDING_POLICY_INVALID);
	if (!strstr(error_message(&err), refusal->message) ||
		!strstr(error_message(&err), FILE_NAME))
		fail_msg("%s: \"%s\" lacks \"%s\"", refusal->text, error_message(&err),
			refusal->message);
	if (refusal->subject)
		assert_string_equal(err.subject, refusal->subject);
	if (refusal->fix && (!err.fix || !strstr(err.fix, refusal->fix)))
		fail_msg("%s: fix \"%s\" lacks \"%s\"", refusal->text, err.fix, refusal->fix);
}

static void unknown_keys_are_refused_with_the_nearest(void **state)
{
	static const struct refusal refusals[] = {
		{"{\"probetimeout\": \"2s\"}", "probetimeout", "probeTimeout",
			"write \"probeTimeout\""},
		{"{\"gate\": {\"maximum\": \"2s\"}}", "gate.maximum", "gate.maximum", "remove it"},
		{"{\"gate\": {\"mx\": \"2s\"}}", "gate.mx", "gate.mx", "remove it"},
		{"{\"gate\": {\"defualt\": \"2s\"}}", "gate.defualt", "gate.default",
			"write \"gate.default\""},
		{"{\"namespaces\": {\"alow\": []}}", "namespaces.alow", "namespaces.allow", NULL},
		{"{\"somethingElse\": 1}", "somethingElse", "somethingElse", "remove it"},
		{"{\"severity\": {\"limit-missing\": \"warn\"}}", "severity.limit-missing",
			"severity.limits-missing", "limits-missing"},
		{"{\"severity\": {\"none\": \"warn\"}}", "severity.none", "none", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i]);
}

static void values_out_of_bounds_are_refused(void **state)
{
	static const struct refusal refusals[] = {
		{"{\"mode\": \"permissive\"}", "mode", "permissive", "audit"},
		{"{\"gate\": {\"max\": \"91s\"}}", "gate.max", "90s", "90s"},
		{"{\"gate\": {\"default\": \"40s\", \"max\": \"30s\"}}", "gate.default",
			"gate.default", "gate.max"},
		{"{\"gate\": {\"default\": \"2m\"}}", "gate.default", "gate.default", NULL},
		{"{\"gate\": {\"max\": \"soon\"}}", "gate.max", "soon", "30s"},
		{"{\"gate\": {\"default\": \"-1s\"}}", "gate.default", "-1s", NULL},
		{"{\"probeTimeout\": \"0s\"}", "probeTimeout", "0s", NULL},
		{"{\"probeTimeout\": \"1h\"}", "probeTimeout", "90s", NULL},
		{"{\"probeTimeout\": \"5\"}", "probeTimeout", "\"5\"", NULL},
		{"{\"abortHungAfter\": \"99999999999999h\"}", "abortHungAfter", "99999999999999h",
			NULL},
		{"{\"metricsFile\": \"x.prom\"}", "metricsFile", "x.prom", "absolute"},
		{"{\"metricsFile\": \"/a/../x.prom\"}", "metricsFile", "/a/../x.prom", NULL},
		{"{\"metricsFile\": \"/a/x.txt\"}", "metricsFile", "/a/x.txt", ".prom"},
		{"{\"metricsFile\": \"/a/x\"}", "metricsFile", "/a/x", ".prom"},
		{"{\"metricsFile\": \"/a/.prom\"}", "metricsFile", "/a/.prom", ".prom"},
		{"{\"metricsFile\": \"\"}", "metricsFile", "\"\"", NULL},
		{"{\"roots\": []}", "roots", "roots", NULL},
		{"{\"roots\": [\"srv\"]}", "roots", "srv", "absolute"},
		{"{\"roots\": [\"/srv/\"]}", "roots", "/srv/", "slash"},
		{"{\"roots\": [\"/srv/../etc\"]}", "roots", "/srv/../etc", NULL},
		{"{\"nodeMounts\": [\"/mnt/./x\"]}", "nodeMounts", "/mnt/./x", NULL},
		{"{\"namespaces\": {\"allow\": [\"\"]}}", "namespaces.allow", "namespaces.allow",
			NULL},
		{"{\"namespaces\": {\"deny\": [\"\"]}}", "namespaces.deny", "namespaces.deny",
			NULL},
		{"{\"severity\": {\"limits-missing\": \"fatal\"}}", "severity.limits-missing",
			"fatal", "ignore"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i]);
}

static void wrong_types_are_refused(void **state)
{
	static const struct refusal refusals[] = {
		{"{\"mode\": 1}", NULL, "mode", NULL},
		{"{\"namespaces\": []}", NULL, "namespaces", NULL},
		{"{\"namespaces\": {\"allow\": \"x\"}}", NULL, "namespaces.allow", NULL},
		{"{\"roots\": \"/srv\"}", NULL, "roots", NULL},
		{"{\"roots\": [1]}", NULL, "roots", NULL},
		{"{\"gate\": \"30s\"}", NULL, "gate", NULL},
		{"{\"gate\": {\"max\": 30}}", NULL, "gate.max", NULL},
		{"{\"gate\": {\"default\": true}}", NULL, "gate.default", NULL},
		{"{\"probeTimeout\": 2}", NULL, "probeTimeout", NULL},
		{"{\"severity\": [\"limits-missing\"]}", NULL, "severity", NULL},
		{"{\"severity\": {\"limits-missing\": false}}", NULL, "severity.limits-missing",
			NULL},
		{"{\"allowPropagationGrant\": \"yes\"}", NULL, "allowPropagationGrant", NULL},
		{"{\"nodeMounts\": {}}", NULL, "nodeMounts", NULL},
		{"{\"abortHungAfter\": []}", NULL, "abortHungAfter", NULL},
		{"{\"metricsFile\": true}", NULL, "metricsFile", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i]);
}

static void broken_json_is_refused(void **state)
{
	static const struct refusal refusals[] = {
		{"", NULL, "", NULL},
		{"{", NULL, "", NULL},
		{"[]", NULL, "", NULL},
		{"{} {}", NULL, "", NULL},
		{"{\"mode\": \"audit\", \"mode\": \"enforce\"}", NULL, "mode", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_refused(&refusals[i]);
}

static void codes_that_are_no_matter_of_taste_stay_denials(void **state)
{
	static const char *const names[] = {"annotation-invalid", "state-invalid", "config-invalid",
		"policy-invalid", "path-unsafe", "host-io", "internal"};
	static const char *const severities[] = {"warn", "ignore"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(severities); j++) {
			cleanup_free char *text = NULL;
			cleanup_free char *subject = NULL;

			assert_true(asprintf(&text, "{\"severity\": {\"%s\": \"%s\"}}", names[i],
					    severities[j]) > 0);
			assert_true(asprintf(&subject, "severity.%s", names[i]) > 0);
			assert_refused(&(struct refusal){text, subject, names[i], "remove it"});
		}
}

static void namespaces_are_matched_by_pattern_and_deny_wins(void **state)
{
	static const struct {
		const char *policy, *name;
		bool expected;
	} cases[] = {
		{"{}", "anything", true},
		{"{\"namespaces\": {\"allow\": [\"media\"]}}", "media", true},
		{"{\"namespaces\": {\"allow\": [\"media\"]}}", "media-2", false},
		{"{\"namespaces\": {\"allow\": [\"x\", \"media-*\"]}}", "media-2", true},
		{"{\"namespaces\": {\"allow\": [\"tv-?\"]}}", "tv-10", false},
		{"{\"namespaces\": {\"allow\": [\"*\"], \"deny\": [\"kube-*\"]}}", "kube-system",
			false},
		{"{\"namespaces\": {\"deny\": [\"kube-*\"]}}", "media", true},
		{"{\"namespaces\": {\"deny\": [\"kube-*\", \"openshift\"]}}", "openshift", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_config struct config config = {0};

		assert_parses(cases[i].policy, &config);
		assert_int_equal(
			config_allows_namespace(&config, cases[i].name), cases[i].expected);
	}
}

static void prefixes_end_at_a_component(void **state)
{
	static const struct {
		const char *path, *expected;
	} cases[] = {
		{"/srv/media", "/srv/media"},
		{"/srv/media/zurg", "/srv/media"},
		{"/srv/media2", NULL},
		{"/srv", NULL},
		{"/var/lib/kubelet/pods/1/volumes", "/var/lib/kubelet/pods"},
	};
	cleanup_config struct config config = {0};

	(void)state;
	assert_parses("{\"roots\": [\"/var/lib/kubelet/pods\", \"/srv/media\"]}", &config);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *prefix = config_prefix_of(&config.roots, cases[i].path);

		if (!cases[i].expected)
			assert_null(prefix);
		else
			assert_string_equal(prefix, cases[i].expected);
	}
}

static void a_slip_is_close_and_a_different_word_is_not(void **state)
{
	static const char *const known[] = {"mode", "roots", "probeTimeout",
		"an-entry-that-is-much-longer-than-any-name-that-people-misspell"};
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{"mod", "mode"},
		{"Mode", "mode"},
		{"root", "roots"},
		{"timeoutProbe", NULL},
		{"probeTimout", "probeTimeout"},
		{"probe-timeout", "probeTimeout"},
		{"m", NULL},
		{"", NULL},
		{"an-entry-that-is-much-longer-than-any-name-that-people-misspel", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *nearest = did_you_mean(cases[i].name, known, ARRAY_SIZE(known));

		if (!cases[i].expected)
			assert_null(nearest);
		else
			assert_string_equal(nearest, cases[i].expected);
	}
}

static void clearing_nothing_is_allowed(void **state)
{
	(void)state;
	config_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_without_a_file_has_the_documented_defaults),
		cmocka_unit_test(an_empty_object_is_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(roots_replace_the_default),
		cmocka_unit_test(a_lower_gate_maximum_alone_lowers_the_default),
		cmocka_unit_test(a_gate_may_be_zero),
		cmocka_unit_test(unknown_keys_are_refused_with_the_nearest),
		cmocka_unit_test(values_out_of_bounds_are_refused),
		cmocka_unit_test(wrong_types_are_refused),
		cmocka_unit_test(broken_json_is_refused),
		cmocka_unit_test(codes_that_are_no_matter_of_taste_stay_denials),
		cmocka_unit_test(namespaces_are_matched_by_pattern_and_deny_wins),
		cmocka_unit_test(prefixes_end_at_a_component),
		cmocka_unit_test(a_slip_is_close_and_a_different_word_is_not),
		cmocka_unit_test(clearing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
