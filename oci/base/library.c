/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlopen(3) until the process is confined: afterwards no file can be mapped as code, and who asks
 * is told so in place of a crash.
 */
#include "oci/base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static bool closed; /* see library_load_no_more() */

int library_load(const char *soname, const struct library_symbol *symbols, size_t n, void *ret,
	const char **ret_reason)
{
	void *library;

	if (closed) {
		*ret_reason = "no library can be loaded any more";
		return -EPERM;
	}
	/* Never closed: what it holds ends with the process, and a second call gets the same. */
	library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; library && i < n; i++) {
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

void library_load_no_more(void)
{
	closed = true;
}

bool library_loads(void)
{
	return !closed;
}
