/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the kubelet creates containers: who waits for whom, and init containers. */
#include "policy/lint/lint_rules.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"

#include <string.h>

/* What an init container's command line comes to. */
struct init_work {
	bool makes_directories; /* and does little else */
	bool only_ours;		/* all of them are FUSE paths, or lead to some */
};

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* True where the hook makes the directory, on its way to a FUSE path or as one. */
static bool is_made_by_hook(const struct lint_pod *pod, const char *path)
{
	for (size_t i = 0; i < pod->request.n_mounts; i++)
		if (path_below(pod->request.mounts[i].path, path))
			return true;
	return false;
}

/* 1 where each directory is one that the hook makes, 0 where one is not, or -ENOMEM. A mode is for
 * the annotation dir-mode to say, by a person. */
static int order_check_directories(const struct lint_pod *pod, const struct strv *words)
{
	for (size_t i = 1; i < words->n; i++) {
		cleanup_free char *path = NULL;

		if (strcmp(words->items[i], "-p") == 0 || strcmp(words->items[i], "-v") == 0 ||
			strcmp(words->items[i], "-pv") == 0)
			continue;
		if (words->items[i][0] != '/')
			return 0;
		path = path_simplify(words->items[i]);
		if (!path)
			return -ENOMEM;
		if (!is_made_by_hook(pod, path))
			return 0;
	}
	return 1;
}

static int judge_command(const struct lint_pod *pod, const struct strv *words, bool literal,
	struct init_work *init_work)
{
	static const char *const idle[] = {
		"echo", "printf", "true", ":", "set", "exit", "ls", "test", "["};
	static const char *const small[] = {"chmod", "chown", "sleep", "stat"};
	const char *word = words->n > 0 ? words->items[0] : "";
	const char *slash = strrchr(word, '/');
	int r;

	word = slash ? slash + 1 : word;
	if (!literal)
		init_work->only_ours = false;
	if (strcmp(word, "mkdir") == 0) {
		init_work->makes_directories = true;
		r = order_check_directories(pod, words);
		init_work->only_ours = init_work->only_ours && r > 0;
		return r < 0 ? r : 1;
	}
	if (is_one_of(word, idle, ARRAY_SIZE(idle)))
		return 1;
	init_work->only_ours = false;
	return is_one_of(word, small, ARRAY_SIZE(small));
}

/* 0 or -ENOMEM. */
static int judge_init_work(
	const struct lint_pod *pod, const struct pod_container *container, struct init_work *ret)
{
	cleanup_shell_commands struct shell_commands commands = {0};
	struct init_work init_work = {.only_ours = true};
	bool script;
	int r = lint_script(&container->args, &commands, &script);

	*ret = (struct init_work){0};
	if (r < 0)
		return r;
	r = script ? 1 : judge_command(pod, &container->args, true, &init_work);
	for (size_t i = 0; r > 0 && i < commands.n; i++)
		r = judge_command(
			pod, &commands.items[i].words, commands.items[i].literal, &init_work);
	/* 0: a command that is none of the small ones. */
	if (r > 0)
		*ret = init_work;
	return r < 0 ? r : 0;
}

static size_t find_index(const struct manifest_node *list, const struct manifest_node *node)
{
	size_t i = 0;

	while (i < manifest_count(list) && list->items[i] != node)
		i++;
	return i;
}

/* Out of the list, or with the list where it is alone in it. */
static enum edit_outcome drop_container(
	const struct lint_pod *pod, const struct pod_container *container, struct edits *edits)
{
	static const char key[] = "initContainers";
	const struct manifest_node *spec = pod->pod->workload->spec;
	const struct manifest_pair *pair = manifest_pair(spec, key);
	size_t i;

	if (!pair || pair->value->kind != MANIFEST_SEQUENCE)
		return EDIT_SHARED;
	if (pair->value->n == 1)
		return edit_remove_pair(&pod->source, edits, manifest_follow(spec), key);
	i = find_index(pair->value, container->node);
	if (i == pair->value->n)
		return EDIT_SHARED;
	return edit_remove_item(&pod->source, edits, pair->value, i);
}

static int add_needless(struct lint_pod *pod, const struct lint_container *container,
	const struct init_work *init_work)
{
	bool refused = pod->annotated;
	struct lint_finding *finding;
	int r = lint_add(pod,
		&(struct lint_site){lint_name_of(container->pod), FINDING_INIT_DIRS_NEEDLESS,
			container->pod->name,
			init_work->only_ours || pod->request.n_mounts == 0
				? "remove it: the hook makes the directories of the annotation"
				: "remove it; for what else it does, mount a subPath that does not "
				  "hold a FUSE path"},
		refused ? LINT_ERROR : LINT_WARNING, &finding,
		refused ? "init container %s makes directories, as the hook does; it mounts the "
			  "volume above the FUSE paths before a sidecar runs, so that the hook "
			  "refuses it"
			: "init container %s makes directories, which the hook does where the pod "
			  "is annotated",
		container->pod->name);

	/* Without the annotation somebody has to make them. */
	if (r < 0 || !finding || !refused || !pod->valid || !init_work->only_ours)
		return r;
	return lint_outcome(finding, drop_container(pod, container->pod, &finding->edits));
}

