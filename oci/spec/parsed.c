/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hook keeps of both documents, cut to it where they are read: less crosses from the
 * process that parses to the one that acts.
 */
#include "oci/spec/parsed.h"

#include "oci/base/cleanup.h"

static void parsed_read_pod(const struct keyvals *annotations, const char *state_id,
	enum finding_code code, struct parsed_pod *pod)
{
	pod->active = annotations_active(annotations);
	if (!pod->active)
		return;
	pod->identity_result =
		identity_load(annotations, state_id, code, &pod->identity, &pod->identity_error);
	pod->request_result = annotations_parse(annotations, &pod->request, &pod->request_error);
}

int parsed_state(const char *data, size_t size, struct parsed_state *ret, struct error *err)
{
	struct parsed_state parsed = {0};
	int r = state_parse(data, size, &parsed.state, err);

	if (r < 0)
		return r;
	parsed_read_pod(
		&parsed.state.annotations, parsed.state.id, FINDING_STATE_INVALID, &parsed.pod);
	*ret = parsed;
	return 0;
}

int parsed_config(const char *data, size_t size, struct parsed_config *ret, struct error *err)
{
	struct parsed_config parsed = {0};
	int r = spec_parse(data, size, &parsed.spec, err);

	if (r < 0)
		return r;
	parsed_read_pod(&parsed.spec.annotations, NULL, FINDING_CONFIG_INVALID, &parsed.pod);
	*ret = parsed;
	return 0;
}

void parsed_pod_clear(struct parsed_pod *pod)
{
	if (!pod)
		return;
	identity_clear(&pod->identity);
	error_clear(&pod->identity_error);
	request_clear(&pod->request);
	error_clear(&pod->request_error);
	*pod = (struct parsed_pod){0};
}

void parsed_state_clear(struct parsed_state *parsed)
{
	if (!parsed)
		return;
	state_clear(&parsed->state);
	parsed_pod_clear(&parsed->pod);
	*parsed = (struct parsed_state){0};
}

void parsed_config_clear(struct parsed_config *parsed)
{
	if (!parsed)
		return;
	spec_clear(&parsed->spec);
	parsed_pod_clear(&parsed->pod);
	*parsed = (struct parsed_config){0};
}
