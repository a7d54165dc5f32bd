/* SPDX-License-Identifier: Apache-2.0 */
/* A mount table: names of directories, file systems and sources are a pod's to choose. */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/spec/mountinfo.h"
#include <string.h>

static void check_entry(const struct mount_entry *entry)
{
	FUZZ_EXPECT(entry->id >= 0 && entry->parent >= 0);
	FUZZ_EXPECT(entry->shared >= 0 && entry->master >= 0 && entry->propagate_from >= 0);
	FUZZ_EXPECT(entry->target[0] == '/');
	FUZZ_EXPECT(entry->root && entry->fstype);
	FUZZ_EXPECT(entry->vfs_options);
	FUZZ_EXPECT(mount_entry_is_fuse(entry) || entry->fuse_user == -1);
}

void fuzz_mountinfo(const char *data, size_t size)
{
	cleanup_free char *copy = NULL;
	cleanup_file FILE *stream = NULL;
	cleanup_error struct error err = {0};
	struct mount_table table;
	int r;

	/* The C library has no stream of nothing. */
	if (size == 0)
		return;
	/* fmemopen(3) takes no constant. */
	copy = malloc(size);
	FUZZ_EXPECT(copy);
	memcpy(copy, data, size);
	stream = fmemopen(copy, size, "r");
	FUZZ_EXPECT(stream);
	fuzz_poison(&table, sizeof(table));
	r = mountinfo_read_stream(stream, "mountinfo", &table, &err);
	if (!fuzz_succeeded(r, &err, &table, sizeof(table)))
		return;
	for (size_t i = 0; i < table.n; i++)
		check_entry(&table.entries[i]);
	mount_table_clear(&table);
}
