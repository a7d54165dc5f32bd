/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole policy over one container. The parts of the input: switches (a letter each, see
 * apply_switches), config.json, the host's mount table, the container's, the pod's record, and
 * annotations as KEY=VALUE. What cannot be read is left out, as `check` does without a file; a
 * config that cannot be read ends it.
 */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/jsondoc.h"
#include "oci/base/path.h"
#include "policy/check/checks.h"
#include "policy/check/judge.h"
#include "policy/check/topology_update.h"
#include "policy/report/report.h"
#include <string.h>

struct scene {
	struct config config;
	struct spec spec;
	struct identity identity;
	struct request request;
	struct mount_table host, container;
	struct topology topology;
	struct facts facts;
};

static void scene_clear(struct scene *scene)
{
	config_clear(&scene->config);
	spec_clear(&scene->spec);
	identity_clear(&scene->identity);
	request_clear(&scene->request);
	mount_table_clear(&scene->host);
	mount_table_clear(&scene->container);
	topology_clear(&scene->topology);
}

#define cleanup_scene __attribute__((cleanup(scene_clear)))

static enum known know(const char *switches, char no, char yes)
{
	if (strchr(switches, yes))
		return KNOWN_YES;
	return strchr(switches, no) ? KNOWN_NO : KNOWN_NOT;
}

static void apply_switches(struct scene *scene, const char *switches)
{
	scene->facts.fuse_module = know(switches, 'm', 'M');
	scene->facts.fuse_device = know(switches, 'd', 'D');
	scene->facts.apparmor = know(switches, 'a', 'A');
	scene->facts.selinux = know(switches, 's', 'S');
	if (strchr(switches, 'b'))
		scene->facts.bundle = "/run/bundle";
	scene->config.allow_propagation_grant = strchr(switches, 'g') != NULL;
	if (strchr(switches, 'r'))
		FUZZ_EXPECT(strv_add(&scene->config.roots, "/") == 0);
}

static const struct mount_table *read_table(struct fuzz_input *input, struct mount_table *ret)
{
	cleanup_free char *text = fuzz_take(input);
	cleanup_file FILE *stream = *text ? fmemopen(text, strlen(text), "r") : NULL;

	if (!stream || mountinfo_read_stream(stream, "mountinfo", ret, NULL) < 0)
		return NULL;
	return ret;
}

static void read_record(struct fuzz_input *input, struct scene *scene)
{
	cleanup_free char *text = fuzz_take(input);

	if (topology_parse(text, strlen(text), "record", &scene->topology, NULL) == 0)
		scene->facts.topology = &scene->topology;
}

static void read_annotations(struct fuzz_input *input, struct keyvals *annotations)
{
	while (input->size > 0) {
		cleanup_free char *text = fuzz_take(input);
		char *value = strchr(text, '=');

		/* Annotations come from JSON, which was refused where it is not UTF-8. */
		if (!value || !fuzz_is_utf8(text))
			continue;
		*value++ = '\0';
		FUZZ_EXPECT(keyvals_add(annotations, text, value) == 0);
	}
}

/* False where the container would not come before the policy. */
static bool read_scene(struct fuzz_input input, struct scene *scene)
{
	cleanup_free char *switches = fuzz_take(&input);
	cleanup_free char *config = fuzz_take(&input);
	struct keyvals *annotations = &scene->spec.annotations;

	FUZZ_EXPECT(config_defaults(&scene->config) == 0);
	apply_switches(scene, switches);
	if (spec_parse(config, strlen(config), &scene->spec, NULL) < 0)
		return false;
	scene->facts.host = read_table(&input, &scene->host);
	scene->facts.container = read_table(&input, &scene->container);
	read_record(&input, scene);
	read_annotations(&input, annotations);
	if (identity_load(annotations, NULL, FINDING_CONFIG_INVALID, &scene->identity, NULL) < 0 ||
		annotations_parse(annotations, &scene->request, NULL) < 0)
		return false;
	scene->facts.config = &scene->config;
	scene->facts.spec = &scene->spec;
	scene->facts.identity = &scene->identity;
	scene->facts.request = &scene->request;
	return true;
}

static void check_findings(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];

		FUZZ_EXPECT(finding->code > FINDING_NONE && finding->code < FINDING_CODE_COUNT);
		FUZZ_EXPECT(finding->code != FINDING_INTERNAL);
		FUZZ_EXPECT(
			finding->severity == SEVERITY_WARN || finding->severity == SEVERITY_DENY);
		FUZZ_EXPECT(fuzz_is_line(finding->message) && fuzz_is_line(finding->fix));
		FUZZ_EXPECT(!*finding->subject || fuzz_is_line(finding->subject));
	}
}

static void check_verdict(const struct judgement *judgement)
{
	const struct findings *findings = &judgement->findings;
	enum exit_code lowest = EXIT_DONE;

	for (size_t i = 0; i < findings->n; i++) {
		enum exit_code exit = code_exit(findings->items[i].code);

		if (findings->items[i].severity == SEVERITY_DENY && (!lowest || exit < lowest))
			lowest = exit;
	}
	FUZZ_EXPECT(judgement->exit == lowest);
	FUZZ_EXPECT((judgement->verdict == VERDICT_DENY) == (lowest != EXIT_DONE));
	FUZZ_EXPECT((judgement->verdict == VERDICT_ALLOW) == (findings->n == 0));
	FUZZ_EXPECT(judgement->verdict != VERDICT_DENY || judgement->plan.n == 0);
}

