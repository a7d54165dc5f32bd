/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function for each key of the policy, all strict: a misspelt key would otherwise leave a
 * default in force that its writer believes changed. Codes that guard the node cannot be lowered.
 */
#include "policy/config/config.h"

#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/jsondoc.h"
#include "oci/base/path.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include "policy/config/did_you_mean.h"
#include <fnmatch.h>
#include <string.h>

#define SECOND UINT64_C(1000000)
#define DEFAULT_ROOT "/var/lib/kubelet/pods"

#define PATH_FIX "write an absolute path without \".\", \"..\" or a trailing slash"
#define DURATION_FIX "write a duration such as \"30s\", \"1m30s\" or \"500ms\""

static const char *const top_keys[] = {"mode", "namespaces", "roots", "gate", "probeTimeout",
	"severity", "allowPropagationGrant", "nodeMounts", "abortHungAfter", "metricsFile"};
static const char *const namespace_keys[] = {"allow", "deny"};
static const char *const gate_keys[] = {"default", "max"};

int config_defaults(struct config *ret)
{
	struct config config = {
		.gate_default_usec = 30 * SECOND,
		.gate_max_usec = CONFIG_GATE_MAX_USEC,
		.probe_timeout_usec = 2 * SECOND,
	};
	int r;

	for (unsigned int i = 0; i < FINDING_CODE_COUNT; i++)
		config.severity[i] = code_default_severity((enum finding_code)i);
	r = strv_add(&config.roots, DEFAULT_ROOT);
	if (r < 0) {
		config_clear(&config);
		return r;
	}
	*ret = config;
	return 0;
}

void config_clear(struct config *config)
{
	if (!config)
		return;
	strv_clear(&config->namespace_allow);
	strv_clear(&config->namespace_deny);
	strv_clear(&config->roots);
	strv_clear(&config->node_mounts);
	free(config->metrics_file);
	*config = (struct config){0};
}

/* Refuse a name that is not known, naming the one that was probably meant. */
static int config_refuse_unknown(const struct jsondoc_get *get, const char *key, const char *what,
	const char *nearest, struct error *err)
{
	cleanup_free char *meant = NULL;
	cleanup_free char *fix = NULL;

	if (!nearest)
		return jsondoc_error(get, key, "remove it", err, "unknown %s", what);
	meant = strformat("%s%s%s", get->path, *get->path ? "." : "", nearest);
	if (!meant)
		return error_memory(err);
	fix = strformat("write %s there", text_quote(meant));
	if (!fix)
		return error_memory(err);
	return jsondoc_error(
		get, key, fix, err, "unknown %s; did you mean %s?", what, text_quote(meant));
}

static int check_keys(
	const struct jsondoc_get *get, const char *const *known, size_t n_known, struct error *err)
{
	json_object_object_foreach(get->object, key, value)
	{
		bool found = false;

		(void)value;
		for (size_t i = 0; i < n_known && !found; i++)
			found = strcmp(key, known[i]) == 0;
		if (!found)
			return config_refuse_unknown(
				get, key, "key", did_you_mean(key, known, n_known), err);
	}
	return 0;
}

static int load_mode(const struct jsondoc_get *get, struct config *config, struct error *err)
{
	cleanup_free char *mode = NULL;
	int r = jsondoc_string(get, "mode", &mode, err);

	if (r < 0 || !mode)
		return r;
	config->audit_only = strcmp(mode, "audit") == 0;
	if (!config->audit_only && strcmp(mode, "enforce") != 0)
		return jsondoc_error(get, "mode", "write \"enforce\" or \"audit\"", err,
			"%s is neither \"enforce\" nor \"audit\"", text_quote(mode));
	return 0;
}

/* A duration; absent, *ret stays as it is and *ret_found is false. */
static int load_duration(const struct jsondoc_get *get, const char *key, uint64_t *ret,
	bool *ret_found, struct error *err)
{
	cleanup_free char *text = NULL;
	int r = jsondoc_string(get, key, &text, err);

	if (r < 0)
		return r;
	*ret_found = text != NULL;
	if (!text)
		return 0;
	r = duration_parse(text, ret);
	if (r == -ERANGE)
		return jsondoc_error(
			get, key, DURATION_FIX, err, "%s is too long", text_quote(text));
	if (r < 0)
		return jsondoc_error(
			get, key, DURATION_FIX, err, "%s is not a duration", text_quote(text));
	return 0;
}

