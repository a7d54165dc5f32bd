/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole from its parts (spec_*.c): each reads one object of config.json, and the first that
 * fails names its key. What is not needed is not read, so that a member that a newer runtime adds
 * harms nobody.
 */
#include "oci/spec/spec.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/jsondoc.h"
#include "oci/spec/spec_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct jsondoc_context context = {"config.json", FINDING_CONFIG_INVALID};

static int load_root(const struct jsondoc_get *top, struct spec *spec, struct error *err)
{
	struct jsondoc_scope root;
	struct jsondoc_get required;
	int r = spec_enter_required(top, "root", &root, err);

	if (r < 0)
		return r;
	required = spec_require(&root.get);
	r = jsondoc_string(&required, "path", &spec->root_path, err);
	if (r < 0)
		return r;
	if (spec->root_path[0] == '\0')
		return jsondoc_error(&root.get, "path", "give the path of the root file system",
			err, "must not be empty");
	return jsondoc_bool(&root.get, "readonly", &spec->root_readonly, NULL, err);
}

static int load_spec(struct json_object *object, struct spec *spec, struct error *err)
{
	const struct jsondoc_get top = {.context = &context, .object = object, .path = ""};
	int r = load_root(&top, spec, err);

	if (r < 0)
		return r;
	r = spec_load_process(&top, spec, err);
	if (r < 0)
		return r;
	r = spec_load_mounts(&top, spec, err);
	if (r < 0)
		return r;
	r = spec_load_linux(&top, spec, err);
	return r < 0 ? r : keyvals_load(&top, &spec->annotations, err);
}

static int spec_refuse_size(const char *path, struct error *err)
{
	return error_set(err, -EFBIG, FINDING_CONFIG_INVALID, path, "make it smaller",
		"%s: more than %lu bytes", path, SPEC_MAX_SIZE);
}

int spec_parse(const char *data, size_t size, struct spec *ret, struct error *err)
{
	cleanup_json struct json_object *object = NULL;
	cleanup_spec struct spec spec = {0};
	int r;

	if (size > SPEC_MAX_SIZE)
		return spec_refuse_size(context.name, err);
	r = jsondoc_parse(data, size, JSONDOC_STRICT, &context, &object, err);
	if (r < 0)
		return r;
	r = load_spec(object, &spec, err);
	if (r < 0)
		return r;
	*ret = move_struct(spec);
	return 0;
}

int spec_fetch(int dir, const char *path, char **ret_data, size_t *ret_size, struct error *err)
{
	int r;

	if (dir == AT_FDCWD && strcmp(path, "-") == 0)
		r = input_read_fd(STDIN_FILENO, SPEC_MAX_SIZE, ret_data, ret_size);
	else
		r = input_read_file(dir, path, SPEC_MAX_SIZE, ret_data, ret_size);
	if (r == -EFBIG)
		return spec_refuse_size(path, err);
	if (r == -ENOMEM)
		return error_memory(err);
	if (r < 0)
		return error_set(err, r, FINDING_CONFIG_INVALID, path,
			"give a config.json that can be read", "%s: cannot be read: %s", path,
			r == -EINVAL ? "not a regular file" : strerror(-r));
	return 0;
}

int spec_fetch_bundle(const char *bundle, char **ret_data, size_t *ret_size, struct error *err)
{
	cleanup_close int dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : 0;

	if (r < 0)
		return error_set(err, r, FINDING_CONFIG_INVALID, bundle,
			"give the bundle's directory", "bundle %s: cannot be opened: %s", bundle,
			strerror(-r));
	r = spec_fetch(dir, "config.json", ret_data, ret_size, err);
	return r < 0 ? error_wrap(err, r, "bundle %s", bundle) : 0;
}

static void clear_arrays(struct spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		free(spec->mounts[i].destination);
		free(spec->mounts[i].source);
		free(spec->mounts[i].type);
	}
	free(spec->mounts);
	for (size_t i = 0; i < spec->n_devices; i++)
		free(spec->devices[i].path);
	free(spec->devices);
	free(spec->device_rules);
}

static void clear_seccomp(struct spec_seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->n_rules; i++) {
		strv_clear(&seccomp->rules[i].names);
		free(seccomp->rules[i].action);
	}
	free(seccomp->rules);
	free(seccomp->default_action);
	strv_clear(&seccomp->architectures);
}

void spec_clear(struct spec *spec)
{
	if (!spec)
		return;
	free(spec->root_path);
	strv_clear(&spec->args);
	strv_clear(&spec->env);
	strv_clear(&spec->cap_effective);
	strv_clear(&spec->cap_bounding);
	strv_clear(&spec->cap_ambient);
	free(spec->additional_gids);
	free(spec->apparmor_profile);
	free(spec->selinux_label);
	clear_arrays(spec);
	clear_seccomp(&spec->seccomp);
	keyvals_clear(&spec->annotations);
	*spec = (struct spec){0};
}
