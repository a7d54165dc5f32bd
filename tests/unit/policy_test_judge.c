/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/check/judge.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "policy/check/target_source.h"
#include "tests/support/world.h"

#define V WORLD_VOLUME

/* A member of a judgement's JSON by its dotted path; NULL where it is not there or null. */
static struct json_object *find(struct json_object *value, const char *path)
{
	char keys[128], *rest = keys;

	snprintf(keys, sizeof(keys), "%s", path);
	for (char *key = strsep(&rest, "."); key && value; key = strsep(&rest, ".")) {
		if (json_object_is_type(value, json_type_array))
			value = json_object_array_get_idx(value, strtoul(key, NULL, 10));
		else if (!json_object_object_get_ex(value, key, &value))
			return NULL;
	}
	return value;
}

static void assert_member(struct json_object *value, const char *path, const char *text)
{
	struct json_object *member = find(value, path);

	if (!member || strcmp(json_object_get_string(member), text) != 0)
		fail_msg("%s is %s, not %s", path, json_object_get_string(member), text);
}

static struct json_object *format(
	const struct judgement *judgement, const struct identity *identity)
{
	const struct jsondoc_context context = {"judgement", FINDING_INTERNAL};
	cleanup_free char *text = judgement_format(judgement, identity);
	cleanup_error struct error err = {0};
	struct json_object *object = NULL;

	assert_non_null(text);
	assert_int_equal(text[strlen(text) - 1], '\n');
	if (jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &object, &err) < 0)
		fail_msg("%s", error_message(&err));
	return object;
}

static void a_healthy_provider_is_allowed_with_a_plan(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.role, ROLE_PROVIDER);
	assert_int_equal(judgement.verdict, VERDICT_ALLOW);
	assert_int_equal(judgement.exit, EXIT_DONE);
	assert_int_equal(judgement.findings.n, 0);
	assert_int_equal(judgement.plan.n, 5);
}

static void a_denial_has_an_exit_code_and_no_plan(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.verdict, VERDICT_DENY);
	assert_int_equal(judgement.exit, EXIT_PROPAGATION);
	assert_int_equal(judgement.plan.n, 0);
}

static void a_warning_has_a_plan(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "linux.resources.memory", NULL);
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.verdict, VERDICT_WARN);
	assert_int_equal(judgement.exit, EXIT_DONE);
	assert_int_equal(judgement.plan.n, 5);
}

static void the_severity_of_the_policy_decides(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "linux.resources.memory", NULL);
	world.config.severity[FINDING_LIMITS_MISSING] = SEVERITY_DENY;
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.exit, EXIT_POLICY);
}

static void a_pod_that_asks_for_nothing_is_inactive(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_annotate(&world, ANNOTATION_MOUNTS, NULL);
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.role, ROLE_INACTIVE);
	assert_int_equal(judgement.verdict, VERDICT_ALLOW);
	assert_int_equal(judgement.plan.n, 0);
}

static void a_sandbox_is_inactive(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, "io.kubernetes.cri-o.ContainerType", "sandbox");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.role, ROLE_INACTIVE);
}

static void the_json_of_a_sandbox_has_no_container(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_json struct json_object *object = NULL;
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, "io.kubernetes.cri-o.ContainerType", "sandbox");
	world_annotate(&world, "io.kubernetes.container.name", NULL);
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	object = format(&judgement, world.facts.identity);
	assert_member(object, "pod.name", "plex-0");
	assert_true(json_object_object_get_ex(object, "container", NULL));
	assert_null(json_object_object_get(object, "container"));
}

