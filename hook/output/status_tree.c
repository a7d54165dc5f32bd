/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drawn from the volume down, since that is how a mount travels: a person follows the line to the
 * place where it stops. All text is a pod's, and is made printable at one place.
 */
#include "hook/output/status_tree.h"

#include "oci/base/cleanup.h"
#include "oci/base/colour.h"
#include "oci/base/strformat.h"
#include "oci/base/text.h"
#include "oci/spec/annotations.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define CONTAINER_PREFIX "container/"
#define HOST "host"

/* How deep a line is, and on which levels something follows below. */
#define PART_SIZE 8192 /* bytes of a line, escaped */

struct tree {
	FILE *out;
	struct tree_look look;
	unsigned int depth;
	bool more[4]; /* on each level that is open */
};

/* Begin a line; `more`: another one of the same level follows. */
static void begin_line(struct tree *tree, bool more)
{
	for (unsigned int i = 0; i < tree->depth; i++)
		fputs(!tree->more[i] ? "   " : tree->look.utf8 ? "│  " : "|  ", tree->out);
	tree->more[tree->depth] = more;
	if (tree->look.utf8)
		fputs(more ? "├─ " : "└─ ", tree->out);
	else
		fputs(more ? "|- " : "`- ", tree->out);
}

/* "\033[1;31m": the line's own colours. No text of a pod has an escape character. */
static size_t colour_length(const char *text)
{
	size_t n = strspn(text, "\033[0123456789;");

	return text[0] == '\033' && text[n] == 'm' ? n + 1 : 0;
}

/* Paths may have what turns a terminal's direction of writing. */
static void print_safe(FILE *out, const char *text)
{
	while (*text) {
		size_t colour = colour_length(text),
		       n = colour ? colour : strcspn(text + 1, "\033") + 1;
		cleanup_free char *part = strndup(text, n);
		char shown[PART_SIZE];

		text_escape(part ? part : "", shown, sizeof(shown));
		fputs(colour && part ? part : shown, out);
		text += n;
	}
}

__attribute__((format(printf, 3, 4))) static void tree_print_line(
	struct tree *tree, bool more, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list args;

	begin_line(tree, more);
	va_start(args, format);
	text = strformat_v(format, args);
	va_end(args);
	print_safe(tree->out, text ? text : format);
	fputc('\n', tree->out);
}

static bool tree_is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool tree_is_container(const char *end, const char *name)
{
	size_t size = strlen(CONTAINER_PREFIX);

	return strncmp(end, CONTAINER_PREFIX, size) == 0 && strcmp(end + size, name) == 0;
}

/* It has left the record, and a path of its own has not: that one hangs, or others read it. */
static bool has_been(const struct topology *topology, const char *provider)
{
	for (size_t i = 0; i < topology->n_paths; i++) {
		const struct topology_path *path = &topology->paths[i];

		if (tree_is_same(path->provider, provider) && path->instances > 0)
			return true;
	}
	return false;
}

/* "pid 4242, running"; of a container that the pod has not created yet nothing is known. */
static void describe_process(const struct pod_now *pod, const char *name, char *text, size_t size)
{
	const struct topology *topology = &pod->topology;
	const struct topology_container *container = topology_container(topology, name);

	if (!container)
		snprintf(text, size, "%s",
			has_been(topology, name) ? "has ended" : "not created yet");
	else if (container->status == CONTAINER_DENIED)
		snprintf(text, size, "denied");
	else if (container->status == CONTAINER_WAITING)
		snprintf(text, size, "pid %d, waiting for mounts", (int)container->pid);
	else if (pod->running[container - topology->containers])
		snprintf(text, size, "pid %d, running", (int)container->pid);
	else
		snprintf(text, size, "not running");
}

static const char *tree_describe_path(const struct topology_edge *edge)
{
	if (edge->kind == PROPAGATION_SHARED)
		return edge->proven ? "shared" : "shared (declared)";
	return edge->proven ? "slave" : "slave (declared)";
}

static const struct topology_edge *find_edge(
	const struct topology *topology, const char *path, const char *from_container)
{
	for (size_t i = 0; i < topology->n_edges; i++) {
		const struct topology_edge *edge = &topology->edges[i];

		if (tree_is_same(edge->path, path) && tree_is_same(edge->to, HOST) &&
			tree_is_container(edge->from, from_container))
			return edge;
	}
	return NULL;
}

