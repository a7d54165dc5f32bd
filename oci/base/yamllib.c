/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/yamllib.h"

#include "oci/base/cleanup.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libyaml-0.so.2" /* its soname since 0.1.1 */

static const struct symbol {
	const char *name;
	size_t offset; /* of the function's pointer in struct yamllib */
} symbols[] = {
	{"yaml_parser_initialize", offsetof(struct yamllib, parser_initialize)},
	{"yaml_parser_delete", offsetof(struct yamllib, parser_delete)},
	{"yaml_parser_set_input_string", offsetof(struct yamllib, parser_set_input_string)},
	{"yaml_parser_set_encoding", offsetof(struct yamllib, parser_set_encoding)},
	{"yaml_parser_parse", offsetof(struct yamllib, parser_parse)},
	{"yaml_event_delete", offsetof(struct yamllib, event_delete)},
};

int yamllib_load(struct yamllib *ret, const char **ret_reason)
{
	/* Never closed: what it holds ends with the process, and a second call gets the same. */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < ARRAY_SIZE(symbols); i++) {
		void *function = dlsym(library, symbols[i].name);

		if (!function)
			library = NULL;
		/* ISO C has no conversion from an object's pointer to a function's. */
		memcpy((char *)ret + symbols[i].offset, &function, sizeof(function));
	}
	if (library)
		return 0;
	*ret_reason = dlerror();
	return -ENOENT;
}
