/* SPDX-License-Identifier: Apache-2.0 */
/* `linux.resources` (runtime-spec, config-linux.md, "Control groups"). */
#include "oci/base/cleanup.h"
#include "oci/base/strv.h"
#include "oci/base/text.h"
#include "oci/spec/spec_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Absent and empty: any type. */
static int load_rule_type(const struct jsondoc_get *get, char *ret, struct error *err)
{
	cleanup_free char *type = NULL;
	int r = jsondoc_string(get, "type", &type, err);

	if (r < 0)
		return r;
	*ret = 'a';
	if (!type || *type == '\0')
		return 0;
	if (strlen(type) != 1 || !strchr("abc", type[0]))
		return jsondoc_error(get, "type", "write a, b or c", err,
			"%s is not a type of device: expected a, b or c", text_quote(type));
	*ret = type[0];
	return 0;
}

/* Absent and empty: every access. */
static int load_access(const struct jsondoc_get *get, unsigned int *ret, struct error *err)
{
	cleanup_free char *access = NULL;
	unsigned int bits = 0;
	int r = jsondoc_string(get, "access", &access, err);

	if (r < 0)
		return r;
	for (const char *c = access ? access : ""; *c; c++) {
		if (!strchr("rwm", *c))
			return jsondoc_error(get, "access", "write rwm", err,
				"%s is not an access: expected letters of rwm", text_quote(access));
		bits |= *c == 'r' ? DEVICE_READ : *c == 'w' ? DEVICE_WRITE : DEVICE_MKNOD;
	}
	*ret = bits ? bits : DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;
	return 0;
}

static int load_device_rule(const struct jsondoc_get *get, void *data, struct error *err)
{
	const struct jsondoc_get required = spec_require(get);
	struct spec *spec = data;
	struct spec_device_rule *rule;
	int r;

	if (array_grow(&spec->device_rules, spec->n_device_rules, sizeof(*rule)) < 0)
		return error_memory(err);
	rule = &spec->device_rules[spec->n_device_rules++];
	rule->major = rule->minor = -1;
	r = jsondoc_bool(&required, "allow", &rule->allow, NULL, err);
	if (r < 0)
		return r;
	r = load_rule_type(get, &rule->type, err);
	if (r < 0)
		return r;
	r = jsondoc_int64(get, "major", &rule->major, NULL, err);
	if (r < 0)
		return r;
	r = jsondoc_int64(get, "minor", &rule->minor, NULL, err);
	return r < 0 ? r : load_access(get, &rule->access, err);
}

static int load_memory(const struct jsondoc_get *resources, struct spec *spec, struct error *err)
{
	struct jsondoc_scope memory;
	int64_t limit = 0;
	int r = jsondoc_enter(resources, "memory", &memory, err);

	if (r < 0)
		return r;
	r = jsondoc_int64(&memory.get, "limit", &limit, NULL, err);
	if (r < 0)
		return r;
	spec->has_memory_limit = limit > 0;
	spec->memory_limit = limit > 0 ? limit : 0;
	return 0;
}

static int load_cpu(const struct jsondoc_get *resources, struct spec *spec, struct error *err)
{
	struct jsondoc_scope cpu;
	int64_t quota = 0, period = 0;
	int r = jsondoc_enter(resources, "cpu", &cpu, err);

	if (r < 0)
		return r;
	r = jsondoc_int64(&cpu.get, "quota", &quota, NULL, err);
	if (r < 0)
		return r;
	spec->has_cpu_limit = quota > 0;
	spec->cpu_quota = quota > 0 ? quota : 0;
	r = jsondoc_int64(&cpu.get, "period", &period, NULL, err);
	if (r < 0)
		return r;
	spec->cpu_period = period > 0 ? period : 0;
	return 0;
}

static bool is_max(const char *value)
{
	return strncmp(value, "max", 3) == 0;
}

/* The number at *text, which is moved behind it; 0 where there is none. */
static int64_t resources_read_number(const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	int64_t number = 0;

	/* 18 digits always fit. */
	if (digits > 0 && digits <= 18)
		number = strtoll(*text, NULL, 10);
	*text += digits;
	return number;
}

/* memory.max of cgroup v2: bytes, with a suffix for those who want one, or "max". */
static void apply_memory_max(struct spec *spec, const char *value)
{
	int64_t limit;

	/* A limit that is not understood is still a limit. */
	spec->has_memory_limit = !is_max(value);
	limit = resources_read_number(&value);
	spec->memory_limit = *value == '\0' ? limit : 0;
}

/* cpu.max of cgroup v2: "QUOTA PERIOD" in microseconds, QUOTA may be "max", PERIOD absent. */
static void apply_cpu_max(struct spec *spec, const char *value)
{
	spec->has_cpu_limit = !is_max(value);
	spec->cpu_quota = resources_read_number(&value);
	value += strcspn(value, " ");
	value += strspn(value, " ");
	spec->cpu_period = resources_read_number(&value);
}

/* Runtimes write these files last: they win over memory.limit and cpu.quota. */
static int load_unified(const struct jsondoc_get *resources, struct spec *spec, struct error *err)
{
	cleanup_free char *memory = NULL;
	cleanup_free char *cpu = NULL;
	struct jsondoc_scope unified;
	int r = jsondoc_enter(resources, "unified", &unified, err);

	if (r < 0)
		return r;
	r = jsondoc_string(&unified.get, "memory.max", &memory, err);
	if (r < 0)
		return r;
	r = jsondoc_string(&unified.get, "cpu.max", &cpu, err);
	if (r < 0)
		return r;
	if (memory)
		apply_memory_max(spec, memory);
	if (cpu)
		apply_cpu_max(spec, cpu);
	return 0;
}

int spec_load_resources(const struct jsondoc_get *get, struct spec *spec, struct error *err)
{
	int r = jsondoc_each(get, "devices", load_device_rule, spec, err);

	if (r < 0)
		return r;
	r = load_memory(get, spec, err);
	if (r < 0)
		return r;
	r = load_cpu(get, spec, err);
	return r < 0 ? r : load_unified(get, spec, err);
}
