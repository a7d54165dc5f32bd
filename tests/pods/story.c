/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/pods/story.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "tests/support/cmocka.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>

#define POD_DIR "/var/lib/kubelet/pods/" STORY_UID

#define put(to, ...) put_text(to, sizeof(to), __VA_ARGS__)

/* snprintf() that may not cut anything off. */
__attribute__((format(printf, 3, 4))) static void put_text(
	char *to, size_t size, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(to, size, format, arguments);
	va_end(arguments);
	assert_true(n >= 0 && (size_t)n < size);
}

static unsigned int draw(struct story *story, unsigned int below)
{
	return chance_draw(&story->chance, below);
}

static bool once_in(struct story *story, unsigned int times)
{
	return chance_once_in(&story->chance, times);
}

/* The first is always one that providers can have. */
static void draw_volumes(struct story *story)
{
	static const enum volume_kind kinds[] = {
		VOLUME_EMPTY, VOLUME_EMPTY, VOLUME_EMPTY, VOLUME_CLAIM, VOLUME_HOST, VOLUME_NODE};
	static const size_t numbers[] = {1, 1, 2, 2, 2, 3, 3, 4};

	story->n_volumes = numbers[draw(story, ARRAY_SIZE(numbers))];
	for (size_t i = 0; i < story->n_volumes; i++) {
		struct volume *volume = &story->volumes[i];

		volume->kind = kinds[draw(story, ARRAY_SIZE(kinds) - (i == 0))];
		if (volume->kind == VOLUME_HOST)
			put(volume->host, STORY_HOST_ROOT "/v%zu", i);
		else if (volume->kind == VOLUME_NODE)
			put(volume->host, STORY_NODE_ROOT "/v%zu", i);
		else
			put(volume->host, POD_DIR "/volumes/kubernetes.io~%s/v%zu",
				volume->kind == VOLUME_EMPTY ? "empty-dir" : "nfs", i);
	}
}

/* The kubelet gives each subPath a bind mount of its own. */
static void place_view(const struct story *story, const struct part *part, struct view *view)
{
	if (*view->sub)
		put(view->source, POD_DIR "/volume-subpaths/v%zu/%s/%zu", view->volume, part->name,
			part->n_views);
	else
		put(view->source, "%s", story->volumes[view->volume].host);
}

static struct view *find_view(struct part *part, size_t volume)
{
	for (size_t i = 0; i < part->n_views; i++) {
		if (part->views[i].volume == volume)
			return &part->views[i];
	}
	return NULL;
}

static struct view *add_view(const struct story *story, struct part *part, const struct view *draft)
{
	struct view *view = &part->views[part->n_views];

	*view = *draft;
	place_view(story, part, view);
	part->n_views++;
	return view;
}

static size_t draw_providers_volume(struct story *story)
{
	size_t volume = draw(story, (unsigned int)story->n_volumes);

	return story->volumes[volume].kind == VOLUME_NODE ? 0 : volume;
}

static enum daemon_kind draw_daemon(struct story *story)
{
	if (!once_in(story, 4))
		return DAEMON_LIVE;
	return (enum daemon_kind)(DAEMON_ABSENT + draw(story, story->hung ? 5 : 3));
}

static void add_path(struct story *story, size_t provider, const struct view *view)
{
	static const char *const above[] = {"", "", "deep/er/", "deep/", "sp ace/", "\xc3\xbc/"};
	struct story_path *path = &story->paths[story->n_paths];
	char tail[64] = "";

	path->volume = view->volume;
	path->provider = (int)provider;
	put(path->rest, "%sm%zu", above[draw(story, ARRAY_SIZE(above))], story->n_paths);
	if (story->parts[provider].flaw == FLAW_AT_ROOT)
		path->rest[0] = '\0';
	put(tail, "%s%s", *path->rest ? "/" : "", path->rest);
	put(path->fuse, "%s%s", view->destination, tail);
	put(path->host, "%s%s", view->source, tail);
	if (*view->sub)
		put(path->alias, "%s/%s%s", story->volumes[view->volume].host, view->sub, tail);
	path->daemon = draw_daemon(story);
	story->parts[provider].provides = true;
	story->n_paths++;
}

