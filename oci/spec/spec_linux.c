/* SPDX-License-Identifier: Apache-2.0 */
/* `linux` (runtime-spec, config-linux.md) but for its resources and seccomp. */
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"
#include "oci/spec/spec_parts.h"

#include <string.h>

static int load_device_type(const struct jsondoc_get *get, char *ret, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	cleanup_free char *type = NULL;
	int r = jsondoc_string(&required, "type", &type, err);

	if (r < 0)
		return r;
	if (strlen(type) != 1 || !strchr("cbup", type[0]))
		return jsondoc_error(get, "type", "write c, b, u or p", err,
			"%s is not a type of device: expected c, b, u or p", text_quote(type));
	*ret = type[0];
	return 0;
}

static int load_device(const struct jsondoc_get *get, void *data, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	struct spec *spec = data;
	struct spec_device *device;
	int r;

	if (array_grow(&spec->devices, spec->n_devices, sizeof(*spec->devices)) < 0)
		return error_memory(err);
	device = &spec->devices[spec->n_devices++];
	r = jsondoc_string(&required, "path", &device->path, err);
	if (r < 0)
		return r;
	r = load_device_type(get, &device->type, err);
	if (r < 0)
		return r;
	/* A FIFO has no numbers. */
	r = jsondoc_int64(
		device->type == 'p' ? get : &required, "major", &device->major, NULL, err);
	if (r < 0)
		return r;
	return jsondoc_int64(
		device->type == 'p' ? get : &required, "minor", &device->minor, NULL, err);
}

static int load_namespace(const struct jsondoc_get *get, void *data, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	cleanup_free char *type = NULL;
	struct spec *spec = data;
	int r = jsondoc_string(&required, "type", &type, err);

	if (r < 0)
		return r;
	if (strcmp(type, "user") == 0)
		spec->user_namespace = true;
	else if (strcmp(type, "mount") == 0)
		spec->mount_namespace = true;
	return 0;
}

static int spec_load_namespaces(const struct jsondoc_get *get, struct spec *spec, struct error *err)
{
	struct json_object *mappings = NULL;
	int r = jsondoc_each(get, "namespaces", load_namespace, spec, err);

	if (r < 0)
		return r;
	r = jsondoc_array(get, "uidMappings", &mappings, err);
	if (r < 0)
		return r;
	if (mappings && json_object_array_length(mappings) > 0)
		spec->user_namespace = true;
	return 0;
}

static int load_rootfs_propagation(
	const struct jsondoc_get *get, enum propagation *ret, struct error *err)
{
	cleanup_free char *name = NULL;
	int r = jsondoc_string(get, "rootfsPropagation", &name, err);

	if (r < 0)
		return r;
	/* Go's zero value, as much as an absent member. */
	if (!name || *name == '\0')
		return 0;
	if (!spec_propagation(name, ret, NULL))
		return jsondoc_error(get, "rootfsPropagation", "write rslave there", err,
			"%s is not a propagation: expected shared, slave, private or unbindable, "
			"or one of these with an r before it",
			text_quote(name));
	return 0;
}

static int load_nested(const struct jsondoc_get *get, struct spec *spec, struct error *err)
{
	struct jsondoc_scope resources, seccomp;
	int r = jsondoc_enter(get, "resources", &resources, err);

	if (r < 0)
		return r;
	r = spec_load_resources(&resources.get, spec, err);
	if (r < 0)
		return r;
	r = jsondoc_enter(get, "seccomp", &seccomp, err);
	return r < 0 ? r : spec_load_seccomp(&seccomp.get, &spec->seccomp, err);
}

int spec_load_linux(const struct jsondoc_get *root, struct spec *spec, struct error *err)
{
	struct jsondoc_scope section;
	int r = spec_enter_required(root, "linux", &section, err);

	if (r < 0)
		return r;
	r = jsondoc_each(&section.get, "devices", load_device, spec, err);
	if (r < 0)
		return r;
	r = spec_load_namespaces(&section.get, spec, err);
	if (r < 0)
		return r;
	r = load_rootfs_propagation(&section.get, &spec->rootfs_propagation, err);
	return r < 0 ? r : load_nested(&section.get, spec, err);
}
