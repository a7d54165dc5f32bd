/* SPDX-License-Identifier: Apache-2.0 */
/* The state on a hook's standard input, and who it says that the container is. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/ident.h"
#include "oci/base/text.h"
#include "oci/spec/identity.h"
#include "oci/spec/state.h"
#include <limits.h>
#include <string.h>

/* Everything here becomes part of a path or of a journal field: design section 10. */
static void check_identity(const struct identity *identity)
{
	FUZZ_EXPECT(ident_is_dns_subdomain(identity->pod_name));
	FUZZ_EXPECT(ident_is_dns_label(identity->pod_namespace));
	FUZZ_EXPECT(ident_is_pod_uid(identity->pod_uid));
	FUZZ_EXPECT(!identity->sandbox_id || ident_is_container_id(identity->sandbox_id));
	FUZZ_EXPECT(!identity->container_id || ident_is_container_id(identity->container_id));
	FUZZ_EXPECT(identity->is_sandbox || ident_is_dns_label(identity->container_name));
	FUZZ_EXPECT(identity->restart_count >= 0);
}

static void load_identity(const struct state *state)
{
	cleanup_error struct error err = {0};
	struct identity identity;
	int r;

	fuzz_poison(&identity, sizeof(identity));
	r = identity_load(&state->annotations, state->id, FINDING_STATE_INVALID, &identity, &err);
	if (!fuzz_succeeded(r, &err, &identity, sizeof(identity)))
		return;
	check_identity(&identity);
	identity_clear(&identity);
}

void fuzz_state(const char *data, size_t size)
{
	cleanup_error struct error err = {0};
	struct state state;

	fuzz_poison(&state, sizeof(state));
	if (!fuzz_succeeded(state_parse(data, size, &state, &err), &err, &state, sizeof(state)))
		return;
	FUZZ_EXPECT(size <= STATE_MAX_SIZE);
	FUZZ_EXPECT(state.oci_version && state.pid >= 0);
	FUZZ_EXPECT(*state.id && !strchr(state.id, '/') && !text_has_control(state.id));
	FUZZ_EXPECT(state.bundle[0] == '/' && strlen(state.bundle) < PATH_MAX);
	FUZZ_EXPECT(!text_has_control(state.bundle));
	load_identity(&state);
	state_clear(&state);
}
