/* SPDX-License-Identifier: Apache-2.0 */
/* `linux.seccomp` (runtime-spec, config-linux.md, "Seccomp"). */
#include "oci/base/strv.h"
#include "oci/spec/spec_parts.h"

#include <errno.h>

static int load_rule(const struct jsondoc_get *get, void *data, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	struct spec_seccomp *seccomp = data;
	struct json_object *args = NULL;
	struct spec_seccomp_rule *rule;
	int r;

	if (array_grow(&seccomp->rules, seccomp->n_rules, sizeof(*rule)) < 0)
		return error_memory(err);
	rule = &seccomp->rules[seccomp->n_rules++];
	rule->errno_ret = EPERM;
	r = jsondoc_strv(&required, "names", &rule->names, err);
	if (r < 0)
		return r;
	r = jsondoc_string(&required, "action", &rule->action, err);
	if (r < 0)
		return r;
	r = jsondoc_int64(get, "errnoRet", &rule->errno_ret, NULL, err);
	if (r < 0)
		return r;
	r = jsondoc_array(get, "args", &args, err);
	if (r < 0)
		return r;
	rule->n_args = args ? json_object_array_length(args) : 0;
	return 0;
}

int spec_load_seccomp(
	const struct jsondoc_get *get, struct spec_seccomp *seccomp, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	int r;

	if (!get->object)
		return 0;
	seccomp->present = true;
	seccomp->default_errno_ret = EPERM;
	r = jsondoc_string(&required, "defaultAction", &seccomp->default_action, err);
	if (r < 0)
		return r;
	r = jsondoc_int64(get, "defaultErrnoRet", &seccomp->default_errno_ret, NULL, err);
	if (r < 0)
		return r;
	r = jsondoc_strv(get, "architectures", &seccomp->architectures, err);
	return r < 0 ? r : jsondoc_each(get, "syscalls", load_rule, seccomp, err);
}
