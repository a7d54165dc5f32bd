/* SPDX-License-Identifier: Apache-2.0 */
/* A growing list of owned strings. */
#ifndef FSH_OCI_BASE_STRV_H
#define FSH_OCI_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **items; /* n strings, each owned */
	size_t n;
};

/* Append a copy of `text`. 0 or -ENOMEM. */
int strv_add(struct strv *list, const char *text);
bool strv_contains(const struct strv *list, const char *text);
/* Release everything and leave the list empty. NULL is accepted. */
void strv_clear(struct strv *list);

/*
 * Room for one more element in an array of `n` elements of `size` bytes at *items, grown in powers
 * of two. 0 or -ENOMEM with the array untouched. The new element is zeroed.
 */
int array_grow(void *items, size_t n, size_t size);

#define cleanup_strv __attribute__((cleanup(strv_clear)))

#endif
