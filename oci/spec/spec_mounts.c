/* SPDX-License-Identifier: Apache-2.0 */
/* `mounts` (runtime-spec, config.md, "Mounts"). */
#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"
#include "oci/spec/spec_parts.h"

#include <limits.h>
#include <string.h>

static const struct {
	const char *name;
	enum propagation propagation;
	bool recursive;
} propagations[] = {
	{"private", PROPAGATION_PRIVATE, false},
	{"rprivate", PROPAGATION_PRIVATE, true},
	{"slave", PROPAGATION_SLAVE, false},
	{"rslave", PROPAGATION_SLAVE, true},
	{"shared", PROPAGATION_SHARED, false},
	{"rshared", PROPAGATION_SHARED, true},
	{"unbindable", PROPAGATION_UNBINDABLE, false},
	{"runbindable", PROPAGATION_UNBINDABLE, true},
};

bool spec_propagation(const char *name, enum propagation *ret, bool *ret_recursive)
{
	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++) {
		if (strcmp(propagations[i].name, name) != 0)
			continue;
		*ret = propagations[i].propagation;
		if (ret_recursive)
			*ret_recursive = propagations[i].recursive;
		return true;
	}
	return false;
}

const char *propagation_name(enum propagation propagation)
{
	switch (propagation) {
	case PROPAGATION_PRIVATE:
		return "private";
	case PROPAGATION_SLAVE:
		return "slave";
	case PROPAGATION_SHARED:
		return "shared";
	case PROPAGATION_UNBINDABLE:
		return "unbindable";
	case PROPAGATION_UNSET:
		break;
	}
	return "unset";
}

/* Options that say something else are not ours: file systems have their own. */
static void apply_option(struct spec_mount *mount, const char *option)
{
	if (spec_propagation(option, &mount->propagation, &mount->propagation_recursive))
		return;
	if (strcmp(option, "rbind") == 0)
		mount->bind = mount->recursive = true;
	else if (strcmp(option, "bind") == 0)
		mount->bind = true;
	else if (strcmp(option, "ro") == 0 || strcmp(option, "rro") == 0)
		mount->readonly = true;
	else if (strcmp(option, "rw") == 0 || strcmp(option, "rrw") == 0)
		mount->readonly = false;
}

/* runc takes a relative destination as below "/", the specification does not. */
static int load_destination(
	const struct jsondoc_get *get, struct spec_mount *mount, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	cleanup_free char *destination = NULL;
	int r = jsondoc_string(&required, "destination", &destination, err);

	if (r < 0)
		return r;
	if (destination[0] != '/' || strlen(destination) >= PATH_MAX)
		return jsondoc_error(get, "destination", "give an absolute path", err,
			"%s is not an absolute path", text_quote(destination));
	mount->destination = path_simplify(destination);
	return mount->destination ? 0 : error_memory(err);
}

static int spec_load_mount(const struct jsondoc_get *get, void *data, struct error *err)
{
	cleanup_strv struct strv options = {0};
	struct spec *spec = data;
	struct spec_mount *mount;
	int r;

	if (array_grow(&spec->mounts, spec->n_mounts, sizeof(*spec->mounts)) < 0)
		return error_memory(err);
	mount = &spec->mounts[spec->n_mounts++];
	r = load_destination(get, mount, err);
	if (r < 0)
		return r;
	r = jsondoc_string(get, "source", &mount->source, err);
	if (r < 0)
		return r;
	r = jsondoc_string(get, "type", &mount->type, err);
	if (r < 0)
		return r;
	r = jsondoc_strv(get, "options", &options, err);
	if (r < 0)
		return r;
	mount->bind = mount->type && strcmp(mount->type, "bind") == 0;
	for (size_t i = 0; i < options.n; i++)
		apply_option(mount, options.items[i]);
	return 0;
}

int spec_load_mounts(const struct jsondoc_get *root, struct spec *spec, struct error *err)
{
	return jsondoc_each(root, "mounts", spec_load_mount, spec, err);
}
