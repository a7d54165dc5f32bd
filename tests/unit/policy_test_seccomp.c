/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seccomp_profile_decide() says is held against the filter itself: the profile is built with
 * libseccomp as crun and runc build it, exported as classic BPF, and run over arguments on both
 * sides of every condition.
 */
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/jsondoc.h"
#include "policy/check/seccomp_profile.h"
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define RULE(name, action) "{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\"}"
#define RULE_ERRNO(name, errno_ret)                                                                \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":" #errno_ret "}"
#define RULE_IF(name, action, args)                                                                \
	"{\"names\":[\"" name "\"],\"action\":\"SCMP_ACT_" action "\",\"args\":[" args "]}"
#define ARG(index, op, value)                                                                      \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_" op "\",\"value\":" #value "}"
#define MASKED(index, mask, value)                                                                 \
	"{\"index\":" #index ",\"op\":\"SCMP_CMP_MASKED_EQ\",\"value\":" #mask                     \
	",\"valueTwo\":" #value "}"
#define PROFILE(action, rules)                                                                     \
	"{\"defaultAction\":\"SCMP_ACT_" action "\",\"syscalls\":[" rules "]}"

#define PASSES 1U
#define ASKS 2U
#define BLOCKS 4U

struct program {
	struct sock_filter *code;
	size_t n;
};

static void release_program(struct program *program)
{
	free(program->code);
}

#define cleanup_program __attribute__((cleanup(release_program)))

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *found = NULL;

	json_object_object_get_ex(object, key, &found);
	return found;
}

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(member(object, key));
}

/* The filter, as runtimes build it */

