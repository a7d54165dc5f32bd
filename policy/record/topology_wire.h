/* SPDX-License-Identifier: Apache-2.0 */
/* A record as one process tells it another (oci/base/wire.h). */
#ifndef FSH_POLICY_RECORD_TOPOLOGY_WIRE_H
#define FSH_POLICY_RECORD_TOPOLOGY_WIRE_H

#include "oci/base/wire.h"
#include "policy/record/topology.h"

/* Read or write it: wire_end() says what became of it. What was read is the caller's to clear in
 * each case. It holds what topology_parse() promises of its ranges. */
void topology_wire(struct wire *wire, struct topology *topology);

#endif