static int add_early(struct lint_pod *pod, const struct lint_container *container,
	const struct mount_request *request)
{
	bool init = container->pod->stage == POD_INIT;

	return lint_add(pod,
		&(struct lint_site){lint_name_of(container->pod), FINDING_PROVIDER_NOT_STARTED,
			request->path,
			init ? "mount a subPath of it that does not hold a FUSE path, or make the "
			       "sidecar a native one before it (restartPolicy: Always)"
			     : "list the sidecar before this container, or make it a native "
			       "sidecar (restartPolicy: Always)"},
		pod->annotated ? LINT_ERROR : LINT_WARNING, NULL,
		"%s %s is created before %s, the provider of %s: %s",
		init ? "init container" : "container", container->pod->name, request->provider,
		request->path,
		pod->annotated ? "the hook refuses it until that runs"
			       : "it begins with an empty directory there");
}

static size_t find_container(const struct lint_pod *pod, const char *name)
{
	size_t i = 0;

	while (i < pod->n && strcmp(pod->containers[i].pod->name, name) != 0)
		i++;
	return i;
}

/* The first path that container `i` reads although its provider comes later; NULL without. */
static const struct mount_request *find_later(const struct lint_pod *pod, size_t i)
{
	const struct targets *targets = &pod->containers[i].targets;

	for (size_t j = 0; j < targets->n; j++) {
		const struct target *target = &targets->items[j];
		size_t provider;

		if (target->request->node ||
			(target->relation != TARGET_SEES && target->relation != TARGET_INSIDE))
			continue;
		provider = find_container(pod, target->request->provider);
		if (provider > i && provider < pod->n)
			return target->request;
	}
	return NULL;
}

/* The kubelet waits for the end of an init container, and a daemon has none. */
static int add_endless(struct lint_pod *pod, const struct lint_container *container)
{
	static const char *const keys[] = {"restartPolicy"};
	struct lint_finding *finding;
	int r = lint_add(pod,
		&(struct lint_site){lint_name_of(container->pod), FINDING_PROVIDER_NOT_STARTED,
			container->pod->name,
			"make it a native sidecar: restartPolicy: Always on the init container"},
		LINT_ERROR, &finding,
		"init container %s makes a FUSE mount and does not end: the kubelet never creates "
		"a container after it",
		container->pod->name);

	if (r < 0 || !finding)
		return r;
	return lint_outcome(finding, edit_set(&pod->source, &finding->edits, container->pod->node,
					     &(struct edit_path){keys, 1, "image"},
					     &(struct edit_value){"Always", pod->manifest->json}));
}

static int order_check_container(struct lint_pod *pod, size_t i)
{
	const struct lint_container *container = &pod->containers[i];
	const struct mount_request *later = find_later(pod, i);
	struct init_work init_work = {0};
	int r = 0;

	if (container->pod->stage == POD_INIT && (container->provides || container->mounts))
		return add_endless(pod, container);
	/* A provider does not wait for another. */
	if (!later || container->provides || container->mounts)
		return 0;
	if (container->pod->stage == POD_INIT)
		r = judge_init_work(pod, container->pod, &init_work);
	if (r < 0)
		return r;
	if (init_work.makes_directories)
		return add_needless(pod, container, &init_work);
	/* By hand, whatever an init container does there is its own affair. */
	if (container->pod->stage == POD_INIT && !pod->annotated)
		return 0;
	return add_early(pod, container, later);
}

/* A part of a pod that has nothing but init containers: documentation of the pattern. */
static int check_fragment(struct lint_pod *pod)
{
	for (size_t i = 0; i < pod->n; i++) {
		struct init_work init_work;
		int r;

		if (pod->containers[i].pod->stage != POD_INIT)
			return 0;
		r = judge_init_work(pod, pod->containers[i].pod, &init_work);
		if (r == 0 && init_work.makes_directories && pod->containers[i].pod->n_mounts > 0)
			r = add_needless(pod, &pod->containers[i], &init_work);
		if (r < 0)
			return r;
	}
	return 0;
}

int lint_order(struct lint_pod *pod)
{
	int r = 0;

	if (pod->request.n_mounts == 0 && pod->pod->workload->fragment)
		return check_fragment(pod);
	for (size_t i = 0; r == 0 && i < pod->n; i++)
		r = order_check_container(pod, i);
	return r;
}