static void the_json_of_a_denial_has_the_findings(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_json struct json_object *json = NULL;
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "mounts.0.options", "['rbind', 'rprivate']");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	json = format(&judgement, world.facts.identity);
	assert_member(json, "schema", "fuse-sidecar.io/check/v1");
	assert_member(json, "pod.name", "plex-0");
	assert_member(json, "pod.namespace", "media");
	assert_member(json, "pod.uid", "01234567-89ab-cdef-0123-456789abcdef");
	assert_member(json, "container", "rclone-zurg");
	assert_member(json, "role", "provider");
	assert_member(json, "verdict", "deny");
	assert_true(json_object_is_type(find(json, "exit"), json_type_int));
	assert_member(json, "exit", "13");
	assert_int_equal(json_object_array_length(find(json, "findings")), 1);
	assert_member(json, "findings.0.code", "provider-not-shared");
	assert_member(json, "findings.0.severity", "deny");
	assert_member(json, "findings.0.subject", "/mnt/media");
	assert_non_null(find(json, "findings.0.message"));
	assert_non_null(find(json, "findings.0.fix"));
	assert_int_equal(json_object_array_length(find(json, "plan")), 0);
}

static void the_json_of_a_plan_has_only_what_a_step_needs(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_json struct json_object *json = NULL;
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_host(&world, "1 0 8:1 / / rw - ext4 a rw\n2 1 0:50 / " V " rw - nfs4 n rw\n");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	json = format(&judgement, NULL);
	assert_null(find(json, "pod"));
	assert_null(find(json, "container"));
	assert_member(json, "plan.0.action", "create-directory");
	assert_member(json, "plan.0.path", "/mnt/media/zurg");
	assert_member(json, "plan.0.provider", "rclone-zurg");
	assert_member(json, "plan.0.volume", V);
	assert_member(json, "plan.0.hostPath", V "/zurg");
	assert_member(json, "plan.0.mode", "0755");
	assert_member(json, "plan.0.uid", "0");
	assert_member(json, "plan.0.gid", "0");
	assert_null(find(json, "plan.0.containerPath"));
	assert_null(find(json, "plan.0.timeoutUsec"));
	assert_member(json, "plan.1.action", "make-shared");
	assert_null(find(json, "plan.1.mode"));
	assert_member(json, "plan.2.action", "replace-bind");
	assert_member(json, "plan.2.containerPath", "/mnt/media");
	assert_member(json, "plan.2.propagation", "shared");
	assert_member(json, "plan.2.recursive", "true");
	assert_member(json, "plan.2.readonly", "false");
	assert_member(json, "plan.5.action", "record");
	assert_int_equal(json_object_object_length(find(json, "plan.5")), 1);
}

static void the_json_of_a_wait_has_its_time(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_json struct json_object *json = NULL;
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_consumer(&world);
	world_annotate(&world, ANNOTATION_WAIT, "1500ms");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	json = format(&judgement, world.facts.identity);
	assert_member(json, "plan.4.action", "wait");
	assert_member(json, "plan.4.timeoutUsec", "1500000");
}

static void a_finding_is_one_line_whatever_the_pod_wrote(void **state)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_world struct world world;

	(void)state;
	world_begin(&world);
	world_provider(&world);
	world_set(&world, "process.selinuxLabel", "'a:b:evil_t\\nverdict allow:s0'");
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	assert_int_equal(judgement.findings.n, 1);
	assert_null(strchr(judgement.findings.items[0].message, '\n'));
	assert_non_null(strstr(judgement.findings.items[0].message, "\\nverdict allow"));
}

/* The providers' paths and containers as the hook has recorded them by the time of the consumer. */
static void record(struct world *world, const char *name, const char *path, const char *rc,
	enum container_status status)
{
	const struct spec_mount *volume = target_spec_mount(world_facts(world)->spec, path);
	struct topology_container *container = topology_ensure_container(&world->topology, name);
	struct topology_path *recorded = topology_ensure_path(&world->topology, path);

	assert_non_null(volume);
	assert_non_null(container);
	assert_non_null(recorded);
	container->status = status;
	assert_int_equal(strv_add(&container->rc_addresses, rc), 0);
	recorded->provider = strdup(name);
	recorded->volume = strdup(volume->source);
	assert_true(asprintf(&recorded->host_path, "%s%s", volume->source,
			    path + strlen("/mnt/media")) > 0);
}

