/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json as CRI-O would make it of a container: the part that the hook's checks look at.
 * Measured in docs/runtime-facts.md; the fixtures of tests/fixtures/crio show whole ones.
 */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "oci/base/strformat.h"
#include "policy/check/devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Where the kubelet has a pod's volumes; the uid is not known before the pod is there. */
#define POD_DIRECTORY "/var/lib/kubelet/pods/00000000-0000-0000-0000-000000000000"
/* CRI-O's own names for devices to be added; the second came with 1.35. */
static const char *const devices_annotations[] = {"io.kubernetes.cri-o.Devices", "devices.crio.io"};

static char *find_volume_root(const struct pod *pod, const char *name)
{
	const struct pod_volume *volume = pod_volume(pod, name);
	const char *kind = "volume", *what = name;

	if (volume && volume->kind == POD_VOLUME_HOST_PATH && volume->what)
		return path_simplify(volume->what);
	/* Two volumes of one claim are one directory. */
	if (volume && volume->kind == POD_VOLUME_CLAIM && volume->what) {
		kind = "claim";
		what = volume->what;
	}
	return strformat(POD_DIRECTORY "/volumes/kubernetes.io~%s/%s", kind, what);
}

char *lint_source(const struct pod *pod, const struct pod_mount *mount)
{
	cleanup_free char *root = find_volume_root(pod, mount->volume);
	cleanup_free char *joined = NULL;

	if (!root || !mount->sub_path)
		return move_ptr(root);
	joined = path_join(root, mount->sub_path);
	return joined ? path_simplify(joined) : NULL;
}

static int lint_spec_add_mount(
	const struct pod *pod, const struct pod_mount *mount, struct spec *spec)
{
	struct spec_mount *made;

	if (array_grow(&spec->mounts, spec->n_mounts, sizeof(*spec->mounts)) < 0)
		return -ENOMEM;
	made = &spec->mounts[spec->n_mounts++];
	made->bind = true;
	made->recursive = true;
	made->propagation =
		mount->propagation == PROPAGATION_UNSET ? PROPAGATION_PRIVATE : mount->propagation;
	made->propagation_recursive = true;
	made->destination = strdup(mount->path);
	made->source = lint_source(pod, mount);
	made->type = strdup("bind");
	return made->destination && made->source && made->type ? 0 : -ENOMEM;
}

static int add_mounts(
	const struct pod *pod, const struct pod_container *container, struct spec *spec)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < container->n_mounts; i++) {
		enum propagation propagation = container->mounts[i].propagation;

		r = lint_spec_add_mount(pod, &container->mounts[i], spec);
		/* CRI-O: what the widest of the mounts needs. */
		if (propagation == PROPAGATION_SHARED)
			spec->rootfs_propagation = PROPAGATION_SHARED;
		else if (propagation == PROPAGATION_SLAVE &&
			 spec->rootfs_propagation != PROPAGATION_SHARED)
			spec->rootfs_propagation = PROPAGATION_SLAVE;
	}
	return r;
}

static int lint_spec_add_rule(struct spec *spec, const struct spec_device_rule *rule)
{
	if (array_grow(&spec->device_rules, spec->n_device_rules, sizeof(*rule)) < 0)
		return -ENOMEM;
	spec->device_rules[spec->n_device_rules++] = *rule;
	return 0;
}

static int add_fuse_device(struct spec *spec)
{
	struct spec_device *device;

	if (array_grow(&spec->devices, spec->n_devices, sizeof(*spec->devices)) < 0)
		return -ENOMEM;
	device = &spec->devices[spec->n_devices++];
	*device = (struct spec_device){
		strdup(FUSE_DEVICE_PATH), 'c', FUSE_DEVICE_MAJOR, FUSE_DEVICE_MINOR};
	return device->path ? 0 : -ENOMEM;
}

/* True where a device plugin (a resource named for it) or CRI-O gives the container /dev/fuse. */
static bool is_given_fuse(const struct pod *pod, const struct pod_container *container)
{
	const struct manifest_node *limits = manifest_find(container->node, "resources.limits");

	for (size_t i = 0; limits && limits->kind == MANIFEST_MAPPING && i < limits->n; i++)
		if (strstr(limits->pairs[i].key->text, "fuse"))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(devices_annotations); i++) {
		const char *devices = keyvals_get(&pod->annotations, devices_annotations[i]);

		if (devices && strstr(devices, FUSE_DEVICE_PATH))
			return true;
	}
	return false;
}

