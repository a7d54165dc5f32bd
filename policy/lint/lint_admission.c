/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a privileged pod is let in: by a security context constraint on OpenShift (given to its
 * service account), by the namespace's Pod Security level elsewhere. The manifest may have either;
 * where it has not, the command that gives it is named.
 */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEVEL_LABEL "pod-security.kubernetes.io/enforce"
#define SCC_ROLE "system:openshift:scc:privileged"

/* What a function says of an object of the manifest. */
typedef bool match_fn(const struct manifest_node *object, const struct lint_pod *pod);

static const struct manifest_node *find_object(const struct lint_pod *pod, match_fn *match)
{
	for (size_t i = 0; i < pod->objects->n; i++)
		if (match(pod->objects->items[i], pod))
			return pod->objects->items[i];
	return NULL;
}

static bool is_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The name of the pod's service account; NULL for the default one. */
static const char *find_account(const struct lint_pod *pod)
{
	const struct manifest_node *spec = pod->pod->workload->spec;
	const char *name = manifest_string(spec, "serviceAccountName");

	if (!name)
		name = manifest_string(spec, "serviceAccount");
	return is_equal(name, "default") || is_equal(name, "") ? NULL : name;
}

static bool is_namespace(const struct manifest_node *object, const struct lint_pod *pod)
{
	const char *space = workload_namespace(pod->pod->workload);

	return is_equal(manifest_string(object, "kind"), "Namespace") &&
	       is_equal(manifest_string(object, "metadata.name"), space ? space : "default");
}

static bool binds_account(const struct manifest_node *object, const struct lint_pod *pod)
{
	const struct manifest_node *subjects = manifest_get(object, "subjects");
	const char *account = find_account(pod);

	if (!is_equal(manifest_string(object, "roleRef.name"), SCC_ROLE))
		return false;
	for (size_t i = 0; i < manifest_count(subjects); i++)
		if (is_equal(manifest_string(manifest_item(subjects, i), "name"), account))
			return true;
	return false;
}

/* The enforced level; NULL where the manifest has none. */
static const struct manifest_node *admission_find_level(const struct lint_pod *pod)
{
	const struct manifest_node *space = find_object(pod, is_namespace);

	/* The label's name has dots. */
	return manifest_get(manifest_find(space, "metadata.labels"), LEVEL_LABEL);
}

/* The command, for that account or "NAME". NULL without memory. */
static char *write_command(const struct lint_pod *pod, const char *account)
{
	const char *space = workload_namespace(pod->pod->workload);

	return strformat("oc adm policy add-scc-to-user privileged -z %s%s%s",
		account ? account : "NAME", space ? " -n " : "", space ? space : "");
}

static int add_default_account(struct lint_pod *pod, const char *command)
{
	cleanup_free char *fix = NULL;
	const struct manifest_node *spec = pod->pod->workload->spec;
	const struct manifest_node *name = manifest_get(spec, "serviceAccountName");
	const struct manifest_pair *containers = manifest_pair(spec, "containers");

	fix = strformat("set serviceAccountName: NAME; on OpenShift: %s", command);
	if (!fix)
		return -ENOMEM;
	if (!name)
		name = containers ? containers->key : spec;
	return lint_add(pod,
		&(struct lint_site){name, FINDING_ADMISSION_NEEDED, "serviceAccountName", fix},
		LINT_WARNING, NULL,
		"the pod runs privileged containers under the namespace's default service account, "
		"whose rights every pod without a serviceAccountName gets");
}

static int add_command(struct lint_pod *pod, const char *account, const char *command)
{
	const struct manifest_node *spec = pod->pod->workload->spec;
	const struct manifest_node *name = manifest_get(spec, "serviceAccountName");
	cleanup_free char *fix = NULL;

	fix = strformat("on OpenShift: %s; elsewhere: the label %s: privileged on the namespace",
		command, LEVEL_LABEL);
	if (!fix)
		return -ENOMEM;
	return lint_add(pod,
		&(struct lint_site){name ? name : manifest_get(spec, "serviceAccount"),
			FINDING_ADMISSION_NEEDED, account, fix},
		LINT_NOTE, NULL,
		"the pod runs privileged containers: its service account %s needs that right",
		account);
}

static int add_level(struct lint_pod *pod, const struct manifest_node *level)
{
	return lint_add(pod,
		&(struct lint_site){level, FINDING_ADMISSION_NEEDED, LEVEL_LABEL,
			"set the label to privileged"},
		LINT_WARNING, NULL,
		"the namespace enforces the Pod Security level %s: pods with privileged containers "
		"are refused there",
		manifest_text(level));
}

static bool has_privileged(const struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++)
		if (pod->containers[i].provides || pod_privileged(pod->containers[i].pod))
			return true;
	return false;
}

int lint_admission(struct lint_pod *pod)
{
	const struct manifest_node *level;
	cleanup_free char *command = NULL;
	const char *account;

	if (pod->request.n_mounts == 0 || pod->pod->workload->fragment || !has_privileged(pod))
		return 0;
	account = find_account(pod);
	command = write_command(pod, account);
	if (!command)
		return -ENOMEM;
	level = admission_find_level(pod);
	if (level && manifest_text(level) && !is_equal(manifest_text(level), "privileged"))
		return add_level(pod, level);
	if (!account)
		return add_default_account(pod, command);
	if (level || find_object(pod, binds_account))
		return 0;
	return add_command(pod, account, command);
}
