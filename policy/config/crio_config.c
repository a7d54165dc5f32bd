/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drop-ins override key by key, and a list or a table as a whole, as CRI-O merges them: only so
 * does `doctor` name the directories and the runtime that CRI-O really uses.
 */
#include "policy/config/crio_config.h"

#include "oci/base/cleanup.h"
#include <string.h>

#define CRUN_BY_DEFAULT 1031 /* its packages set crun in a drop-in since 1.29 */

static int crio_config_replace(char **text, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int crio_config_defaults(struct crio_config *ret)
{
	struct crio_config config = {0};
	int r = strv_add(&config.hooks_dirs, CRIO_DEFAULT_HOOKS_DIR);

	if (r < 0) {
		crio_config_clear(&config);
		return r;
	}
	*ret = config;
	return 0;
}

static int take_hooks_dirs(struct crio_config *config, const struct jsondoc_get *runtime,
	const char *name, struct error *err)
{
	cleanup_strv struct strv dirs = {0};
	struct json_object *array = NULL;
	int r = jsondoc_array(runtime, "hooks_dir", &array, err);

	if (r < 0 || !array)
		return r;
	r = jsondoc_strv(runtime, "hooks_dir", &dirs, err);
	if (r < 0)
		return r;
	strv_clear(&config->hooks_dirs);
	config->hooks_dirs = move_struct(dirs);
	return crio_config_replace(&config->hooks_dirs_from, name) < 0 ? error_memory(err) : 0;
}

static int take_default_runtime(struct crio_config *config, const struct jsondoc_get *runtime,
	const char *name, struct error *err)
{
	cleanup_free char *value = NULL;
	int r = jsondoc_string(runtime, "default_runtime", &value, err);

	if (r < 0 || !value)
		return r;
	return crio_config_set_runtime(config, value, name) < 0 ? error_memory(err) : 0;
}

static void runtime_clear(struct crio_runtime *runtime)
{
	free(runtime->name);
	free(runtime->path);
	free(runtime->type);
	*runtime = (struct crio_runtime){0};
}

#define cleanup_runtime __attribute__((cleanup(runtime_clear)))

static struct crio_runtime *find_runtime(const struct crio_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_runtimes; i++) {
		if (strcmp(config->runtimes[i].name, name) == 0)
			return &config->runtimes[i];
	}
	return NULL;
}

/* Of the same name: the later file's takes its place, whole. */
static int crio_config_replace_runtime(struct crio_config *config, struct crio_runtime *runtime)
{
	struct crio_runtime *before = find_runtime(config, runtime->name);

	if (before) {
		runtime_clear(before);
	} else {
		if (array_grow(&config->runtimes, config->n_runtimes, sizeof(*config->runtimes)) <
			0)
			return -ENOMEM;
		before = &config->runtimes[config->n_runtimes++];
	}
	*before = move_struct(*runtime);
	return 0;
}

/* "" is as good as absent: Go's zero value. */
static int crio_config_read_text(
	const struct jsondoc_get *get, const char *key, char **ret, struct error *err)
{
	int r = jsondoc_string(get, key, ret, err);

	if (r == 0 && *ret && !**ret) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

static int take_runtime(struct crio_config *config, const struct jsondoc_get *table,
	const char *name, struct error *err)
{
	cleanup_runtime struct crio_runtime runtime = {.name = strdup(name)};
	struct jsondoc_scope scope;
	int r;

	if (!runtime.name)
		return error_memory(err);
	r = jsondoc_enter(table, name, &scope, err);
	if (r == 0)
		r = crio_config_read_text(&scope.get, "runtime_path", &runtime.path, err);
	if (r == 0)
		r = crio_config_read_text(&scope.get, "runtime_type", &runtime.type, err);
	if (r < 0)
		return r;
	return crio_config_replace_runtime(config, &runtime) < 0 ? error_memory(err) : 0;
}

static int take_runtimes(
	struct crio_config *config, const struct jsondoc_get *runtime, struct error *err)
{
	struct jsondoc_scope scope;
	int r = jsondoc_enter(runtime, "runtimes", &scope, err);

	if (r < 0 || !scope.get.object)
		return r;
	json_object_object_foreach(scope.get.object, name, value)
	{
		(void)value;
		r = take_runtime(config, &scope.get, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int crio_config_merge(
	struct crio_config *config, struct json_object *file, const char *name, struct error *err)
{
	const struct jsondoc_context context = {name, FINDING_POLICY_INVALID};
	const struct jsondoc_get top = {&context, file, "", false};
	struct jsondoc_scope crio, runtime;
	int r = jsondoc_enter(&top, "crio", &crio, err);

	if (r == 0)
		r = jsondoc_enter(&crio.get, "runtime", &runtime, err);
	if (r == 0)
		r = take_hooks_dirs(config, &runtime.get, name, err);
	if (r == 0)
		r = take_default_runtime(config, &runtime.get, name, err);
	return r < 0 ? r : take_runtimes(config, &runtime.get, err);
}

int crio_config_set_hooks_dirs(struct crio_config *config, const char *list, const char *from)
{
	cleanup_strv struct strv dirs = {0};
	cleanup_free char *copy = strdup(list);
	char *rest = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *dir = strtok_r(copy, ",", &rest); dir; dir = strtok_r(NULL, ",", &rest)) {
		if (strv_add(&dirs, dir) < 0)
			return -ENOMEM;
	}
	strv_clear(&config->hooks_dirs);
	config->hooks_dirs = move_struct(dirs);
	return crio_config_replace(&config->hooks_dirs_from, from);
}

int crio_config_set_runtime(struct crio_config *config, const char *name, const char *from)
{
	/* An empty one is CRI-O's own choice. */
	if (crio_config_replace(&config->default_runtime, *name ? name : NULL) < 0)
		return -ENOMEM;
	return crio_config_replace(&config->default_runtime_from, *name ? from : NULL);
}

const struct crio_runtime *crio_config_runtime(const struct crio_config *config, const char *name)
{
	return find_runtime(config, name);
}

void crio_config_clear(struct crio_config *config)
{
	if (!config)
		return;
	strv_clear(&config->hooks_dirs);
	free(config->hooks_dirs_from);
	free(config->default_runtime);
	free(config->default_runtime_from);
	for (size_t i = 0; i < config->n_runtimes; i++)
		runtime_clear(&config->runtimes[i]);
	free(config->runtimes);
	*config = (struct crio_config){0};
}

unsigned int crio_version_number(const char *version)
{
	char *end = NULL;
	unsigned long major = strtoul(version, &end, 10), minor;

	if (end == version || *end != '.' || major > 99)
		return 0;
	version = end + 1;
	minor = strtoul(version, &end, 10);
	if (end == version || minor > 999)
		return 0;
	return (unsigned int)(major * 1000 + minor);
}

const char *crio_default_runtime(unsigned int version)
{
	return version >= CRUN_BY_DEFAULT ? "crun" : "runc";
}
