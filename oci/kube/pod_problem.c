/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a pod's manifest, noted by whichever part of it is being read. */
#include "oci/kube/pod_parts.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <errno.h>
#include <stdarg.h>

int pod_add_problem(
	struct pod *pod, const struct manifest_node *node, const char *fix, const char *format, ...)
{
	struct pod_problem *problem;
	va_list arguments;

	if (array_grow(&pod->problems, pod->n_problems, sizeof(*pod->problems)) < 0)
		return -ENOMEM;
	problem = &pod->problems[pod->n_problems];
	va_start(arguments, format);
	problem->text = strformat_v(format, arguments);
	va_end(arguments);
	if (!problem->text)
		return -ENOMEM;
	problem->node = node;
	problem->fix = fix;
	pod->n_problems++;
	return 0;
}

bool pod_is_list(struct pod *pod, const struct manifest_node *mapping, const char *key, int *r)
{
	const struct manifest_node *node = manifest_get(mapping, key);

	*r = 0;
	if (!node || node->kind == MANIFEST_SEQUENCE)
		return true;
	*r = pod_add_problem(
		pod, node, "write it as a list", "%s is not a list: Kubernetes refuses it", key);
	return false;
}
