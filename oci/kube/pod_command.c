/* SPDX-License-Identifier: Apache-2.0 */
/* A container's command line and environment, as the kubelet makes them of the manifest. */
#include "oci/kube/pod_parts.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is replaced in the words of a pod, in bytes, and by how many variables: people write less,
 * and others would have it grow without end. */
#define EXPANDED_MAX 65536
#define VARIABLES_MAX 1000
#define NAME_LENGTH_MAX 256

/* The values of the variables that the manifest itself has: not those from secrets and fields. */
static int load_env(struct pod_container *container)
{
	const struct manifest_node *list = manifest_get(container->node, "env");

	for (size_t i = 0; i < manifest_count(list); i++) {
		const char *name = manifest_string(manifest_item(list, i), "name");
		const char *value = manifest_string(manifest_item(list, i), "value");
		cleanup_free char *text = NULL;

		if (!name || !value)
			continue;
		text = strformat("%s=%s", name, value);
		if (!text)
			return -ENOMEM;
		if (strv_add(&container->env, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* The last of that name counts. */
static const char *find_value(const struct strv *env, const char *name, size_t length)
{
	for (size_t i = env->n; i > 0; i--)
		if (strncmp(env->items[i - 1], name, length) == 0 &&
			env->items[i - 1][length] == '=')
			return env->items[i - 1] + length + 1;
	return NULL;
}

/* The value of the variable that "$(NAME)" at the beginning of `text` names, and its length; NULL
 * where there is none. */
static const char *find_reference(const struct strv *env, const char *text, size_t *ret_length)
{
	size_t length = strnlen(text, NAME_LENGTH_MAX);
	const char *end = strncmp(text, "$(", 2) == 0 ? memchr(text, ')', length) : NULL;

	const char *value = end ? find_value(env, text + 2, (size_t)(end - text) - 2) : NULL;

	if (value)
		*ret_length = (size_t)(end - text) + 1;
	return value;
}

/*
 * `text` with "$(NAME)" replaced (Kubernetes API, Container.args): "$$" is one "$", what has no
 * value stays, and values are not replaced in again. *ret stays NULL where it would become longer
 * than `room`.
 */
static int pod_expand(const struct strv *env, const char *text, size_t room, char **ret)
{
	cleanup_free char *buffer = malloc(room + 1);
	size_t size = 0;

	if (!buffer)
		return -ENOMEM;
	while (*text) {
		size_t taken = strncmp(text, "$$", 2) == 0 ? 2 : 1;
		const char *value = find_reference(env, text, &taken);
		size_t length = value ? strlen(value) : 1;

		if (size + length > room)
			return 0;
		memcpy(buffer + size, value ? value : text, length);
		size += length;
		text += taken;
	}
	buffer[size] = '\0';
	*ret = strdup(buffer);
	return *ret ? 0 : -ENOMEM;
}

/* One word of the command line, as a copy where something in it is replaced. */
static int add_word(struct pod *pod, struct pod_container *container, const char *text)
{
	cleanup_free char *word = NULL;
	size_t room = EXPANDED_MAX - pod->expanded;
	int r;

	if (!strchr(text, '$') || strlen(text) > room || container->env.n > VARIABLES_MAX)
		return strv_add(&container->args, text);
	r = pod_expand(&container->env, text, room, &word);
	if (r < 0)
		return r;
	if (word)
		pod->expanded += strlen(word);
	return strv_add(&container->args, word ? word : text);
}

static int load_words(struct pod *pod, struct pod_container *container, const char *key)
{
	const struct manifest_node *list = manifest_get(container->node, key);
	int r;

	if (!pod_is_list(pod, container->node, key, &r))
		return r;
	for (size_t i = 0; r == 0 && i < manifest_count(list); i++) {
		const struct manifest_node *item = manifest_item(list, i);
		const char *text = manifest_text(item);

		if (text)
			r = add_word(pod, container, text);
		else if (item)
			r = pod_add_problem(pod, item, "put it in quotes",
				"an item of %s is not text: a colon and a blank after it make it a "
				"mapping",
				key);
	}
	return r;
}

char *pod_image_name(const struct pod_container *container)
{
	const char *image = manifest_string(container->node, "image");
	const char *slash = image ? strrchr(image, '/') : NULL;
	const char *name = slash ? slash + 1 : image;

	return name ? strndup(name, strcspn(name, ":@")) : strdup("");
}

/* What comes before the arguments where the image says it: rclone/rclone's is rclone. */
static int add_entrypoint(struct pod_container *container)
{
	cleanup_free char *image = pod_image_name(container);

	if (!image)
		return -ENOMEM;
	/* A fragment may leave the image out. */
	if (strcmp(image, "rclone") != 0 && (*image || strncmp(container->name, "rclone", 6) != 0))
		return 0;
	return strv_add(&container->args, "rclone");
}

int pod_load_command(struct pod *pod, struct pod_container *container)
{
	int r = load_env(container);

	if (r == 0 && !manifest_get(container->node, "command"))
		r = add_entrypoint(container);
	else if (r == 0)
		r = load_words(pod, container, "command");
	return r < 0 ? r : load_words(pod, container, "args");
}