struct capture {
	const char *name;
	enum role role;
	const char *zurg, *torbox; /* rc addresses of a record, NULL: not recorded */
	enum exit_code exit;
	const char *summary;
};

static void check_capture(const struct capture *capture)
{
	cleanup_judgement struct judgement judgement = {0};
	cleanup_free char *summary = NULL;
	cleanup_world struct world world;

	world_begin(&world);
	world_load(&world, capture->name);
	world.facts.fuse_module = KNOWN_YES;
	world.facts.fuse_device = KNOWN_YES;
	if (capture->zurg)
		record(&world, "rclone-zurg", "/mnt/media/zurg", capture->zurg, CONTAINER_CREATED);
	if (capture->torbox)
		record(&world, "rclone-torbox", "/mnt/media/torbox", capture->torbox,
			CONTAINER_CREATED);
	assert_int_equal(judge(world_facts(&world), &judgement), 0);
	summary = world_summary(&judgement.findings);
	if (strcmp(summary, capture->summary) != 0)
		fail_msg("%s: expected \"%s\", found \"%s\"", capture->name, capture->summary,
			summary);
	assert_int_equal(judgement.role, capture->role);
	assert_int_equal(judgement.exit, capture->exit);
}

static void check_captures(const struct capture *captures, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_capture(&captures[i]);
}

static void nothing_is_wrong_with_the_reference_pod(void **state)
{
	static const struct capture captures[] = {
#define SEED(runtime)                                                                              \
	{"crio/" runtime "/seed/rclone-zurg", ROLE_PROVIDER, NULL, NULL, EXIT_DONE, ""},           \
		{"crio/" runtime "/seed/rclone-torbox", ROLE_PROVIDER, ":5572", NULL, EXIT_DONE,   \
			""},                                                                       \
		{"crio/" runtime "/seed/plex", ROLE_CONSUMER, ":5572", ":5573", EXIT_DONE, ""},    \
		{"crio/" runtime "/seed/plex", ROLE_CONSUMER, NULL, NULL, EXIT_DONE, ""}
		SEED("crio-1.26-runc"),
		SEED("crio-1.33-runc"),
		SEED("crio-1.33-crun"),
#undef SEED
	};

	(void)state;
	check_captures(captures, ARRAY_SIZE(captures));
}

static void an_unprivileged_provider_is_refused_its_grant(void **state)
{
#define GRANT "deny grant-not-allowed fuse-sidecar.io/propagation"
	static const struct capture captures[] = {
		{"crio/crio-1.33-crun/unprivileged/rclone-zurg", ROLE_PROVIDER, NULL, NULL,
			EXIT_POLICY, GRANT},
		{"crio/crio-1.33-crun/unprivileged/rclone-torbox", ROLE_PROVIDER, ":5572", NULL,
			EXIT_POLICY, GRANT},
		{"crio/crio-1.33-crun/unprivileged/plex", ROLE_CONSUMER, ":5572", ":5573",
			EXIT_DONE, ""},
	};

	(void)state;
	check_captures(captures, ARRAY_SIZE(captures));
}

static void every_mistake_of_the_reference_has_its_code(void **state)
{
#define PROVIDER_MISTAKES                                                                          \
	"deny provider-not-shared /mnt/media; "                                                    \
	"deny fuse-device-missing /dev/fuse; deny fuse-device-denied /dev/fuse; "                  \
	"deny cap-sys-admin-missing process.capabilities.effective"
	static const struct capture captures[] = {
		{"crio/crio-1.33-crun/mistakes/rclone-zurg", ROLE_PROVIDER, NULL, NULL,
			EXIT_PROPAGATION, PROVIDER_MISTAKES},
		{"crio/crio-1.33-crun/mistakes/rclone-torbox", ROLE_PROVIDER, ":5572", NULL,
			EXIT_INPUT,
			PROVIDER_MISTAKES "; deny rc-port-conflict :5572; "
					  "warn limits-missing rclone-torbox"},
		{"crio/crio-1.33-crun/mistakes/plex", ROLE_CONSUMER, ":5572", ":5572",
			EXIT_PROPAGATION, "deny consumer-no-propagation /mnt/media"},
	};

	(void)state;
	check_captures(captures, ARRAY_SIZE(captures));
}