/* Providers of one volume may have it at one place or each at its own, with a subPath or not. */
static struct view *ensure_provider_view(struct story *story, struct part *part, size_t volume)
{
	struct view draft = {.volume = volume, .options = MS_SHARED};
	struct view *view = find_view(part, volume);

	if (view)
		return view;
	if (once_in(story, 6))
		put(draft.sub, "s-%s", part->name);
	/* One that has a place of its own: else two subPaths would be two things of one name. */
	if (*draft.sub || once_in(story, 6))
		put(draft.destination, "/own/%s/v%zu", part->name, volume);
	else
		put(draft.destination, "/mnt/v%zu", volume);
	return add_view(story, part, &draft);
}

static enum flaw draw_flaw(struct story *story)
{
	return once_in(story, 20) ? (enum flaw)(FLAW_NO_PROPAGATION + draw(story, 3)) : FLAW_NONE;
}

static void draw_provider(struct story *story)
{
	size_t index = story->n_parts++, n = 1;
	struct part *part = &story->parts[index];

	n += once_in(story, 3);
	n += once_in(story, 5);
	put(part->name, "rclone-%zu", index);
	part->flaw = draw_flaw(story);
	/* Its FUSE path would be above another's. */
	n = part->flaw == FLAW_AT_ROOT ? 1 : n;
	for (; n > 0 && story->n_paths < STORY_PATHS - STORY_VOLUMES; n--)
		add_path(story, index,
			ensure_provider_view(story, part, draw_providers_volume(story)));
	/* What it sees of others. */
	for (size_t i = 0; i < story->n_volumes && once_in(story, 4); i++) {
		struct view draft = {.volume = i, .options = MS_SLAVE};

		put(draft.destination, "/see/v%zu", i);
		if (!find_view(part, i))
			add_view(story, part, &draft);
	}
	for (size_t i = 0; part->flaw == FLAW_NO_PROPAGATION && i < part->n_views; i++)
		part->views[i].options = MS_PRIVATE;
	if (part->flaw == FLAW_NO_VOLUME)
		part->n_views = 0;
}

/* A directory above some of the FUSE paths, or beside all of them. */
static void draw_sub(struct story *story, struct view *view)
{
	if (story->volumes[view->volume].kind != VOLUME_NODE && once_in(story, 5))
		put(view->sub, "%s", once_in(story, 2) ? "deep" : "config");
}

static void draw_consumer(struct story *story)
{
	size_t index = story->n_parts++;
	struct part *part = &story->parts[index];

	put(part->name, "plex-%zu", index);
	if (once_in(story, 12))
		part->flaw = FLAW_NO_PROPAGATION;
	for (size_t i = 0; i < story->n_volumes; i++) {
		struct view draft = {.volume = i, .options = MS_SLAVE};

		/* Maybe none of them: a bystander. */
		if (once_in(story, 3))
			continue;
		put(draft.destination, once_in(story, 5) ? "/data/v%zu" : "/mnt/v%zu", i);
		draw_sub(story, &draft);
		if (part->flaw == FLAW_NO_PROPAGATION)
			draft.options = MS_PRIVATE;
		if (once_in(story, 2))
			draft.options |= MS_RDONLY;
		add_view(story, part, &draft);
	}
}

static void draw_node_paths(struct story *story)
{
	for (size_t i = 0; i < story->n_volumes; i++) {
		struct story_path *path = &story->paths[story->n_paths];

		if (story->volumes[i].kind != VOLUME_NODE)
			continue;
		path->volume = i;
		path->provider = -1;
		put(path->rest, "node");
		put(path->fuse, "/mnt/v%zu/node", i);
		put(path->host, "%s/node", story->volumes[i].host);
		path->daemon = once_in(story, 5) ? DAEMON_ABSENT : DAEMON_LIVE;
		story->n_paths++;
	}
}

