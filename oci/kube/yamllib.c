/* SPDX-License-Identifier: Apache-2.0 */
/* The six functions of libyaml that reading takes, by name: hooks never load it. */
#include "oci/kube/yamllib.h"

#include "oci/base/cleanup.h"
#include "oci/base/library.h"

#define LIBRARY "libyaml-0.so.2" /* its soname since 0.1.1 */

static const struct library_symbol symbols[] = {
	{"yaml_parser_initialize", offsetof(struct yamllib, parser_initialize)},
	{"yaml_parser_delete", offsetof(struct yamllib, parser_delete)},
	{"yaml_parser_set_input_string", offsetof(struct yamllib, parser_set_input_string)},
	{"yaml_parser_set_encoding", offsetof(struct yamllib, parser_set_encoding)},
	{"yaml_parser_parse", offsetof(struct yamllib, parser_parse)},
	{"yaml_event_delete", offsetof(struct yamllib, event_delete)},
};

int yamllib_load(struct yamllib *ret, const char **ret_reason)
{
	return library_load(LIBRARY, symbols, ARRAY_SIZE(symbols), ret, ret_reason);
}