/* The hook acts as root on what a step names: nothing may be there that leads out of the volume. */
static void check_step(const struct plan_step *step)
{
	if (step->host_path)
		FUZZ_EXPECT(path_is_normalized(step->host_path));
	if (step->container_path)
		FUZZ_EXPECT(step->container_path[0] == '/');
	if (step->action != PLAN_CREATE_DIRECTORY && step->action != PLAN_DETACH_STALE)
		return;
	FUZZ_EXPECT(step->volume && step->host_path);
	FUZZ_EXPECT(path_is_normalized(step->volume));
	FUZZ_EXPECT(path_below(step->host_path, step->volume));
	FUZZ_EXPECT(strcmp(step->host_path, step->volume) != 0);
}

static void check_plan(const struct scene *scene, const struct judgement *judgement)
{
	const struct plan *plan = &judgement->plan;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];

		check_step(step);
		FUZZ_EXPECT(i == 0 || plan->steps[i - 1].action <= step->action);
		if (step->action == PLAN_CREATE_DIRECTORY)
			FUZZ_EXPECT(config_prefix_of(&scene->config.roots, step->host_path));
	}
}

static void check_role(const struct scene *scene, const struct judgement *judgement)
{
	bool inactive = scene->request.n_mounts == 0 || scene->identity.is_sandbox;

	FUZZ_EXPECT((judgement->role == ROLE_INACTIVE) == inactive);
	FUZZ_EXPECT(judgement->targets.n == (inactive ? 0 : scene->request.n_mounts));
	if (inactive)
		FUZZ_EXPECT(judgement->findings.n == 0 && judgement->plan.n == 0);
}

/* The report is JSON that our own strict reader takes, and says the same. */
static void check_report(const struct judgement *judgement, const char *text)
{
	const struct jsondoc_context context = {"report", FINDING_INTERNAL};
	struct jsondoc_get get = {.context = &context, .path = "", .required = true};
	cleanup_json struct json_object *object = NULL;
	struct json_object *findings = NULL, *plan = NULL;
	int64_t exit = -1;

	FUZZ_EXPECT(
		jsondoc_parse(text, strlen(text), JSONDOC_STRICT, &context, &object, NULL) == 0);
	get.object = object;
	FUZZ_EXPECT(jsondoc_int64(&get, "exit", &exit, NULL, NULL) == 0);
	FUZZ_EXPECT(exit == judgement->exit);
	FUZZ_EXPECT(jsondoc_array(&get, "findings", &findings, NULL) == 0);
	FUZZ_EXPECT(json_object_array_length(findings) == judgement->findings.n);
	FUZZ_EXPECT(jsondoc_array(&get, "plan", &plan, NULL) == 0);
	FUZZ_EXPECT(json_object_array_length(plan) == judgement->plan.n);
}

/* For people: no byte that a terminal obeys but the ends of lines. */
static void check_text(const struct scene *scene, const struct judgement *judgement)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	FUZZ_EXPECT(stream);
	report_print(stream, judgement, &scene->identity, false);
	FUZZ_EXPECT(fclose(stream) == 0);
	FUZZ_EXPECT(strlen(text) == size && text[size - 1] == '\n');
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	FUZZ_EXPECT(fuzz_is_line(text));
}

/* The proof that follows the plan, from the same tables. */
static void check_ways(const struct scene *scene, const struct judgement *judgement)
{
	cleanup_findings struct findings findings = {0};

	for (size_t i = 0; i < judgement->targets.n; i++)
		FUZZ_EXPECT(check_propagation_path(
				    &scene->facts, &judgement->targets.items[i], &findings) == 0);
	check_findings(&findings);
}

/* What the hook would write down is a record that the next hook can read. */
static void check_record(struct scene *scene, const struct judgement *judgement)
{
	const struct container_note note = {
		.role = judgement->role,
		.status = judgement->exit ? CONTAINER_DENIED : CONTAINER_CREATED,
		.findings = &judgement->findings,
		.now_usec = 1,
	};
	cleanup_topology struct topology record = {0}, again = {0};
	cleanup_free char *text = NULL;

	if (judgement->role == ROLE_INACTIVE)
		return;
	FUZZ_EXPECT(
		topology_note_container(&record, &scene->facts, &judgement->targets, &note) == 0);
	text = topology_format(&record);
	FUZZ_EXPECT(text);
	FUZZ_EXPECT(topology_parse(text, strlen(text), "record", &again, NULL) == 0);
	FUZZ_EXPECT(again.n_paths == record.n_paths && again.n_containers == 1);
}

void fuzz_judge(const char *data, size_t size)
{
	cleanup_scene struct scene scene = {0};
	cleanup_judgement struct judgement judgement = {0};
	cleanup_judgement struct judgement second = {0};
	cleanup_free char *text = NULL;
	cleanup_free char *again = NULL;

	if (!read_scene((struct fuzz_input){data, size}, &scene))
		return;
	FUZZ_EXPECT(judge(&scene.facts, &judgement) == 0);
	check_role(&scene, &judgement);
	check_findings(&judgement.findings);
	check_verdict(&judgement);
	check_plan(&scene, &judgement);
	text = judgement_format(&judgement, &scene.identity);
	FUZZ_EXPECT(text);
	check_report(&judgement, text);
	check_text(&scene, &judgement);
	check_ways(&scene, &judgement);
	check_record(&scene, &judgement);
	/* The same facts, the same judgement: `check` says what the hook will do. */
	FUZZ_EXPECT(judge(&scene.facts, &second) == 0);
	again = judgement_format(&second, &scene.identity);
	FUZZ_EXPECT(again && strcmp(text, again) == 0);
}