static const struct oddity oddities[] = {
	{"/mounts", "[]"},
	{"/mounts/0/source", NULL},
	{"/mounts/0/source", "'relative/directory'"},
	{"/mounts/0/source", "'/var/lib/kubelet/pods/../pods'"},
	{"/mounts/0/source", "'/nowhere/at/all'"},
	{"/mounts/0/source", "'/'"},
	{"/mounts/0/source", "''"},
	{"/mounts/0/destination", "'/'"},
	{"/mounts/0/destination", "'/elsewhere'"},
	{"/mounts/0/destination", "'/mnt'"},
	{"/mounts/0/destination", "'relative'"},
	{"/mounts/0/destination", "'/run/fuse-sidecar'"},
	{"/mounts/0/type", "'tmpfs'"},
	{"/mounts/0/type", NULL},
	{"/mounts/0/options", NULL},
	{"/mounts/0/options", "[]"},
	{"/mounts/0/options", "['bind', 'rprivate', 'rslave', 'rshared', 'ro', 'rw']"},
	{"/mounts/0", "{'destination': '/mnt/v0', 'type': 'bind'}"},
	{"/linux/rootfsPropagation", NULL},
	{"/linux/rootfsPropagation", "'rprivate'"},
	{"/linux/namespaces", "[]"},
	{"/process/capabilities", "{}"},
	{"/process/capabilities", NULL},
	{"/process/user", "{'uid': 1000, 'gid': 1000, 'additionalGids': [5, 6]}"},
	{"/process/args", "[]"},
	{"/process/args", "['rclone', 'mount']"},
	{"/process/env", NULL},
	{"/root/path", "'/nowhere'"},
	{"/root", NULL},
	{"/annotations/fuse-sidecar.io~1mounts", "''"},
	{"/annotations/fuse-sidecar.io~1mounts", "'@node=/mnt/v0/m0'"},
	{"/annotations/fuse-sidecar.io~1mounts", "'rclone-0=/mnt/v0,rclone-1=/mnt/v1'"},
	{"/annotations/fuse-sidecar.io~1mounts", "'nobody=/mnt/v0/m0, noone=/mnt/v1/m1'"},
	{"/annotations/fuse-sidecar.io~1wait", "'long'"},
	{"/annotations/fuse-sidecar.io~1expose", "'false'"},
	{"/annotations/fuse-sidecar.io~1dir-mode", "'0700'"},
	{"/annotations/fuse-sidecar.io~1dir-owner", "'1000:1000'"},
	{"/annotations/fuse-sidecar.io~1propagation", "'grant'"},
	{"/annotations/io.kubernetes.container.name", "'somebody-else'"},
	{"/annotations/io.kubernetes.pod.uid", NULL},
};

/* A container whose mount is changed has one. */
static void draw_oddity(struct story *story)
{
	struct part *part = &story->parts[draw(story, (unsigned int)story->n_parts)];
	const struct oddity *oddity = &oddities[draw(story, ARRAY_SIZE(oddities))];

	if (part->n_views == 0 && strncmp(oddity->pointer, "/mounts/", 8) == 0)
		return;
	part->odd = oddity;
	story->odd = true;
}

/* As its author should have it, or not. */
static void draw_order(struct story *story)
{
	for (size_t i = 0; i < story->n_parts; i++)
		story->order[i] = i;
	if (once_in(story, 3))
		chance_order(&story->chance, story->order, story->n_parts);
}

void story_draw(uint64_t seed, struct story *ret)
{
	unsigned int providers, consumers;

	*ret = (struct story){.seed = seed, .chance = chance_of(seed)};
	ret->shared_node = !once_in(ret, 3);
	ret->audit = once_in(ret, 8);
	ret->neighbour = once_in(ret, 4);
	ret->hung = once_in(ret, 16);
	draw_volumes(ret);
	providers = 1 + draw(ret, 3);
	consumers = draw(ret, 4);
	while (providers-- > 0)
		draw_provider(ret);
	draw_node_paths(ret);
	while (consumers-- > 0)
		draw_consumer(ret);
	if (once_in(ret, 5))
		draw_oddity(ret);
	ret->killed = once_in(ret, 10);
	draw_order(ret);
}

