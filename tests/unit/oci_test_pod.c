/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/kube/pod.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <string.h>

struct scene {
	struct manifest manifest;
	struct workloads workloads;
	struct pod pod; /* of the first workload */
};

static void open_scene(struct scene *scene, const char *text)
{
	cleanup_error struct error err = {0};
	size_t offset;

	*scene = (struct scene){0};
	if (manifest_parse(text, strlen(text), &scene->manifest, &offset, &err) < 0)
		fail_msg("%s: %s", text, error_message(&err));
	assert_int_equal(workloads_find(&scene->manifest, &scene->workloads), 0);
	if (scene->workloads.n > 0)
		assert_int_equal(pod_load(&scene->workloads.items[0], &scene->pod), 0);
}

static void close_scene(struct scene *scene)
{
	pod_clear(&scene->pod);
	workloads_clear(&scene->workloads);
	manifest_clear(&scene->manifest);
}

static void pods_are_found_in_what_makes_them(void **state)
{
	static const struct {
		const char *text;
		size_t workloads;
		bool fragment;
	} cases[] = {
		{"{kind: Pod, spec: {containers: [{name: a}]}}", 1, false},
		{"{kind: Deployment, spec: {template: {spec: {containers: [{name: a}]}}}}", 1,
			false},
		{"{kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: "
		 "[{name: a}]}}}}}}",
			1, false},
		{"{kind: PodTemplate, template: {spec: {containers: [{name: a}]}}}", 1, false},
		{"{kind: Rollout, spec: {template: {spec: {containers: [{name: a}]}}}}", 1, false},
		{"{kind: List, items: [{kind: Pod, spec: {containers: [{name: a}]}}, {kind: "
		 "Service}, "
		 "{kind: PodList, items: [{kind: Pod, spec: {containers: [{name: b}]}}]}]}",
			2, false},
		{"kind: Service\nspec: {}\n", 0, false},
		{"containers: [{name: a}]\n", 1, true},
		{"- {name: a, image: b}\n", 1, true},
		{"args: [a]\n", 1, true},
		{"spec: {template: {spec: {nodeSelector: {a: b}}}}\n", 1, true},
		{"- a\n- b\n", 0, false},
		{"just text\n", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		open_scene(&scene, cases[i].text);
		assert_int_equal(scene.workloads.n, cases[i].workloads);
		if (scene.workloads.n > 0)
			assert_int_equal(scene.workloads.items[0].fragment, cases[i].fragment);
		close_scene(&scene);
	}
}

static void containers_come_in_the_order_of_their_creation(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene,
		"containers: [{name: main}]\n"
		"initContainers: [{name: first}, {name: side, restartPolicy: Always}]\n");
	assert_int_equal(scene.pod.n_containers, 3);
	assert_string_equal(scene.pod.containers[0].name, "first");
	assert_int_equal(scene.pod.containers[0].stage, POD_INIT);
	assert_string_equal(scene.pod.containers[1].name, "side");
	assert_int_equal(scene.pod.containers[1].stage, POD_SIDECAR);
	assert_int_equal(scene.pod.containers[2].stage, POD_MAIN);
	close_scene(&scene);
}

static void command_lines_are_what_the_kubelet_makes(void **state)
{
	static const char *const expected[] = {
		"rclone", "mount", "zurg:", "/mnt/zurg", "$(P)", "--x=$(NONE)"};
	struct scene scene;
	const struct strv *args;

	(void)state;
	open_scene(&scene, "- name: a\n  image: registry:5000/rclone/rclone:1@sha256:0\n"
			   "  env: [{name: P, value: zurg}, {name: Q, valueFrom: {}}]\n"
			   "  args: [mount, 'zurg:', /mnt/$(P), $$(P), --x=$(NONE)]\n");
	args = &scene.pod.containers[0].args;
	assert_int_equal(args->n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < args->n; i++)
		assert_string_equal(args->items[i], expected[i]);
	assert_int_equal(scene.pod.containers[0].env.n, 1);
	assert_string_equal(scene.pod.containers[0].env.items[0], "P=zurg");
	close_scene(&scene);
}

static void what_kubernetes_refuses_is_a_problem(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"- {name: a, image: b, args: x}\n", "args is not a list"},
		{"- name: a\n  args: [mount, zurg: /x]\n", "an item of args is not text"},
		{"- name: a\n  volumeMounts: [{name: v, mountPath: x}]\n", "mountPath"},
		{"- name: a\n  volumeMounts: [{name: v, mountPath: /x, mountPropagation: "
		 "shared}]\n",
			"expected None, HostToContainer or Bidirectional"},
		{"- name: a\n  securityContext: {fsGroup: 1}\n", "fsGroup is not a field"},
		{"containers: {name: a}\n", "containers is not a list"},
		{"- name: a\n  volumeMounts: [{name: v, mountPath: /x}, {name: w, mountPath: "
		 "/x/}]\n",
			"two volumeMounts at \"/x\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		open_scene(&scene, cases[i].text);
		assert_int_equal(scene.pod.n_problems, 1);
		assert_non_null(strstr(scene.pod.problems[0].text, cases[i].said));
		close_scene(&scene);
	}
}

/* An argument that doubles itself in each of many variables, and more containers than there can be.
 */
static void nothing_grows_without_end(void **state)
{
	cleanup_free char *long_value = fixture_repeat("", "v", 60000, "");
	cleanup_free char *references = fixture_repeat("", "$(V)", 10000, "");
	cleanup_free char *many =
		fixture_repeat("containers: [", "{name: a}, ", POD_MAX_CONTAINERS + 5, "]");
	cleanup_free char *text = NULL;
	struct scene scene;

	(void)state;
	assert_true(
		asprintf(&text, "- name: a\n  env: [{name: V, value: %s}]\n  args: [%s, %s, %s]\n",
			long_value, references, references, references) >= 0);
	open_scene(&scene, text);
	assert_int_equal(scene.pod.containers[0].args.n, 3);
	assert_string_equal(scene.pod.containers[0].args.items[0], references);
	close_scene(&scene);
	open_scene(&scene, many);
	assert_int_equal(scene.pod.n_containers, POD_MAX_CONTAINERS);
	assert_int_equal(scene.pod.n_problems, 1);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_found_in_what_makes_them),
		cmocka_unit_test(containers_come_in_the_order_of_their_creation),
		cmocka_unit_test(command_lines_are_what_the_kubelet_makes),
		cmocka_unit_test(what_kubernetes_refuses_is_a_problem),
		cmocka_unit_test(nothing_grows_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
