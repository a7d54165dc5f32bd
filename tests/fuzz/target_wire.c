/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process that parses may tell its worker, whoever has taken it over: refused, or such that
 * it is told as the very same bytes again. The first byte says which document it is.
 */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/path.h"
#include "oci/spec/parsed.h"
#include "policy/record/topology_wire.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void check_pod(const struct parsed_pod *pod)
{
	const struct request *request = &pod->request;

	if (!pod->active)
		return;
	FUZZ_EXPECT(pod->identity_result < 0 || ident_is_pod_uid(pod->identity.pod_uid));
	FUZZ_EXPECT(pod->identity_result < 0 || ident_is_dns_subdomain(pod->identity.pod_name));
	FUZZ_EXPECT(request->n_mounts <= ANNOTATION_MAX_MOUNTS);
	for (size_t i = 0; i < request->n_mounts; i++)
		FUZZ_EXPECT(path_is_normalized(request->mounts[i].path));
}

/* The same bytes, where reading found nothing wrong. */
static void tell_again(
	const char *data, size_t size, void (*move)(struct wire *, void *), void *document)
{
	cleanup_free char *room = malloc(size + 1);
	struct wire wire;

	FUZZ_EXPECT(room);
	wire = wire_writer(room, size);
	move(&wire, document);
	FUZZ_EXPECT(wire_end(&wire) == 0);
	FUZZ_EXPECT(wire.at == size && memcmp(room, data, size) == 0);
}

static bool read_told(
	const char *data, size_t size, void (*move)(struct wire *, void *), void *document)
{
	struct wire wire = wire_reader(data, size);
	int r;

	move(&wire, document);
	r = wire_end(&wire);
	FUZZ_EXPECT(r == 0 || r == -EBADMSG);
	if (r == 0)
		tell_again(data, size, move, document);
	return r == 0;
}

static void move_state(struct wire *wire, void *document)
{
	parsed_state_wire(wire, document);
}

static void move_config(struct wire *wire, void *document)
{
	parsed_config_wire(wire, document);
}

static void move_record(struct wire *wire, void *document)
{
	topology_wire(wire, document);
}

static void read_state(const char *data, size_t size)
{
	cleanup_parsed_state struct parsed_state parsed = {0};

	if (!read_told(data, size, move_state, &parsed))
		return;
	FUZZ_EXPECT(parsed.state.bundle[0] == '/' && strlen(parsed.state.bundle) < PATH_MAX);
	FUZZ_EXPECT(parsed.state.pid >= 0);
	check_pod(&parsed.pod);
}

static void read_config(const char *data, size_t size)
{
	cleanup_parsed_config struct parsed_config parsed = {0};

	if (!read_told(data, size, move_config, &parsed))
		return;
	for (size_t i = 0; i < parsed.spec.n_mounts; i++)
		FUZZ_EXPECT(parsed.spec.mounts[i].destination[0] == '/');
	check_pod(&parsed.pod);
}

static void read_record(const char *data, size_t size)
{
	cleanup_topology struct topology topology = {0};

	if (read_told(data, size, move_record, &topology))
		FUZZ_EXPECT(topology.pod_uid && topology.pod_name);
}

void fuzz_wire(const char *data, size_t size)
{
	if (size == 0)
		return;
	switch (*data) {
	case 's':
		read_state(data + 1, size - 1);
		return;
	case 'c':
		read_config(data + 1, size - 1);
		return;
	default:
		read_record(data + 1, size - 1);
	}
}