static bool sees_through(const struct story *story, const struct view *view,
	const struct story_path *path, char *ret, size_t size)
{
	cleanup_free char *shown = path_join(story->volumes[view->volume].host, view->sub);
	const char *rest;

	assert_non_null(shown);
	rest = path_below(*path->alias ? path->alias : path->host, shown);
	if (view->volume != path->volume || !rest || !*rest)
		return false;
	assert_true(snprintf(ret, size, "%s/%s", view->destination, rest) < (int)size);
	return true;
}

bool story_sees(const struct story *story, size_t part, size_t path, char *ret, size_t size)
{
	const struct part *who = &story->parts[part];

	for (size_t i = 0; i < who->n_views; i++) {
		if (sees_through(story, &who->views[i], &story->paths[path], ret, size))
			return true;
	}
	return false;
}

bool story_is_partial(const struct story *story, size_t path)
{
	return *story->paths[path].alias != '\0';
}

char *story_annotation(const struct story *story)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	for (size_t i = 0; i < story->n_paths; i++) {
		const struct story_path *path = &story->paths[i];

		fprintf(to, "%s%s=%s", i ? (i % 2 ? ", " : "\n") : "",
			path->provider < 0 ? "@node" : story->parts[path->provider].name,
			path->fuse);
	}
	fclose(to);
	return text;
}

const char *daemon_kind_name(enum daemon_kind kind)
{
	static const char *const names[] = {
		[DAEMON_LIVE] = "live",
		[DAEMON_ABSENT] = "absent",
		[DAEMON_FAILS] = "fails",
		[DAEMON_DIES] = "dies",
		[DAEMON_HANGS] = "hangs",
		[DAEMON_SWALLOWS] = "swallows",
	};

	return names[kind];
}

static void tell_part(FILE *to, const struct part *part)
{
	static const char *const flaws[] = {
		[FLAW_NONE] = "",
		[FLAW_NO_PROPAGATION] = ", flaw: no propagation",
		[FLAW_NO_VOLUME] = ", flaw: no volume",
		[FLAW_AT_ROOT] = ", flaw: at the volume's root",
	};

	fprintf(to, "  container %s%s\n", part->name, flaws[part->flaw]);
	if (part->odd)
		fprintf(to, "    odd: %s is %s\n", part->odd->pointer,
			part->odd->json ? part->odd->json : "left out");
	for (size_t i = 0; i < part->n_views; i++) {
		const struct view *view = &part->views[i];

		fprintf(to, "    %s <- %s%s%s\n", view->destination, view->source,
			view->options & MS_SHARED  ? " shared"
			: view->options & MS_SLAVE ? " slave"
						   : " private",
			view->options & MS_RDONLY ? " ro" : "");
	}
}

char *story_tell(const struct story *story)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	fprintf(to, "seed %llu: a %s node%s%s%s%s\n", (unsigned long long)story->seed,
		story->shared_node ? "shared" : "private", story->audit ? ", mode audit" : "",
		story->neighbour ? ", with a neighbour" : "", story->hung ? ", hung daemons" : "",
		story->killed ? ", killed hooks" : "");
	for (size_t i = 0; i < story->n_paths; i++)
		fprintf(to, "  path %s = %s, %s, on the host %s\n",
			story->paths[i].provider < 0 ? "@node"
						     : story->parts[story->paths[i].provider].name,
			story->paths[i].fuse, daemon_kind_name(story->paths[i].daemon),
			story->paths[i].host);
	for (size_t i = 0; i < story->n_parts; i++)
		tell_part(to, &story->parts[i]);
	fclose(to);
	return text;
}