static uint32_t action_of(struct json_object *object, const char *key, const char *errno_key)
{
	static const struct {
		const char *name;
		uint32_t value;
	} actions[] = {
		{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
		{"SCMP_ACT_LOG", SCMP_ACT_LOG},
		{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
		{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
		{"SCMP_ACT_KILL", SCMP_ACT_KILL},
		{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	};
	struct json_object *given = member(object, errno_key);
	uint16_t data = given ? (uint16_t)json_object_get_int(given) : EPERM;

	if (strcmp(text_of(object, key), "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(data);
	if (strcmp(text_of(object, key), "SCMP_ACT_TRACE") == 0)
		return SCMP_ACT_TRACE(data);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, text_of(object, key)) == 0)
			return actions[i].value;
	fail_msg("%s is not an action", text_of(object, key));
	return 0;
}

static enum scmp_compare operator_of(struct json_object *argument)
{
	static const char *const names[] = {[SCMP_CMP_NE] = "SCMP_CMP_NE",
		[SCMP_CMP_LT] = "SCMP_CMP_LT",
		[SCMP_CMP_LE] = "SCMP_CMP_LE",
		[SCMP_CMP_EQ] = "SCMP_CMP_EQ",
		[SCMP_CMP_GE] = "SCMP_CMP_GE",
		[SCMP_CMP_GT] = "SCMP_CMP_GT",
		[SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ"};

	for (unsigned int i = SCMP_CMP_NE; i <= SCMP_CMP_MASKED_EQ; i++)
		if (strcmp(names[i], text_of(argument, "op")) == 0)
			return (enum scmp_compare)i;
	fail_msg("%s is not an operator", text_of(argument, "op"));
	return SCMP_CMP_EQ;
}

static size_t read_conditions(struct json_object *args, struct scmp_arg_cmp conditions[6])
{
	size_t n = args ? json_object_array_length(args) : 0;

	n = n < 6 ? n : 6;
	for (size_t i = 0; i < n; i++) {
		struct json_object *argument = json_object_array_get_idx(args, i);

		conditions[i] = (struct scmp_arg_cmp){
			.arg = (unsigned int)json_object_get_int(member(argument, "index")),
			.op = operator_of(argument),
			.datum_a = json_object_get_uint64(member(argument, "value")),
			.datum_b = json_object_get_uint64(member(argument, "valueTwo")),
		};
	}
	return n;
}

/* Conditions on one argument cannot be in one rule: runtimes then make a rule of each. */
static bool has_argument_twice(const struct scmp_arg_cmp *conditions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (conditions[i].arg == conditions[j].arg)
				return true;
	return false;
}

static int add_call(scmp_filter_ctx filter, uint32_t action, int number, struct json_object *args)
{
	struct scmp_arg_cmp conditions[6];
	size_t n = read_conditions(args, conditions);

	if (!has_argument_twice(conditions, n))
		return seccomp_rule_add_array(filter, action, number, (unsigned int)n, conditions);
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add_array(filter, action, number, 1, &conditions[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rule(scmp_filter_ctx filter, uint32_t fallback, struct json_object *rule)
{
	struct json_object *names = member(rule, "names");
	uint32_t action = action_of(rule, "action", "errnoRet");

	if (action == fallback)
		return 0;
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		int number = seccomp_syscall_resolve_name(
			json_object_get_string(json_object_array_get_idx(names, i)));
		int r;

		if (number == __NR_SCMP_ERROR)
			continue;
		r = add_call(filter, action, number, member(rule, "args"));
		if (r < 0)
			return r;
	}
	return 0;
}

static void add_architectures(scmp_filter_ctx filter, struct json_object *list)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));
		char lower[32];
		size_t n = 0;
		int r;

		for (name += strlen("SCMP_ARCH_"); *name && n + 1 < sizeof(lower); name++)
			lower[n++] = (char)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
		lower[n] = '\0';
		r = seccomp_arch_add(filter, seccomp_arch_resolve_name(lower));
		assert_true(r == 0 || r == -EEXIST);
	}
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static void export(scmp_filter_ctx filter, struct program *ret)
{
	cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
	off_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_export_bpf(filter, fd), 0);
	size = lseek(fd, 0, SEEK_CUR);
	assert_true(size > 0);
	ret->code = malloc((size_t)size);
	assert_non_null(ret->code);
	assert_int_equal(pread(fd, ret->code, (size_t)size, 0), size);
	ret->n = (size_t)size / sizeof(*ret->code);
}

/* 0, or the error of a profile with which a runtime would start no container. */
static int build(struct json_object *profile, struct program *ret)
{
	uint32_t fallback = action_of(profile, "defaultAction", "defaultErrnoRet");
	__attribute__((cleanup(release_filter))) scmp_filter_ctx filter = seccomp_init(fallback);
	struct json_object *rules = member(profile, "syscalls");

	assert_non_null(filter);
	add_architectures(filter, member(profile, "architectures"));
	for (size_t i = 0; i < json_object_array_length(rules); i++) {
		int r = add_rule(filter, fallback, json_object_array_get_idx(rules, i));

		if (r < 0)
			return r;
	}
	export(filter, ret);
	return 0;
}

/* Running it: the instructions of classic BPF that libseccomp makes */

static uint32_t compute(uint16_t code, uint32_t accumulator, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_AND:
		return accumulator & operand;
	case BPF_OR:
		return accumulator | operand;
	default:
		fail_msg("instruction %#x", code);
		return 0;
	}
}

static bool holds(uint16_t code, uint32_t accumulator, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return accumulator == operand;
	case BPF_JGT:
		return accumulator > operand;
	case BPF_JGE:
		return accumulator >= operand;
	case BPF_JSET:
		return (accumulator & operand) != 0;
	default:
		fail_msg("instruction %#x", code);
		return false;
	}
}

static size_t jump(const struct sock_filter *step, uint32_t accumulator)
{
	if (BPF_OP(step->code) == BPF_JA)
		return step->k;
	return holds(step->code, accumulator, step->k) ? step->jt : step->jf;
}

static uint32_t run(const struct program *program, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (size_t i = 0; i < program->n; i++) {
		const struct sock_filter *step = &program->code[i];

		switch (BPF_CLASS(step->code)) {
		case BPF_LD:
			assert_int_equal(step->code, BPF_LD | BPF_W | BPF_ABS);
			assert_true(step->k + sizeof(accumulator) <= sizeof(*data));
			memcpy(&accumulator, (const char *)data + step->k, sizeof(accumulator));
			break;
		case BPF_ALU:
			accumulator = compute(step->code, accumulator, step->k);
			break;
		case BPF_JMP:
			i += jump(step, accumulator);
			break;
		case BPF_RET:
			assert_int_equal(step->code, BPF_RET | BPF_K);
			return step->k;
		default:
			fail_msg("instruction %#x", step->code);
		}
	}
	fail_msg("the filter has no end");
	return 0;
}

static unsigned int effect_of(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return PASSES;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		return ASKS;
	default:
		return BLOCKS;
	}
}

/* Values around those that the profiles compare with. */
static const uint64_t values[] = {0, 1, 2, 3, 4, 8, 0x20000, 0xffffffff, UINT64_C(0x100000001),
	UINT64_C(0x7e020000), UINT64_MAX};

/* What the call meets over all of these in the first three arguments. */
static unsigned int observe(const struct program *program, int number)
{
	struct seccomp_data data = {.nr = number, .arch = seccomp_arch_native()};
	unsigned int effects = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++)
			for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
				data.args[0] = values[i];
				data.args[1] = values[j];
				data.args[2] = values[k];
				effects |= effect_of(run(program, &data));
			}
	return effects;
}

