/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of oci/base/jsonlex.h share. */
#ifndef FSH_OCI_BASE_JSONLEX_PARTS_H
#define FSH_OCI_BASE_JSONLEX_PARTS_H

#include <stdbool.h>

static inline bool jsonlex_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
