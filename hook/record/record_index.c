/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By the file's stamp, not its content: going over hundreds of pods costs a stat(2) each, and only
 * what has changed is parsed. What no question is ever asked about is dropped at once.
 */
#include "hook/record/record_index.h"

#include "oci/base/cleanup.h"
#include <fcntl.h>
#include <string.h>

/* A run of them goes over hundreds of records, and most of a record is of no use to others. */
static void record_index_reduce(struct topology *topology)
{
	for (size_t i = 0; i < topology->n_containers; i++) {
		struct topology_container *container = &topology->containers[i];

		topology_container_clear_mounts(container);
		strv_clear(&container->rc_addresses);
		findings_reduce(&container->findings);
		topology_remove_edges(topology, container->name);
	}
}

static void clear_entry(struct record_entry *entry)
{
	free(entry->uid);
	topology_clear(&entry->topology);
	*entry = (struct record_entry){0};
}

/* Of what was there before: records are asked for in the order of their uids, as they were then. */
static struct record_entry *find_former(struct record_index *former, const char *uid, size_t *at)
{
	while (*at < former->n &&
		(!former->items[*at].uid || strcmp(former->items[*at].uid, uid) < 0))
		(*at)++;
	return *at < former->n && strcmp(former->items[*at].uid, uid) == 0 ? &former->items[*at]
									   : NULL;
}

/* 1 where there is a record, readable or not. The stamp is taken first: what is written meanwhile
 * is read again next time. */
static int read_entry(
	int runtime_fd, const char *uid, const struct record_stamp *stamp, struct record_entry *ret)
{
	cleanup_error struct error unreadable = {0};
	bool found = true;
	int r;

	ret->uid = strdup(uid);
	if (!ret->uid)
		return -ENOMEM;
	ret->stamp = *stamp;
	r = record_load(runtime_fd, uid, &ret->topology, &found, &unreadable);
	if (r == -ENOMEM)
		return r;
	ret->readable = r == 0;
	if (ret->readable)
		record_index_reduce(&ret->topology);
	return found;
}

static int record_index_add(struct record_index *index, int runtime_fd, const char *uid,
	struct record_index *former, size_t *at)
{
	struct record_entry *before = find_former(former, uid, at), *entry;
	struct record_stamp stamp;
	int r;

	record_stamp(runtime_fd, uid, &stamp);
	if (array_grow(&index->items, index->n, sizeof(*index->items)) < 0)
		return -ENOMEM;
	entry = &index->items[index->n];
	if (before && record_stamp_same(&before->stamp, &stamp)) {
		*entry = move_struct(*before);
		index->n++;
		return 0;
	}
	r = read_entry(runtime_fd, uid, &stamp, entry);
	if (r > 0)
		index->n++;
	else
		clear_entry(entry);
	return r < 0 ? r : 0;
}

int record_index_refresh(struct record_index *index, int runtime_fd, struct error *err)
{
	cleanup_record_index struct record_index former = move_struct(*index);
	cleanup_strv struct strv uids = {0};
	size_t at = 0;
	int r = record_list(runtime_fd, &uids, err);

	for (size_t i = 0; r == 0 && i < uids.n; i++) {
		if (record_index_add(index, runtime_fd, uids.items[i], &former, &at) < 0)
			r = error_memory(err);
	}
	return r;
}

void record_index_clear(struct record_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->n; i++)
		clear_entry(&index->items[i]);
	free(index->items);
	*index = (struct record_index){0};
}