/* The comparison */

static struct json_object *load_json(const char *text)
{
	static const struct jsondoc_context context = {"profile", FINDING_INTERNAL};
	cleanup_error struct error err = {0};
	struct json_object *object = NULL;

	if (jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &object, &err) < 0)
		fail_msg("%s: %s", error_message(&err), text);
	return object;
}

static void load_spec(const char *profile, struct spec *ret)
{
	cleanup_error struct error err = {0};
	cleanup_free char *text = NULL;

	assert_true(asprintf(&text,
			    "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/r\"},\"process\":{"
			    "\"args\":[\"true\"],\"cwd\":\"/\"},\"linux\":{\"seccomp\":%s}}",
			    profile) > 0);
	if (spec_parse(text, strlen(text), ret, &err) < 0)
		fail_msg("%s: %s", error_message(&err), text);
}

/* Rules with conditions that are in the filter for that name: more than one may add up to a
 * constant, which is not looked for. */
static size_t count_conditional(const struct spec_seccomp *profile, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < profile->n_rules; i++)
		if (profile->rules[i].n_args > 0 && strv_contains(&profile->rules[i].names, name))
			n += profile->rules[i].n_args;
	return n;
}

static void compare(const char *text, const struct spec_seccomp *profile,
	const struct program *program, const char *name)
{
	enum seccomp_decision decision = seccomp_profile_decide(profile, name);
	unsigned int effects = observe(program, seccomp_syscall_resolve_name(name));

	if (decision == SECCOMP_DECISION_ALLOW && effects != PASSES)
		fail_msg("%s: allowed, but the filter has %#x: %s", name, effects, text);
	if (decision == SECCOMP_DECISION_BLOCK && effects != BLOCKS)
		fail_msg("%s: blocked, but the filter has %#x: %s", name, effects, text);
	if (decision == SECCOMP_DECISION_CONDITIONAL && count_conditional(profile, name) <= 1 &&
		(effects == PASSES || effects == BLOCKS))
		fail_msg("%s: conditional, but the filter has %#x: %s", name, effects, text);
}

/* Compare for `names`; false where no runtime takes the profile. */
static bool check_profile(const char *text, const char *const *names, size_t n_names)
{
	cleanup_json struct json_object *profile = load_json(text);
	cleanup_spec struct spec spec = {0};
	cleanup_program struct program program = {0};

	if (build(profile, &program) < 0)
		return false;
	load_spec(text, &spec);
	for (size_t i = 0; i < n_names; i++)
		compare(text, &spec.seccomp, &program, names[i]);
	return true;
}

static enum seccomp_decision decide(const char *text, const char *name)
{
	cleanup_spec struct spec spec = {0};

	load_spec(text, &spec);
	return seccomp_profile_decide(&spec.seccomp, name);
}

static void without_a_profile_every_call_is_allowed(void **state)
{
	struct spec_seccomp profile = {0};

	(void)state;
	assert_int_equal(seccomp_profile_decide(&profile, "mount"), SECCOMP_DECISION_ALLOW);
	assert_int_equal(seccomp_profile_decide(&profile, "no-such-call"), SECCOMP_DECISION_ALLOW);
}

struct decided {
	const char *profile;
	enum seccomp_decision expected; /* for mount */
};

/* What is said of each, and that a filter made of it does so. */
static void check_decided(const struct decided *cases, size_t n)
{
	static const char *const names[] = {"mount", "umount2"};

	for (size_t i = 0; i < n; i++) {
		assert_true(check_profile(cases[i].profile, names, ARRAY_SIZE(names)));
		if (decide(cases[i].profile, "mount") != cases[i].expected)
			fail_msg("%s", cases[i].profile);
	}
}