static void a_main_container_with_too_much_privilege_is_warned_of(void **state)
{
	static const struct capture captures[] = {
		{"crio/crio-1.33-crun/overprivileged-main-first/plex", ROLE_CONSUMER, NULL, NULL,
			EXIT_DONE,
			"warn consumer-bidirectional /mnt/media; warn consumer-privileged plex"},
		{"crio/crio-1.33-crun/overprivileged-main-first/rclone-zurg", ROLE_PROVIDER, NULL,
			":5573", EXIT_DONE, ""},
		{"crio/crio-1.33-crun/overprivileged-main-first/rclone-torbox", ROLE_PROVIDER, NULL,
			NULL, EXIT_DONE, ""},
	};

	(void)state;
	check_captures(captures, ARRAY_SIZE(captures));
}

/* "mountPropagation mistakes" of the reference, on the captured pod: what it declares, and what
 * CRI-O makes of that. */
static void every_propagation_mistake_has_its_code(void **state)
{
	static const struct {
		const char *mistake, *name, *option, *rootfs, *summary;
	} cases[] = {
		{"all None: the sidecar", "rclone-zurg", "'rprivate'", NULL,
			"deny provider-not-shared /mnt/media"},
		{"all None: the main container", "plex", "'rprivate'", NULL,
			"deny consumer-no-propagation /mnt/media"},
		{"main container Bidirectional", "plex", "'rshared'", "'rshared'",
			"warn consumer-bidirectional /mnt/media"},
		{"sidecar HostToContainer", "rclone-zurg", "'rslave'", "'rslave'",
			"deny provider-not-shared /mnt/media"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool sidecar = strcmp(cases[i].name, "plex") != 0;
		cleanup_judgement struct judgement judgement = {0};
		cleanup_free char *summary = NULL;
		cleanup_world struct world world;

		world_begin(&world);
		world_load(&world, sidecar ? "crio/crio-1.33-crun/seed/rclone-zurg"
					   : "crio/crio-1.33-crun/seed/plex");
		/* The volume is the first bind below the kubelet for one, the last for the other.
		 */
		world_set(&world, sidecar ? "mounts.10.options.1" : "mounts.11.options.1",
			cases[i].option);
		world_set(&world, "linux.rootfsPropagation", cases[i].rootfs);
		assert_int_equal(judge(world_facts(&world), &judgement), 0);
		summary = world_summary(&judgement.findings);
		if (strcmp(summary, cases[i].summary) != 0)
			fail_msg("%s: \"%s\"", cases[i].mistake, summary);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_provider_is_allowed_with_a_plan),
		cmocka_unit_test(a_denial_has_an_exit_code_and_no_plan),
		cmocka_unit_test(a_warning_has_a_plan),
		cmocka_unit_test(the_severity_of_the_policy_decides),
		cmocka_unit_test(a_pod_that_asks_for_nothing_is_inactive),
		cmocka_unit_test(a_sandbox_is_inactive),
		cmocka_unit_test(the_json_of_a_sandbox_has_no_container),
		cmocka_unit_test(the_json_of_a_denial_has_the_findings),
		cmocka_unit_test(the_json_of_a_plan_has_only_what_a_step_needs),
		cmocka_unit_test(the_json_of_a_wait_has_its_time),
		cmocka_unit_test(a_finding_is_one_line_whatever_the_pod_wrote),
		cmocka_unit_test(nothing_is_wrong_with_the_reference_pod),
		cmocka_unit_test(an_unprivileged_provider_is_refused_its_grant),
		cmocka_unit_test(every_mistake_of_the_reference_has_its_code),
		cmocka_unit_test(a_main_container_with_too_much_privilege_is_warned_of),
		cmocka_unit_test(every_propagation_mistake_has_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