static bool adds_capability(const struct pod_container *container)
{
	const struct manifest_node *added =
		manifest_find(container->node, "securityContext.capabilities.add");

	for (size_t i = 0; i < manifest_count(added); i++) {
		const char *name = manifest_text(manifest_item(added, i));

		if (name && (strcmp(name, "SYS_ADMIN") == 0 || strcmp(name, "CAP_SYS_ADMIN") == 0 ||
				    strcmp(name, "ALL") == 0))
			return true;
	}
	return false;
}

static int add_capability(struct spec *spec)
{
	static const char name[] = "CAP_SYS_ADMIN";

	return strv_add(&spec->cap_effective, name) < 0 || strv_add(&spec->cap_bounding, name) < 0
		       ? -ENOMEM
		       : 0;
}

static int add_privilege(
	const struct pod *pod, const struct pod_container *container, struct spec *spec)
{
	static const unsigned int all = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;
	bool privileged = pod_privileged(container);
	int r = 0;

	if (privileged || adds_capability(container))
		r = add_capability(spec);
	if (r == 0 && (privileged || is_given_fuse(pod, container)))
		r = add_fuse_device(spec);
	if (r < 0)
		return r;
	if (privileged)
		return lint_spec_add_rule(spec, &(struct spec_device_rule){true, 'a', -1, -1, all});
	r = lint_spec_add_rule(spec, &(struct spec_device_rule){false, 'a', -1, -1, all});
	if (r == 0 && spec->n_devices > 0)
		r = lint_spec_add_rule(
			spec, &(struct spec_device_rule){true, 'c', FUSE_DEVICE_MAJOR,
				      FUSE_DEVICE_MINOR, DEVICE_READ | DEVICE_WRITE});
	return r;
}

/* A privileged container has no profile, whatever stands there; "RuntimeDefault" is CRI-O's. */
static int set_labels(
	const struct pod *pod, const struct pod_container *container, struct spec *spec)
{
	const char *profile =
		manifest_string(pod_security(pod, container, "appArmorProfile"), "type");
	const char *type = manifest_string(pod_security(pod, container, "seLinuxOptions"), "type");

	if (profile && strcmp(profile, "RuntimeDefault") == 0 && !pod_privileged(container)) {
		spec->apparmor_profile = strdup("crio-default");
		if (!spec->apparmor_profile)
			return -ENOMEM;
	}
	if (type) {
		spec->selinux_label = strformat("system_u:system_r:%s:s0", type);
		if (!spec->selinux_label)
			return -ENOMEM;
	}
	return 0;
}

static int copy_strings(const struct strv *from, struct strv *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = strv_add(to, from->items[i]);
	return r;
}

static void set_user(
	const struct lint_pod *pod, const struct pod_container *container, struct spec *spec)
{
	int64_t uid;

	if (manifest_integer(pod->manifest, pod_security(pod->pod, container, "runAsUser"), &uid) &&
		uid >= 0 && uid < UINT32_MAX)
		spec->uid = (uid_t)uid;
	spec->no_new_privileges =
		manifest_false(pod_security(pod->pod, container, "allowPrivilegeEscalation"));
	spec->user_namespace = manifest_false(manifest_get(pod->pod->workload->spec, "hostUsers"));
}

int lint_make_spec(
	const struct lint_pod *pod, const struct pod_container *container, struct spec *ret)
{
	const struct manifest_node *limits = manifest_find(container->node, "resources.limits");
	cleanup_spec struct spec spec = {.has_capabilities = true, .mount_namespace = true};
	int r;

	spec.has_memory_limit = manifest_get(limits, "memory");
	spec.has_cpu_limit = manifest_get(limits, "cpu");
	set_user(pod, container, &spec);
	r = add_mounts(pod->pod, container, &spec);
	if (r == 0)
		r = add_privilege(pod->pod, container, &spec);
	if (r == 0)
		r = set_labels(pod->pod, container, &spec);
	if (r == 0)
		r = lint_command_words(&container->args, &spec.args);
	if (r == 0)
		r = copy_strings(&container->env, &spec.env);
	if (r < 0)
		return r;
	*ret = move_struct(spec);
	return 0;
}
