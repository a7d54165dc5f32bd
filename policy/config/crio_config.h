/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CRI-O's configuration comes to, as far as hooks go: pkg/config/config.go of CRI-O. Its files
 * are TOML; here they come as JSON (hook/doctor/inspect.cc).
 */
#ifndef FSH_POLICY_CONFIG_CRIO_CONFIG_H
#define FSH_POLICY_CONFIG_CRIO_CONFIG_H

#include "oci/base/error.h"
#include "oci/base/jsondoc.h"
#include "oci/base/strv.h"
#include <stdbool.h>
#include <stddef.h>

#define CRIO_DEFAULT_HOOKS_DIR "/usr/share/containers/oci/hooks.d"

/* An entry of [crio.runtime.runtimes]. */
struct crio_runtime {
	char *name;
	char *path; /* NULL: CRI-O looks for `name` in its PATH */
	char *type; /* "oci", "vm", "pod"; NULL: "oci" */
};

struct crio_config {
	struct strv hooks_dirs;	    /* of equal file names the last directory's counts */
	char *hooks_dirs_from;	    /* who said so, NULL: CRI-O's own default */
	char *default_runtime;	    /* NULL: CRI-O's own default, which depends on its version */
	char *default_runtime_from; /* NULL as above */
	struct crio_runtime *runtimes;
	size_t n_runtimes;
};

/* Without any file. 0 or -ENOMEM. */
int crio_config_defaults(struct crio_config *ret);

/*
 * Add a file, read after those before it: what it has replaces what they had, a list as a whole, a
 * runtime as a whole. `name` is its path. Values of a wrong type are an error, as for CRI-O, which
 * does not start then (FINDING_POLICY_INVALID).
 */
int crio_config_merge(
	struct crio_config *config, struct json_object *file, const char *name, struct error *err);

/* The command line's word: directories separated by commas; a runtime's name. 0 or -ENOMEM. */
int crio_config_set_hooks_dirs(struct crio_config *config, const char *list, const char *from);
int crio_config_set_runtime(struct crio_config *config, const char *name, const char *from);

/* The entry of that name, NULL without. */
const struct crio_runtime *crio_config_runtime(const struct crio_config *config, const char *name);

void crio_config_clear(struct crio_config *config);

#define cleanup_crio_config __attribute__((cleanup(crio_config_clear)))

/* "1.33.4" as a number that can be compared: 1033. 0 where it is none. */
unsigned int crio_version_number(const char *version);

/* The runtime that CRI-O of that version takes by default: "crun" since 1.31. Static storage. */
const char *crio_default_runtime(unsigned int version);

#endif
