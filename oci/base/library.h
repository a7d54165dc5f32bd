/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that are loaded when they are needed: a hook run must not pay for those that it never
 * calls. */
#ifndef FSH_OCI_BASE_LIBRARY_H
#define FSH_OCI_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* A function of the library, and where its pointer is in a struct of such pointers. */
struct library_symbol {
	const char *name;
	size_t offset;
};

/*
 * Load the library `soname` and set the pointers in `ret` to its functions. It stays loaded, and
 * loading it again costs little. 0, or a negative errno with *ret_reason what is wrong, valid until
 * the next call: -ENOENT where dlopen(3) or dlsym(3) fails, -EPERM after library_load_no_more().
 */
int library_load(const char *soname, const struct library_symbol *symbols, size_t n, void *ret,
	const char **ret_reason);

/* From now on this process cannot load any: the filter of system calls lets nothing become code. */
void library_load_no_more(void);

/* Whether it still can. */
bool library_loads(void);

#endif