static int load_gate(const struct jsondoc_get *top, struct config *config, struct error *err)
{
	struct jsondoc_scope scope;
	bool has_default, has_max;
	int r = jsondoc_enter(top, "gate", &scope, err);

	if (r < 0 || !scope.get.object)
		return r;
	r = check_keys(&scope.get, gate_keys, ARRAY_SIZE(gate_keys), err);
	if (r < 0)
		return r;
	r = load_duration(&scope.get, "max", &config->gate_max_usec, &has_max, err);
	if (r < 0)
		return r;
	r = load_duration(&scope.get, "default", &config->gate_default_usec, &has_default, err);
	if (r < 0)
		return r;
	if (config->gate_max_usec > CONFIG_GATE_MAX_USEC)
		return jsondoc_error(&scope.get, "max", "write \"90s\" or less", err,
			"a gate waits for 90s at most: the kubelet's own limit is 2m");
	/* Who lowers the maximum alone means the default to follow. */
	if (!has_default && config->gate_default_usec > config->gate_max_usec)
		config->gate_default_usec = config->gate_max_usec;
	if (config->gate_default_usec > config->gate_max_usec)
		return jsondoc_error(&scope.get, "default", "write a duration up to gate.max", err,
			"the default is above the maximum");
	return 0;
}

static int load_timeouts(const struct jsondoc_get *get, struct config *config, struct error *err)
{
	bool found;
	int r = load_duration(get, "probeTimeout", &config->probe_timeout_usec, &found, err);

	if (r < 0)
		return r;
	if (config->probe_timeout_usec == 0 || config->probe_timeout_usec > CONFIG_GATE_MAX_USEC)
		return jsondoc_error(get, "probeTimeout", "write a duration such as \"2s\"", err,
			"a probe may take more than 0s and at most 90s");
	return load_duration(get, "abortHungAfter", &config->abort_hung_after_usec, &found, err);
}

/* A list of strings that replaces the default; `check` refuses an item with jsondoc_error(). */
static int config_load_list(const struct jsondoc_get *get, const char *key, struct strv *list,
	int (*check)(const struct jsondoc_get *get, const char *key, const char *item,
		struct error *err),
	struct error *err)
{
	cleanup_strv struct strv loaded = {0};
	struct json_object *array = NULL;
	int r = jsondoc_array(get, key, &array, err);

	if (r < 0 || !array)
		return r;
	r = jsondoc_strv(get, key, &loaded, err);
	for (size_t i = 0; r == 0 && i < loaded.n; i++)
		r = check(get, key, loaded.items[i], err);
	if (r < 0)
		return r;
	strv_clear(list);
	*list = move_struct(loaded);
	return 0;
}

static int check_path(
	const struct jsondoc_get *get, const char *key, const char *item, struct error *err)
{
	if (path_is_normalized(item))
		return 0;
	return jsondoc_error(
		get, key, PATH_FIX, err, "%s is not a normalized absolute path", text_quote(item));
}

static int check_pattern(
	const struct jsondoc_get *get, const char *key, const char *item, struct error *err)
{
	if (*item)
		return 0;
	return jsondoc_error(get, key, "write a namespace or a pattern such as \"media-*\"", err,
		"an empty pattern matches no namespace");
}

static int config_load_namespaces(
	const struct jsondoc_get *top, struct config *config, struct error *err)
{
	struct jsondoc_scope scope;
	int r = jsondoc_enter(top, "namespaces", &scope, err);

	if (r < 0 || !scope.get.object)
		return r;
	r = check_keys(&scope.get, namespace_keys, ARRAY_SIZE(namespace_keys), err);
	if (r < 0)
		return r;
	r = config_load_list(&scope.get, "allow", &config->namespace_allow, check_pattern, err);
	if (r < 0)
		return r;
	return config_load_list(&scope.get, "deny", &config->namespace_deny, check_pattern, err);
}

static int load_roots(const struct jsondoc_get *get, struct config *config, struct error *err)
{
	int r = config_load_list(get, "roots", &config->roots, check_path, err);

	if (r < 0)
		return r;
	if (config->roots.n == 0)
		return jsondoc_error(get, "roots",
			"name a directory, or remove the key for " DEFAULT_ROOT, err,
			"the hook acts below roots only, and the list is empty");
	return 0;
}

/* Codes whose denial is no matter of taste: going on would mean to act on what is not understood,
 * is unsafe, or has failed. */
static bool is_fixed(enum finding_code code)
{
	static const enum finding_code fixed[] = {FINDING_ANNOTATION_INVALID, FINDING_STATE_INVALID,
		FINDING_CONFIG_INVALID, FINDING_POLICY_INVALID, FINDING_PATH_UNSAFE,
		FINDING_HOST_IO, FINDING_INTERNAL};

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (fixed[i] == code)
			return true;
	return false;
}

