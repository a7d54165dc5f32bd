/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of oci/spec/spec.c: each fills its members of a struct spec. Not for others. */
#ifndef FSH_OCI_SPEC_SPEC_PARTS_H
#define FSH_OCI_SPEC_SPEC_PARTS_H

#include "oci/base/jsondoc.h"
#include "oci/spec/spec.h"

/* `root` is the top level. Errors as spec_parse()'s; what was filled is the caller's to clear. */
int spec_load_process(const struct jsondoc_get *root, struct spec *spec, struct error *err);
int spec_load_mounts(const struct jsondoc_get *root, struct spec *spec, struct error *err);
int spec_load_linux(const struct jsondoc_get *root, struct spec *spec, struct error *err);

/* `get` is linux.resources. */
int spec_load_resources(const struct jsondoc_get *get, struct spec *spec, struct error *err);
/* `get` is linux.seccomp. */
int spec_load_seccomp(
	const struct jsondoc_get *get, struct spec_seccomp *seccomp, struct error *err);

/* "rslave" and its like; *ret_recursive (may be NULL) for those with an r. False for other text. */
bool spec_propagation(const char *name, enum propagation *ret, bool *ret_recursive);

/* The same getter for members that must be there. */
static inline struct jsondoc_get spec_require(const struct jsondoc_get *get)
{
	struct jsondoc_get required = *get;

	required.required = true;
	return required;
}

/* jsondoc_enter() for an object that must be there. */
static inline int spec_enter_required(const struct jsondoc_get *get, const char *key,
	struct jsondoc_scope *ret, struct error *err)
{
	struct jsondoc_get required = spec_require(get);

	return jsondoc_enter(&required, key, ret, err);
}

#endif
