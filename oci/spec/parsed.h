/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime's documents come to, all of it that the hook uses: as text in, structures out, and
 * as one process tells them another (oci/base/wire.h). Who reads what was told believes nothing of
 * it: whatever becomes part of a path, a journal field or a decision has its grammar, each number
 * its range.
 */
#ifndef FSH_OCI_SPEC_PARSED_H
#define FSH_OCI_SPEC_PARSED_H

#include "oci/base/wire.h"
#include "oci/spec/annotations.h"
#include "oci/spec/identity.h"
#include "oci/spec/spec.h"
#include "oci/spec/state.h"

/* Who the container is and what the pod asks for, with what was wrong with either: a caller asks
 * for them later than for the document. */
struct parsed_pod {
	bool active; /* annotations_active(); without it the rest is empty */
	int identity_result;
	struct identity identity;
	struct error identity_error;
	int request_result;
	struct request request;
	struct error request_error;
};

struct parsed_state {
	struct state state; /* read from the wire, it has no annotations */
	struct parsed_pod pod;
};

struct parsed_config {
	struct spec spec; /* the same */
	struct parsed_pod pod;
};

/* state_parse() with identity_load() and annotations_parse() of what it gave. Errors as
 * state_parse()'s. Owned by the caller. */
int parsed_state(const char *data, size_t size, struct parsed_state *ret, struct error *err);

/* spec_parse() with the same. The annotations have no state's id beside them. */
int parsed_config(const char *data, size_t size, struct parsed_config *ret, struct error *err);

void parsed_pod_clear(struct parsed_pod *pod);
void parsed_state_clear(struct parsed_state *parsed);
void parsed_config_clear(struct parsed_config *parsed);

/* Read or write it: wire_end() says what became of it. What was read is the caller's to clear in
 * each case. */
void parsed_state_wire(struct wire *wire, struct parsed_state *parsed);
void parsed_config_wire(struct wire *wire, struct parsed_config *parsed);

#define cleanup_parsed_state __attribute__((cleanup(parsed_state_clear)))
#define cleanup_parsed_config __attribute__((cleanup(parsed_config_clear)))

#endif