static int refuse_code(const struct jsondoc_get *get, const char *name, struct error *err)
{
	const char *known[FINDING_CODE_COUNT];
	size_t n = 0;

	for (unsigned int i = FINDING_NONE + 1; i < FINDING_CODE_COUNT; i++)
		known[n++] = code_name((enum finding_code)i);
	return config_refuse_unknown(get, name, "finding code", did_you_mean(name, known, n), err);
}

static int load_severity(
	const struct jsondoc_get *get, const char *name, struct config *config, struct error *err)
{
	cleanup_free char *text = NULL;
	enum finding_code code = code_from_name(name);
	enum severity severity;
	int r;

	if (code == FINDING_NONE)
		return refuse_code(get, name, err);
	r = jsondoc_string(get, name, &text, err);
	if (r < 0 || !text)
		return r;
	if (severity_from_name(text, &severity) < 0)
		return jsondoc_error(get, name, "write \"deny\", \"warn\" or \"ignore\"", err,
			"%s is not a severity", text_quote(text));
	if (severity != SEVERITY_DENY && is_fixed(code))
		return jsondoc_error(get, name, "remove it", err, "this code is always \"deny\"");
	config->severity[code] = severity;
	return 0;
}

static int load_severities(const struct jsondoc_get *top, struct config *config, struct error *err)
{
	struct jsondoc_scope scope;
	int r = jsondoc_enter(top, "severity", &scope, err);

	if (r < 0 || !scope.get.object)
		return r;
	json_object_object_foreach(scope.get.object, name, value)
	{
		(void)value;
		r = load_severity(&scope.get, name, config, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* node_exporter's textfile collector reads files of that suffix only. */
static int load_metrics(const struct jsondoc_get *get, struct config *config, struct error *err)
{
	cleanup_free char *path = NULL;
	const char *dot;
	int r = jsondoc_string(get, "metricsFile", &path, err);

	if (r < 0 || !path)
		return r;
	if (!path_is_normalized(path))
		return jsondoc_error(get, "metricsFile", PATH_FIX, err,
			"%s is not a normalized absolute path", text_quote(path));
	dot = strrchr(path, '.');
	if (!dot || strcmp(dot, ".prom") != 0 || dot[-1] == '/')
		return jsondoc_error(get, "metricsFile", "let its name end in .prom", err,
			"%s does not end in .prom: node_exporter would not read it",
			text_quote(path));
	config->metrics_file = move_ptr(path);
	return 0;
}

static int load_all(const struct jsondoc_get *get, struct config *config, struct error *err)
{
	static int (*const loaders[])(const struct jsondoc_get *, struct config *,
		struct error *) = {load_mode, config_load_namespaces, load_roots, load_gate,
		load_timeouts, load_severities, load_metrics};
	int r = check_keys(get, top_keys, ARRAY_SIZE(top_keys), err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		r = loaders[i](get, config, err);
		if (r < 0)
			return r;
	}
	r = jsondoc_bool(get, "allowPropagationGrant", &config->allow_propagation_grant, NULL, err);
	if (r < 0)
		return r;
	return config_load_list(get, "nodeMounts", &config->node_mounts, check_path, err);
}

int config_parse(
	const char *data, size_t size, const char *name, struct config *ret, struct error *err)
{
	const struct jsondoc_context context = {name, FINDING_POLICY_INVALID};
	cleanup_json struct json_object *object = NULL;
	cleanup_config struct config config = {0};
	int r;

	r = jsondoc_parse(data, size, JSONDOC_COMMENTS, &context, &object, err);
	if (r < 0)
		return r;
	r = config_defaults(&config);
	if (r < 0)
		return error_memory(err);
	r = load_all(&(struct jsondoc_get){&context, object, "", false}, &config, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct config){0};
	return 0;
}

static bool matches_any(const struct strv *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->items[i], name, 0) == 0)
			return true;
	return false;
}

bool config_allows_namespace(const struct config *config, const char *name)
{
	if (matches_any(&config->namespace_deny, name))
		return false;
	return config->namespace_allow.n == 0 || matches_any(&config->namespace_allow, name);
}

const char *config_prefix_of(const struct strv *prefixes, const char *path)
{
	for (size_t i = 0; i < prefixes->n; i++)
		if (path_below(path, prefixes->items[i]))
			return prefixes->items[i];
	return NULL;
}
