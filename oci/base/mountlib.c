/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The symbols of libmount, resolved by name: the header gives the types, and nothing is linked
 * that the dynamic loader would have to map for each run.
 */
#include "oci/base/mountlib.h"

#include "oci/base/cleanup.h"
#include "oci/base/library.h"

#define LIBRARY "libmount.so.1"

#define SYMBOL(name)                                                                               \
	{                                                                                          \
		"mnt_" #name, offsetof(struct mountlib, name)                                      \
	}

static const struct library_symbol symbols[] = {
	SYMBOL(new_table),
	SYMBOL(unref_table),
	SYMBOL(table_set_userdata),
	SYMBOL(table_get_userdata),
	SYMBOL(table_set_parser_errcb),
	SYMBOL(table_parse_stream),
	SYMBOL(new_iter),
	SYMBOL(free_iter),
	SYMBOL(table_next_fs),
	SYMBOL(fs_is_kernel),
	SYMBOL(fs_get_id),
	SYMBOL(fs_get_parent_id),
	SYMBOL(fs_get_devno),
	SYMBOL(fs_get_root),
	SYMBOL(fs_get_target),
	SYMBOL(fs_get_fstype),
	SYMBOL(fs_get_fs_options),
	SYMBOL(fs_get_vfs_options),
	SYMBOL(fs_get_optional_fields),
};

static struct mountlib loaded;
static bool is_loaded;

int mountlib_load(const struct mountlib **ret, const char **ret_reason)
{
	const char *reason;
	int r = 0;

	if (!is_loaded)
		r = library_load(LIBRARY, symbols, ARRAY_SIZE(symbols), &loaded,
			ret_reason ? ret_reason : &reason);
	if (r < 0)
		return r;
	is_loaded = true;
	if (ret)
		*ret = &loaded;
	return 0;
}

bool mountlib_usable(void)
{
	return is_loaded || library_loads();
}
