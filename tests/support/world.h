/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A little world for the policy to judge: a container's config.json, the mount tables of host and
 * container, the pod's record and the node's policy, from a captured fixture or from a healthy
 * example that a test changes in one place.
 */
#ifndef FSH_TESTS_SUPPORT_WORLD_H
#define FSH_TESTS_SUPPORT_WORLD_H

#include "oci/base/jsondoc.h"
#include "policy/check/facts.h"
#include "policy/check/target.h"
#include "policy/record/finding.h"
#include "tests/support/cmocka.h"

#include <stdlib.h>
#include <string.h>

/* Where the example's volume is on the host: below the policy's default roots. */
#define WORLD_VOLUME                                                                               \
	"/var/lib/kubelet/pods/01234567-89ab-cdef-0123-456789abcdef/volumes/kubernetes.io~nfs/"    \
	"media"

struct world {
	struct json_object *document; /* config.json */
	struct identity identity;
	struct request request;
	struct spec spec;
	struct config config;
	struct mount_table host, container;
	struct topology topology;
	struct facts facts;
};

/* config.json and both mount tables of the directory fixtures/NAME. */
void world_load(struct world *world, const char *name);

/*
 * fixtures/world/provider: rclone-zurg of a pod with two annotated paths, /mnt/media/zurg and
 * /mnt/media/torbox (of rclone-torbox); privileged, its volume shared, on a host where that is a
 * shared mount. Nothing is wrong with it.
 */
void world_provider(struct world *world);

/* fixtures/world/consumer: plex of the same pod, HostToContainer, no privilege. Nothing is wrong
 * with it. */
void world_consumer(struct world *world);

/* Replace the member of config.json at the dotted `path` ("mounts.0.options") by JSON text in which
 * ' stands for ". NULL removes it. */
void world_set(struct world *world, const char *path, const char *json);

/* Set an annotation, or remove it with NULL. */
void world_annotate(struct world *world, const char *key, const char *text);

/* Replace a mount table by text in the format of mountinfo; NULL: the table is not known. */
void world_host(struct world *world, const char *text);
void world_container(struct world *world, const char *text);

/* The facts as they are now. Valid until the world changes. */
const struct facts *world_facts(struct world *world);

/* "deny provider-not-shared /mnt/media; warn limits-missing zurg": what was found about what, in
 * order; "" for nothing. Fails where a message or a fix is missing. Owned by the caller. */
char *world_summary(const struct findings *findings);

void world_clear(struct world *world);

/* These two call the policy, which tests of oci/ are not linked with: hence in line. */

static inline void world_begin(struct world *world)
{
	*world = (struct world){0};
	assert_int_equal(config_defaults(&world->config), 0);
}

static inline void world_end(struct world *world)
{
	config_clear(&world->config);
	topology_clear(&world->topology);
	world_clear(world);
}

#define cleanup_world __attribute__((cleanup(world_end)))

/* Run one of policy/check/checks.h and compare what it finds with a world_summary(). `what` names
 * the case when they differ. */
static inline void world_expect(struct world *world,
	int (*check)(const struct facts *, const struct targets *, struct findings *),
	const char *what, const char *summary)
{
	const struct facts *facts = world_facts(world);
	struct findings findings = {0};
	struct targets targets = {0};
	char *found;

	assert_int_equal(targets_resolve(facts, &targets), 0);
	assert_int_equal(check(facts, &targets, &findings), 0);
	found = world_summary(&findings);
	if (strcmp(found, summary) != 0)
		fail_msg("%s: expected \"%s\", found \"%s\"", what, summary, found);
	free(found);
	targets_clear(&targets);
	findings_clear(&findings);
}

/* The same for a provider or a consumer of whose config.json one member is another; NULL: none. */
static inline void world_expect_changed(void (*make)(struct world *), const char *path,
	const char *json,
	int (*check)(const struct facts *, const struct targets *, struct findings *),
	const char *summary)
{
	cleanup_world struct world world;

	world_begin(&world);
	make(&world);
	if (path)
		world_set(&world, path, json);
	world_expect(&world, check, json, summary);
}

#endif