static void print_provider(
	struct tree *tree, const struct pod_now *pod, const struct topology_path *path, bool more)
{
	const struct topology_edge *edge = find_edge(&pod->topology, path->path, path->provider);
	char process[64];

	if (tree_is_same(path->provider, PROVIDER_NODE)) {
		tree_print_line(tree, more, "provider: the node, or another pod");
		return;
	}
	describe_process(pod, path->provider, process, sizeof(process));
	tree_print_line(tree, more, "provider %s: %s%s%s", path->provider, process,
		edge ? ", " : "", edge ? tree_describe_path(edge) : "");
}

static bool is_to_consumer(const struct topology_edge *edge, const char *path)
{
	return tree_is_same(edge->path, path) && tree_is_same(edge->from, HOST) &&
	       strncmp(edge->to, CONTAINER_PREFIX, strlen(CONTAINER_PREFIX)) == 0;
}

/* A provider of another path shares the volume, and so sees this one too. */
static const char *describe_end(const struct topology *topology, const char *name)
{
	const struct topology_container *container = topology_container(topology, name);

	return container && container->role == ROLE_PROVIDER ? "seen by" : "consumer";
}

static void print_path_ends(
	struct tree *tree, const struct pod_now *pod, const struct topology_path *path)
{
	const struct topology *topology = &pod->topology;
	size_t left = 0;

	for (size_t i = 0; i < topology->n_edges; i++)
		left += is_to_consumer(&topology->edges[i], path->path);
	print_provider(tree, pod, path, left > 0);
	for (size_t i = 0; i < topology->n_edges; i++) {
		const struct topology_edge *edge = &topology->edges[i];
		const char *name;
		char process[64];

		if (!is_to_consumer(edge, path->path))
			continue;
		name = edge->to + strlen(CONTAINER_PREFIX);
		describe_process(pod, name, process, sizeof(process));
		tree_print_line(tree, --left > 0, "%s %s: %s, %s", describe_end(topology, name),
			name, process, tree_describe_path(edge));
	}
}

/* "2025-01-31 23:59:59", in local time as journalctl has it. */
static void format_time(uint64_t usec, char *text, size_t size)
{
	time_t seconds = (time_t)(usec / 1000000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(text, size, "%F %T", &tm) == 0)
		snprintf(text, size, "?");
}

/* "live since 2025-01-31 23:59:59"; "or later" where it has changed since a hook looked last. */
static void describe_state(
	const struct topology_path *path, const struct path_now *now, char *text, size_t size)
{
	char since[32];

	if (!path->host_path) {
		snprintf(text, size, "no container has mounted it yet");
		return;
	}
	if (path->since_usec == 0 || now->state == PATH_UNKNOWN) {
		snprintf(text, size, "%s", path_state_name(now->state));
		return;
	}
	format_time(path->since_usec, since, sizeof(since));
	snprintf(text, size, "%s since %s%s", path_state_name(now->state), since,
		path->state == now->state ? "" : " or later");
}

/* ", instance 3, healed 2 times, last at 2025-01-31 23:59:59"; nothing of a first instance. */
static void describe_past(const struct topology_path *path, char *text, size_t size)
{
	char heals[96] = "", last[32];

	format_time(path->last_heal_usec, last, sizeof(last));
	if (path->heals == 1)
		snprintf(heals, sizeof(heals), ", healed at %s", last);
	else if (path->heals > 1)
		snprintf(heals, sizeof(heals), ", healed %" PRId64 " times, last at %s",
			path->heals, last);
	if (path->instances > 1)
		snprintf(text, size, ", instance %" PRId64 "%s", path->instances, heals);
	else
		snprintf(text, size, "%s", heals);
}

static enum colour tree_state_colour(enum path_state state)
{
	switch (state) {
	case PATH_LIVE:
		return COLOUR_GOOD;
	case PATH_DEAD:
		return COLOUR_BAD;
	case PATH_HUNG:
		return COLOUR_WARN;
	case PATH_UNKNOWN:
	case PATH_ABSENT:
		break;
	}
	return COLOUR_NONE;
}

static void print_path(struct tree *tree, const struct pod_now *pod, size_t i, bool more)
{
	const struct topology_path *path = &pod->topology.paths[i];
	const struct path_now *now = &pod->paths[i];
	enum colour colour = tree_state_colour(now->state);
	char state[96], past[160];

	describe_state(path, now, state, sizeof(state));
	describe_past(path, past, sizeof(past));
	tree_print_line(tree, more, "%s: %s%s%s%s%s%s", path->path,
		colour_begin(tree->look.colour, colour), state,
		colour_end(tree->look.colour, colour), now->fstype ? ", " : "",
		now->fstype ? now->fstype : "", past);
	tree->depth++;
	print_path_ends(tree, pod, path);
	tree->depth--;
}

