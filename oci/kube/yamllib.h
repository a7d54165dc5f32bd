/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml, loaded when it is asked for (oci/base/library.h): only `lint` reads YAML. */
#ifndef FSH_OCI_KUBE_YAMLLIB_H
#define FSH_OCI_KUBE_YAMLLIB_H

#include <yaml.h>

/* The functions of libyaml that are used, under their names without the prefix. */
struct yamllib {
	int (*parser_initialize)(yaml_parser_t *parser);
	void (*parser_delete)(yaml_parser_t *parser);
	void (*parser_set_input_string)(
		yaml_parser_t *parser, const unsigned char *input, size_t size);
	void (*parser_set_encoding)(yaml_parser_t *parser, yaml_encoding_t encoding);
	int (*parser_parse)(yaml_parser_t *parser, yaml_event_t *event);
	void (*event_delete)(yaml_event_t *event);
};

/* 0 or a negative errno with *ret_reason, as of library_load(). */
int yamllib_load(struct yamllib *ret, const char **ret_reason);

#endif