static void the_default_action_is_decided_as_the_filter_decides(void **state)
{
	static const struct decided cases[] = {
		{PROFILE("ALLOW", ""), SECCOMP_DECISION_ALLOW},
		{PROFILE("LOG", ""), SECCOMP_DECISION_ALLOW},
		{PROFILE("ERRNO", ""), SECCOMP_DECISION_BLOCK},
		{PROFILE("TRAP", ""), SECCOMP_DECISION_BLOCK},
		{PROFILE("KILL", ""), SECCOMP_DECISION_BLOCK},
		{PROFILE("KILL_PROCESS", ""), SECCOMP_DECISION_BLOCK},
		{PROFILE("TRACE", ""), SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("NOTIFY", ""), SECCOMP_DECISION_CONDITIONAL},
	};

	(void)state;
	check_decided(cases, ARRAY_SIZE(cases));
}

static void the_rule_of_a_call_counts_before_the_default(void **state)
{
	static const struct decided cases[] = {
		{PROFILE("ERRNO", RULE("umount2", "ALLOW")), SECCOMP_DECISION_BLOCK},
		{PROFILE("ERRNO", RULE("mount", "ALLOW")), SECCOMP_DECISION_ALLOW},
		{PROFILE("ERRNO", RULE("mount", "LOG")), SECCOMP_DECISION_ALLOW},
		{PROFILE("ALLOW", RULE("mount", "ERRNO")), SECCOMP_DECISION_BLOCK},
		{PROFILE("ALLOW", RULE("mount", "KILL_THREAD")), SECCOMP_DECISION_BLOCK},
		{PROFILE("ALLOW", RULE("mount", "NOTIFY")), SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("ALLOW", RULE("mount", "TRACE")), SECCOMP_DECISION_CONDITIONAL},
	};

	(void)state;
	check_decided(cases, ARRAY_SIZE(cases));
}