/* The paths of the volume `host_path`, or those whose volume is not known yet (NULL). */
static size_t count_paths(const struct topology *topology, const char *host_path)
{
	size_t n = 0;

	for (size_t i = 0; i < topology->n_paths; i++)
		n += host_path ? tree_is_same(topology->paths[i].volume, host_path)
			       : !topology->paths[i].volume;
	return n;
}

static void print_paths(
	struct tree *tree, const struct pod_now *pod, const char *host_path, bool more_after)
{
	size_t left = count_paths(&pod->topology, host_path);

	for (size_t i = 0; i < pod->topology.n_paths; i++) {
		const char *volume = pod->topology.paths[i].volume;

		if (host_path ? tree_is_same(volume, host_path) : !volume)
			print_path(tree, pod, i, --left > 0 || more_after);
	}
}

static void print_volume(struct tree *tree, const struct pod_now *pod,
	const struct topology_volume *volume, bool more)
{
	const char *hand = volume->bound_by_hook    ? ", bound and made shared by the hook"
			   : volume->shared_by_hook ? ", made shared by the hook"
						    : "";
	char group[32] = "not shared";

	if (volume->peer_group > 0)
		snprintf(group, sizeof(group), "peer group %d", volume->peer_group);
	tree_print_line(tree, more, "volume %s: %s, %s%s", volume->host_path,
		volume->fstype ? volume->fstype : "unknown type", group, hand);
	tree->depth++;
	print_paths(tree, pod, volume->host_path, false);
	tree->depth--;
}

/* "denied sonarr: consumer-no-propagation" of each container with findings of that severity. */
static void tree_print_findings(struct tree *tree, const struct topology_container *container,
	enum severity severity, bool more)
{
	const char *separator = ": ";

	begin_line(tree, more);
	colour_print(tree->out, tree->look.colour,
		severity == SEVERITY_DENY ? COLOUR_BAD : COLOUR_WARN,
		severity == SEVERITY_DENY ? "denied" : "warning for");
	fprintf(tree->out, " %s", container->name);
	for (size_t i = 0; i < container->findings.n; i++) {
		if (container->findings.items[i].severity != severity)
			continue;
		fprintf(tree->out, "%s%s", separator, code_name(container->findings.items[i].code));
		separator = ", ";
	}
	fputc('\n', tree->out);
}

static bool has_findings(const struct topology_container *container, enum severity severity)
{
	for (size_t i = 0; i < container->findings.n; i++) {
		if (container->findings.items[i].severity == severity)
			return true;
	}
	return false;
}

static size_t count_findings(const struct topology *topology)
{
	size_t n = 0;

	for (size_t i = 0; i < topology->n_containers; i++)
		n += (size_t)has_findings(&topology->containers[i], SEVERITY_DENY) +
		     (size_t)has_findings(&topology->containers[i], SEVERITY_WARN);
	return n;
}

static void print_all_findings(struct tree *tree, const struct topology *topology)
{
	static const enum severity order[] = {SEVERITY_DENY, SEVERITY_WARN};
	size_t left = count_findings(topology);

	for (size_t s = 0; s < ARRAY_SIZE(order); s++) {
		for (size_t i = 0; i < topology->n_containers; i++) {
			if (has_findings(&topology->containers[i], order[s]))
				tree_print_findings(
					tree, &topology->containers[i], order[s], --left > 0);
		}
	}
}

void status_tree_print(FILE *out, const struct pod_now *pod, const struct tree_look *look)
{
	const struct topology *topology = &pod->topology;
	struct tree tree = {.out = out, .look = *look};
	bool findings = count_findings(topology) > 0;
	bool loose = count_paths(topology, NULL) > 0;

	fprintf(out, "%s%s/%s%s (%s)\n", colour_begin(look->colour, COLOUR_HEAD),
		topology->pod_namespace, topology->pod_name, colour_end(look->colour, COLOUR_HEAD),
		topology->pod_uid);
	for (size_t i = 0; i < topology->n_volumes; i++)
		print_volume(&tree, pod, &topology->volumes[i],
			i + 1 < topology->n_volumes || loose || findings);
	print_paths(&tree, pod, NULL, findings);
	print_all_findings(&tree, topology);
}
