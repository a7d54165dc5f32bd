/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written out by ranges of characters: what passes here becomes a directory's name or a journal
 * field, and must not depend on a locale or on a regular expression's flavour.
 */
#include "oci/base/ident.h"

#include <stddef.h>
#include <string.h>

#define DNS_LABEL_MAX 63      /* RFC 1123, 2.1 */
#define DNS_SUBDOMAIN_MAX 253 /* RFC 1123 and Kubernetes' object names */

/* The C library's isalnum() and isxdigit() follow the locale; these grammars do not. */
static const char label_alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char hex_alphabet[] = "0123456789abcdefABCDEF";
static const char lower_hex_alphabet[] = "0123456789abcdef";

static bool is_label(const char *text, size_t length)
{
	return length >= 1 && length <= DNS_LABEL_MAX && text[0] != '-' &&
	       text[length - 1] != '-' && strspn(text, label_alphabet) >= length;
}

bool ident_is_dns_label(const char *text)
{
	return is_label(text, strlen(text));
}

bool ident_is_dns_subdomain(const char *text)
{
	if (strlen(text) > DNS_SUBDOMAIN_MAX)
		return false;
	for (;;) {
		size_t length = strcspn(text, ".");

		if (!is_label(text, length))
			return false;
		if (text[length] == '\0')
			return true;
		text += length + 1;
	}
}

static bool is_uuid(const char *text)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strspn(text, hex_alphabet) != groups[i])
			return false;
		text += groups[i];
		if (*text != (i == 4 ? '\0' : '-'))
			return false;
		text++;
	}
	return true;
}

bool ident_is_pod_uid(const char *text)
{
	if (strlen(text) == 32)
		return strspn(text, hex_alphabet) == 32;
	return is_uuid(text);
}

bool ident_is_container_id(const char *text)
{
	return strlen(text) == 64 && strspn(text, lower_hex_alphabet) == 64;
}