static void a_rule_without_conditions_shadows_the_others(void **state)
{
	static const struct decided cases[] = {
		/* The first without conditions shadows what follows. */
		{PROFILE("ERRNO", RULE("mount", "ALLOW") "," RULE("mount", "KILL")),
			SECCOMP_DECISION_ALLOW},
		{PROFILE("LOG", RULE("mount", "KILL") "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_BLOCK},
		{PROFILE("ERRNO",
			 RULE("mount", "ALLOW") "," RULE_IF("mount", "KILL", ARG(0, "EQ", 1))),
			SECCOMP_DECISION_ALLOW},
		/* One without conditions replaces those before it. */
		{PROFILE("ERRNO",
			 RULE_IF("mount", "KILL", ARG(0, "EQ", 1)) "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_ALLOW},
		{PROFILE("ALLOW",
			 RULE_IF("mount", "LOG", ARG(0, "EQ", 1)) "," RULE("mount", "ERRNO")),
			SECCOMP_DECISION_BLOCK},
	};

	(void)state;
	check_decided(cases, ARRAY_SIZE(cases));
}

static void a_rule_with_the_default_action_is_none(void **state)
{
	static const struct decided cases[] = {
		/* A rule with the default action is none: it shadows nothing. */
		{PROFILE("ERRNO", RULE("mount", "ERRNO") "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_ALLOW},
		{PROFILE("KILL", RULE("mount", "KILL_THREAD") "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_ALLOW},
		{PROFILE("ERRNO", RULE_ERRNO("mount", 1) "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_ALLOW},
		/* With another errno it is one. */
		{PROFILE("ERRNO", RULE_ERRNO("mount", 38) "," RULE("mount", "ALLOW")),
			SECCOMP_DECISION_BLOCK},
	};

	(void)state;
	check_decided(cases, ARRAY_SIZE(cases));
}

static void conditions_are_decided_as_the_filter_decides(void **state)
{
	static const struct decided cases[] = {
		{PROFILE("ERRNO", RULE_IF("mount", "ALLOW", ARG(0, "EQ", 1))),
			SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("ALLOW", RULE_IF("mount", "ERRNO", MASKED(1, 3, 2))),
			SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("ALLOW", RULE_IF("mount", "LOG", ARG(0, "GT", 1))),
			SECCOMP_DECISION_ALLOW},
		{PROFILE("ERRNO", RULE_IF("mount", "KILL", ARG(0, "NE", 1))),
			SECCOMP_DECISION_BLOCK},
		{PROFILE("ERRNO", RULE_IF("mount", "ERRNO", ARG(0, "NE", 1))),
			SECCOMP_DECISION_BLOCK},
		/* Conditions on different arguments: all of them; on one: any of them. */
		{PROFILE("ERRNO", RULE_IF("mount", "ALLOW", ARG(0, "EQ", 1) "," ARG(1, "EQ", 2))),
			SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("ERRNO", RULE_IF("mount", "ALLOW", ARG(0, "EQ", 1) "," ARG(0, "EQ", 2))),
			SECCOMP_DECISION_CONDITIONAL},
		{PROFILE("ERRNO",
			 RULE_IF("mount", "ALLOW", ARG(0, "EQ", 1)) "," RULE_IF("mount", "LOG",
				 ARG(1, "LT", 2)) "," RULE_IF("mount", "TRAP", ARG(2, "LE", 2))),
			SECCOMP_DECISION_CONDITIONAL},
		/* An empty list of conditions is none. */
		{PROFILE("ERRNO", RULE_IF("mount", "ALLOW", "")), SECCOMP_DECISION_ALLOW},
	};

	(void)state;
	check_decided(cases, ARRAY_SIZE(cases));
}

static void the_default_errno_counts_for_what_is_the_default(void **state)
{
	static const char profile[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
		"\"syscalls\":[" RULE_ERRNO("mount", 1) "," RULE("mount", "ALLOW") "," RULE_ERRNO(
			"umount2", 38) "," RULE("umount2", "ALLOW") "]}";
	static const char *const names[] = {"mount", "umount2"};

	(void)state;
	assert_true(check_profile(profile, names, ARRAY_SIZE(names)));
	assert_int_equal(decide(profile, "mount"), SECCOMP_DECISION_BLOCK);
	assert_int_equal(decide(profile, "umount2"), SECCOMP_DECISION_ALLOW);
}

static void names_of_calls_that_do_not_exist_are_passed_over(void **state)
{
	static const char profile[] =
		PROFILE("ALLOW", RULE("no_such_call", "ERRNO") "," RULE("mount", "LOG"));

	(void)state;
	assert_int_equal(decide(profile, "mount"), SECCOMP_DECISION_ALLOW);
	assert_int_equal(decide(PROFILE("ERRNO", RULE("no_such_call", "ALLOW")), "mount"),
		SECCOMP_DECISION_BLOCK);
}

static void an_action_that_is_not_known_blocks(void **state)
{
	(void)state;
	assert_int_equal(decide(PROFILE("PERMIT", ""), "mount"), SECCOMP_DECISION_BLOCK);
	assert_int_equal(
		decide(PROFILE("ALLOW", RULE("mount", "PERMIT")), "mount"), SECCOMP_DECISION_BLOCK);
	assert_int_equal(decide(PROFILE("ALLOW", RULE("umount2", "PERMIT")), "mount"),
		SECCOMP_DECISION_ALLOW);
}

/* Pseudo-random profiles */

/* xorshift64: the same profiles on every machine and in every run. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static const char *pick(uint64_t *seed, const char *const *list, size_t n)
{
	return list[next(seed) % n];
}

static void write_condition(FILE *out, uint64_t *seed)
{
	/* With these values each condition holds for some of values[], and not for others. */
	static const char *const operators[] = {"EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"};
	uint64_t index = next(seed) % 3;
	uint64_t value = 1 + next(seed) % 3;

	fprintf(out,
		"{\"index\":%" PRIu64 ",\"op\":\"SCMP_CMP_%s\",\"value\":%" PRIu64
		",\"valueTwo\":%" PRIu64 "}",
		index, pick(seed, operators, ARRAY_SIZE(operators)), value, value);
}

static void write_rule(FILE *out, uint64_t *seed)
{
	static const char *const names[] = {"\"mount\"", "\"umount2\"", "\"mount\",\"umount2\"",
		"\"read\",\"mount\"", "\"fsopen\""};
	static const char *const actions[] = {
		"ALLOW", "ALLOW", "ERRNO", "ERRNO", "LOG", "KILL", "TRAP", "TRACE", "NOTIFY"};
	uint64_t n_conditions = next(seed) % 2 ? 0 : next(seed) % 3;

	fprintf(out, "{\"names\":[%s],\"action\":\"SCMP_ACT_%s\",\"args\":[",
		pick(seed, names, ARRAY_SIZE(names)), pick(seed, actions, ARRAY_SIZE(actions)));
	for (uint64_t i = 0; i < n_conditions; i++) {
		fputs(i ? "," : "", out);
		write_condition(out, seed);
	}
	fputs("]}", out);
}

static char *make_profile(uint64_t *seed)
{
	static const char *const defaults[] = {"ALLOW", "LOG", "ERRNO", "ERRNO", "KILL_PROCESS"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	uint64_t n_rules = next(seed) % 5;

	assert_non_null(out);
	fprintf(out, "{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[",
		pick(seed, defaults, ARRAY_SIZE(defaults)));
	for (uint64_t i = 0; i < n_rules; i++) {
		fputs(i ? "," : "", out);
		write_rule(out, seed);
	}
	fputs("]}", out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(text);
	return text;
}

static void random_profiles_are_decided_as_the_filter_decides(void **state)
{
	static const char *const names[] = {"mount", "umount2"};
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	size_t checked = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		cleanup_free char *profile = make_profile(&seed);

		if (check_profile(profile, names, ARRAY_SIZE(names)))
			checked++;
	}
	/* Rules that contradict each other are refused by libseccomp; most do not. */
	assert_true(checked >= 300);
}

/* What CRI-O writes */

static struct json_object *load_config(const char *name, struct spec *ret)
{
	const char *tests = getenv("TESTS_DIR");
	cleanup_error struct error err = {0};
	cleanup_free char *path = NULL;
	cleanup_free char *text = NULL;
	size_t size = 0;

	assert_true(asprintf(&path, "%s/fixtures/crio/%s/config.json", tests ? tests : "tests",
			    name) > 0);
	assert_int_equal(input_read_file(AT_FDCWD, path, SPEC_MAX_SIZE, &text, &size), 0);
	if (spec_parse(text, size, ret, &err) < 0)
		fail_msg("%s", error_message(&err));
	return load_json(text);
}

static void captured_profiles_are_decided_as_the_filter_decides(void **state)
{
	static const char *const configs[] = {"crio-1.26-runc/seed/plex",
		"crio-1.33-crun/seed/plex", "crio-1.33-runc/seed/plex",
		"crio-1.33-crun/mistakes/rclone-zurg", "crio-1.33-crun/unprivileged/rclone-zurg"};
	static const char *const names[] = {"mount", "umount2", "fsopen", "move_mount", "clone",
		"personality", "socket", "reboot", "read", "kexec_load"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		cleanup_spec struct spec spec = {0};
		cleanup_json struct json_object *config = load_config(configs[i], &spec);
		cleanup_program struct program program = {0};

		assert_true(spec.seccomp.present);
		assert_int_equal(build(member(member(config, "linux"), "seccomp"), &program), 0);
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			compare(configs[i], &spec.seccomp, &program, names[j]);
	}
}

static void the_profile_of_crio_lets_mount_pass(void **state)
{
	cleanup_spec struct spec spec = {0};
	cleanup_json struct json_object *config =
		load_config("crio-1.33-crun/unprivileged/rclone-zurg", &spec);

	(void)state;
	assert_non_null(config);
	assert_int_equal(seccomp_profile_decide(&spec.seccomp, "mount"), SECCOMP_DECISION_ALLOW);
	assert_int_equal(seccomp_profile_decide(&spec.seccomp, "umount2"), SECCOMP_DECISION_ALLOW);
	assert_int_equal(
		seccomp_profile_decide(&spec.seccomp, "personality"), SECCOMP_DECISION_CONDITIONAL);
	assert_int_equal(
		seccomp_profile_decide(&spec.seccomp, "kexec_load"), SECCOMP_DECISION_BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_profile_every_call_is_allowed),
		cmocka_unit_test(the_default_action_is_decided_as_the_filter_decides),
		cmocka_unit_test(the_rule_of_a_call_counts_before_the_default),
		cmocka_unit_test(a_rule_without_conditions_shadows_the_others),
		cmocka_unit_test(a_rule_with_the_default_action_is_none),
		cmocka_unit_test(conditions_are_decided_as_the_filter_decides),
		cmocka_unit_test(the_default_errno_counts_for_what_is_the_default),
		cmocka_unit_test(names_of_calls_that_do_not_exist_are_passed_over),
		cmocka_unit_test(an_action_that_is_not_known_blocks),
		cmocka_unit_test(random_profiles_are_decided_as_the_filter_decides),
		cmocka_unit_test(captured_profiles_are_decided_as_the_filter_decides),
		cmocka_unit_test(the_profile_of_crio_lets_mount_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
