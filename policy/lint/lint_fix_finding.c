/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of the hook's checks that a change of the text fixes, without anybody's choice. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/duration.h"
#include "oci/base/strformat.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static enum edit_outcome set_propagation(const struct lint_pod *pod,
	const struct lint_container *container, const char *path, const char *mode,
	struct edits *edits)
{
	static const char *const keys[] = {"mountPropagation"};
	const struct pod_mount *mount = lint_mount_at(container->pod, path);
	const struct edit_value value = {mode, false};

	if (!mount)
		return EDIT_AWKWARD;
	/* In JSON a word needs its quotes. */
	return edit_set(&pod->source, edits, mount->node, &(struct edit_path){keys, 1, "mountPath"},
		pod->manifest->json ? &(struct edit_value){mode, true} : &value);
}

static enum edit_outcome set_privileged(
	const struct lint_pod *pod, const struct lint_container *container, struct edits *edits)
{
	static const char *const keys[] = {"securityContext", "privileged"};

	return edit_set(&pod->source, edits, container->pod->node,
		&(struct edit_path){keys, 2, "image"}, &(struct edit_value){"true", false});
}

/* The port that the finding's fix names: "…: --rc-addr=:5573". 0 where it names none. */
static unsigned int find_port(const char *fix)
{
	const char *colon = strrchr(fix, ':');
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

	return port <= UINT16_MAX ? (unsigned int)port : 0;
}

/* The same address with another port. An address from elsewhere than the arguments is left to
 * people, as are several in one argument. */
static int set_port(
	struct lint_pod *pod, struct lint_container *container, struct lint_finding *finding)
{
	const char *address = finding->finding.subject, *colon = strrchr(address, ':');
	const struct manifest_node *node = lint_argument(container->pod, address, NULL);
	const unsigned int port = find_port(finding->finding.fix);
	cleanup_free char *text = NULL;
	size_t kept;

	if (!node || !colon || port == 0 || strchr(node->text, ','))
		return 0;
	kept = strlen(node->text) - strlen(colon);
	text = strformat("%.*s:%u", (int)kept, node->text, port);
	if (!text)
		return -ENOMEM;
	container->new_port = port;
	return lint_outcome(finding, edit_replace(&pod->source, &finding->edits, node,
					     &(struct edit_value){text, true}));
}

/* A wait that is longer than the node allows; other values are not for a program to choose. */
static int set_wait(struct lint_pod *pod, struct lint_finding *finding)
{
	const struct manifest_node *node = lint_annotation(pod, ANNOTATION_WAIT);
	cleanup_free char *most = NULL;

	if (!node || strcmp(finding->finding.subject, ANNOTATION_WAIT) != 0 ||
		pod->request.wait_usec <= pod->input->config->gate_max_usec)
		return 0;
	most = duration_format(pod->input->config->gate_max_usec);
	if (!most)
		return -ENOMEM;
	return lint_outcome(finding, edit_replace(&pod->source, &finding->edits, node,
					     &(struct edit_value){most, true}));
}

/* Propagation helps where the container mounts a directory above the FUSE path, and only there. */
static bool sees_path(const struct lint_container *container, const char *destination)
{
	for (size_t i = 0; i < container->targets.n; i++) {
		const struct target *target = &container->targets.items[i];

		if (target->relation == TARGET_INSIDE && target->mount &&
			strcmp(target->mount->destination, destination) == 0)
			return false;
	}
	return true;
}

int lint_fix_finding(
	struct lint_pod *pod, struct lint_container *container, struct lint_finding *finding)
{
	const char *subject = finding->finding.subject;

	switch ((int)finding->finding.code) {
	case FINDING_PROVIDER_NOT_SHARED:
		return lint_outcome(finding,
			set_propagation(pod, container, subject, "Bidirectional", &finding->edits));
	case FINDING_CONSUMER_NO_PROPAGATION:
		if (!sees_path(container, subject))
			return 0;
		return lint_outcome(finding, set_propagation(pod, container, subject,
						     "HostToContainer", &finding->edits));
	case FINDING_CONSUMER_BIDIRECTIONAL:
		return lint_outcome(finding, set_propagation(pod, container, subject,
						     "HostToContainer", &finding->edits));
	case FINDING_CAP_SYS_ADMIN_MISSING:
	case FINDING_FUSE_DEVICE_MISSING:
	case FINDING_FUSE_DEVICE_DENIED:
		return lint_outcome(finding, set_privileged(pod, container, &finding->edits));
	case FINDING_RC_PORT_CONFLICT:
		return set_port(pod, container, finding);
	case FINDING_ANNOTATION_INVALID:
		return set_wait(pod, finding);
	default:
		return 0;
	}
}
