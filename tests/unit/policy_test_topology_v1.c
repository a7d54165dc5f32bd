/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of version 1 as version 0.1.0 of the hook wrote it, of a real pod. A node has such
 * records while the hook is upgraded, so every later version reads them. The file never changes;
 * what a later version adds to the format has files of its own.
 */
#include "oci/base/cleanup.h"
#include "policy/record/topology.h"
#include "tests/support/fixture.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RECORD "fixtures/topology/v1.json"

static void read_record(struct topology *ret)
{
	cleanup_free char *text = NULL;
	cleanup_error struct error err = {0};
	size_t size;

	text = fixture_read(RECORD, &size);
	if (topology_parse(text, size, RECORD, ret, &err) != 0)
		fail_msg("%s", error_message(&err));
}

static void what_was_written_is_read(void **state)
{
	cleanup_topology struct topology topology = {0};
	const struct topology_container *plex;
	const struct topology_path *zurg;

	(void)state;
	read_record(&topology);
	assert_string_equal(topology.pod_name, "plex-6d5f7c9b8-x7k2p");
	assert_string_equal(topology.pod_namespace, "media-stack");
	assert_int_equal(topology.n_volumes, 1);
	assert_true(topology.volumes[0].shared_by_hook);
	assert_false(topology.volumes[0].bound_by_hook);
	assert_int_equal(topology.n_paths, 2);
	zurg = topology_path(&topology, "/mnt/media/zurg");
	assert_non_null(zurg);
	assert_string_equal(zurg->provider, "rclone-zurg");
	assert_int_equal(zurg->state, PATH_LIVE);
	assert_int_equal(zurg->instances, 1);
	assert_int_equal(topology.n_containers, 3);
	plex = topology_container(&topology, "plex");
	assert_non_null(plex);
	assert_int_equal(plex->role, ROLE_CONSUMER);
	assert_int_equal(plex->status, CONTAINER_CREATED);
	assert_true(plex->pid > 0);
	assert_true(plex->pid_start_ticks > 0);
	assert_int_equal(topology.n_edges, 6);
}

/* A newer hook rewrites the record of a pod that an older one began: nothing gets lost on the way.
 */
static void nothing_is_lost_when_it_is_written_again(void **state)
{
	cleanup_topology struct topology topology = {0};
	cleanup_topology struct topology again = {0};
	cleanup_free char *first = NULL;
	cleanup_free char *second = NULL;
	cleanup_free char *old = NULL;
	cleanup_error struct error err = {0};

	(void)state;
	read_record(&topology);
	first = topology_format(&topology);
	assert_non_null(first);
	assert_int_equal(topology_parse(first, strlen(first), "again", &again, &err), 0);
	second = topology_format(&again);
	assert_non_null(second);
	assert_string_equal(first, second);

	/* Each line of the old file, but for a comma at its end, is in the new one. */
	old = fixture_read(RECORD, NULL);
	for (char *rest = old, *line; (line = strsep(&rest, "\n"));) {
		size_t length = strlen(line);

		if (length > 0 && line[length - 1] == ',')
			line[length - 1] = '\0';
		if (!strstr(first, line))
			fail_msg("lost: %s", line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(nothing_is_lost_when_it_is_written_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
