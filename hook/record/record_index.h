/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of all of the node's pods, each read once: who asks of many mounts whose they are, or
 * of many pods in turn, looks only whether a record has been written since.
 */
#ifndef FSH_HOOK_RECORD_RECORD_INDEX_H
#define FSH_HOOK_RECORD_RECORD_INDEX_H

#include "hook/record/record.h"

struct record_entry {
	char *uid;
	struct record_stamp stamp; /* of what was read */
	bool readable;
	/* What others ask of it: volumes, paths, containers without their mounts and all but one
	 * denial of their findings. Empty where it is not readable. */
	struct topology topology;
};

struct record_index {
	struct record_entry *items; /* by uid */
	size_t n;
};

/* Read what was written since the last time, forget what is gone. A record that has no file yet has
 * no entry. 0 or a negative errno. */
int record_index_refresh(struct record_index *index, int runtime_fd, struct error *err);

void record_index_clear(struct record_index *index);

#define cleanup_record_index __attribute__((cleanup(record_index_clear)))

#endif
