/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmount, loaded when it is asked for (oci/base/library.h): a stage on a kernel that tells every
 * mount by statmount(2) reads no mount table as text, and libmount comes with libblkid, libselinux
 * and libpcre2.
 */
#ifndef FSH_OCI_BASE_MOUNTLIB_H
#define FSH_OCI_BASE_MOUNTLIB_H

#include <libmount.h>
#include <stdbool.h>
#include <stdio.h>

/* The functions of libmount that are used, under their names without the prefix. */
struct mountlib {
	struct libmnt_table *(*new_table)(void);
	void (*unref_table)(struct libmnt_table *table);
	int (*table_set_userdata)(struct libmnt_table *table, void *data);
	void *(*table_get_userdata)(struct libmnt_table *table);
	int (*table_set_parser_errcb)(struct libmnt_table *table,
		int (*callback)(struct libmnt_table *table, const char *name, int line));
	int (*table_parse_stream)(struct libmnt_table *table, FILE *stream, const char *name);
	struct libmnt_iter *(*new_iter)(int direction);
	void (*free_iter)(struct libmnt_iter *iter);
	int (*table_next_fs)(
		struct libmnt_table *table, struct libmnt_iter *iter, struct libmnt_fs **ret);
	int (*fs_is_kernel)(struct libmnt_fs *fs);
	int (*fs_get_id)(struct libmnt_fs *fs);
	int (*fs_get_parent_id)(struct libmnt_fs *fs);
	dev_t (*fs_get_devno)(struct libmnt_fs *fs);
	const char *(*fs_get_root)(struct libmnt_fs *fs);
	const char *(*fs_get_target)(struct libmnt_fs *fs);
	const char *(*fs_get_fstype)(struct libmnt_fs *fs);
	const char *(*fs_get_fs_options)(struct libmnt_fs *fs);
	const char *(*fs_get_vfs_options)(struct libmnt_fs *fs);
	const char *(*fs_get_optional_fields)(struct libmnt_fs *fs);
};

/* The library, loaded now unless it is already. 0 or a negative errno with *ret_reason, as of
 * library_load(). Either may be NULL. */
int mountlib_load(const struct mountlib **ret, const char **ret_reason);

/* Whether it is loaded, or may still be. */
bool mountlib_usable(void);

#endif
