/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state and a config.json, read and parsed in this process: the hook reads the bytes in one
 * process and has them parsed in another (hook/sandbox/parser.h), by the same functions.
 */
#ifndef FSH_TESTS_SUPPORT_READ_INPUT_H
#define FSH_TESTS_SUPPORT_READ_INPUT_H

#include "oci/spec/spec.h"
#include "oci/spec/state.h"

/* state_fetch() and state_parse(). */
int state_read(int fd, struct state *ret, struct error *err);

/* spec_fetch() and spec_parse(). */
int spec_read(int dir, const char *path, struct spec *ret, struct error *err);

/* spec_fetch_bundle() and spec_parse(). */
int spec_read_bundle(const char *bundle, struct spec *ret, struct error *err);

#endif
