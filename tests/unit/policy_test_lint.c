/* SPDX-License-Identifier: Apache-2.0 */
/* What lint finds in a pod that has one mistake, and what it makes of it. */
#include "oci/base/cleanup.h"
#include "policy/lint/lint.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <stdlib.h>
#include <string.h>

/* `text` with the first `find` replaced. Owned by the caller. */
static char *replace_once(const char *text, const char *find, const char *by)
{
	const char *at = strstr(text, find);
	char *changed = NULL;

	if (!at)
		fail_msg("the fixture has no \"%s\"", find);
	assert_true(
		asprintf(&changed, "%.*s%s%s", (int)(at - text), text, by, at + strlen(find)) >= 0);
	return changed;
}

static struct lint judge_text(const char *text, const struct config *config, bool assumed)
{
	const struct lint_input input = {text, strlen(text), config, assumed};
	struct lint lint = {0};

	assert_int_equal(lint_run(&input, &lint), 0);
	return lint;
}

/* "error provider-not-shared 31; note probe-missing 20": level, code, line. Owned by the caller. */
static char *summarize(const struct lint *lint, const char *text)
{
	struct manifest_cursor cursor = {0};
	char *summary = NULL;
	size_t size;
	FILE *out = open_memstream(&summary, &size);

	assert_non_null(out);
	for (size_t i = 0; i < lint->n; i++) {
		const struct lint_finding *item = &lint->items[i];
		struct manifest_place place =
			manifest_locate(text, strlen(text), item->start, &cursor);

		assert_true(*item->finding.message && *item->finding.fix);
		fprintf(out, "%s%s %s %zu", i > 0 ? "; " : "", lint_level_name(item->level),
			code_name(item->finding.code), place.line);
	}
	assert_int_equal(fclose(out), 0);
	return summary;
}

/* False where others are found, which is said. */
static bool has_findings(
	const char *what, const char *text, const struct config *config, const char *expected)
{
	cleanup_lint struct lint lint = judge_text(text, config, true);
	cleanup_free char *summary = summarize(&lint, text);

	if (strcmp(summary, expected) == 0)
		return true;
	print_error("%s: expected \"%s\", found \"%s\"\n", what, expected, summary);
	return false;
}

/* The result of mending; mending it once more must change nothing. Owned by the caller. */
static char *mend(const char *text, const struct config *config)
{
	const struct lint_input input = {text, strlen(text), config, true};
	cleanup_lint struct lint lint = {0}, again = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *once = NULL, *twice = NULL;
	size_t size = 0;
	struct lint_input second;

	assert_int_equal(lint_fix(&input, &once, &size, &lint, &err), 0);
	assert_int_equal(strlen(once), size);
	second = (struct lint_input){once, size, config, true};
	assert_int_equal(lint_fix(&second, &twice, &size, &again, &err), 0);
	assert_string_equal(twice, once);
	return move_ptr(once);
}

struct mistake {
	const char *find, *by;
	const char *expected;
	const char *left; /* after mending; NULL: the same as before */
};

static const struct mistake mistakes[] = {
	/* as it is */
	{"# A pod", "# The pod", "", NULL},
	/* propagation */
	{"mountPropagation: Bidirectional", "mountPropagation: HostToContainer",
		"error provider-not-shared 31", ""},
	{"      mountPropagation: Bidirectional\n", "", "error provider-not-shared 30", ""},
	{"mountPropagation: HostToContainer", "mountPropagation: None",
		"error consumer-no-propagation 53", ""},
	{"mountPropagation: HostToContainer", "mountPropagation: Bidirectional",
		"warning consumer-bidirectional 53", ""},
	{"mountPropagation: Bidirectional", "mountPropagation: bidirectional",
		"error manifest-invalid 31; error provider-not-shared 31", ""},
	{"      subPath: config/plex", "      subPath: zurg", "error consumer-no-propagation 56",
		NULL},
	{"      subPath: config/plex", "      subPath: zurg/__all__",
		"error consumer-no-propagation 56", NULL},
	/* privilege */
	{"{privileged: true}", "{privileged: false}", "error cap-sys-admin-missing 23", ""},
	{"{privileged: true}", "{}", "error cap-sys-admin-missing 23", ""},
	{"    securityContext: {privileged: true}\n", "", "error cap-sys-admin-missing 20", ""},
	{"{privileged: true}", "{capabilities: {add: [SYS_ADMIN]}}", "error fuse-device-missing 23",
		""},
	{"    image: plex", "    image: plex\n    securityContext: {privileged: true}",
		"warning consumer-privileged 50", NULL},
	{"spec:\n", "spec:\n  hostUsers: false\n",
		"error userns-private-mounts 18; error userns-private-mounts 18", NULL},
	/* the command line */
	{"--rc-addr=:5572", "--rc-addr=:5573", "error rc-port-conflict 38", ""},
	{":5573", ":5572", "error rc-port-conflict 38", ""},
	{"/mnt/media/zurg, --allow", "/mnt/media/zurk, --allow", "warning mountpoint-mismatch 22",
		NULL},
	{"--allow-other, ", "", "warning allow-other-missing 20", ""},
	{"--allow-other, ", "--allow-other, --allow-non-empty, ", "warning allow-non-empty 22", ""},
	{"      limits: {cpu: 500m, memory: 1Gi}\n", "", "warning limits-missing 26", NULL},
	{"limits: {cpu: 500m, memory: 1Gi}", "limits: {cpu: 500m}", "warning limits-missing 26",
		NULL},
	/* paths and volumes */
	{"zurg=/mnt/media/zurg", "zurg=/mnt/medium/zurg",
		"error volume-missing 15; warning mountpoint-mismatch 22; note probe-missing 24",
		NULL},
	{"zurg=/mnt/media/zurg, torbox", "zurg=/mnt/media, torbox", "error mountpoint-conflict 15",
		NULL},
	{"torbox=/mnt/media/torbox", "torbox=/mnt/media/zurg/x", "error mountpoint-conflict 15",
		NULL},
	{"mountPath: /config\n", "mountPath: /run/fuse-sidecar\n", "error topology-place-taken 55",
		NULL},
	{"mountPath: /config\n", "mountPath: /run/fuse-sidecar/x\n",
		"error topology-place-taken 55", NULL},
	{"mountPath: /config\n", "mountPath: /run\n", "", NULL},
	{"mountPath: /config/rclone\n", "mountPath: /run\n      mountPropagation: Bidirectional\n",
		"warning topology-not-shown 34", NULL},
	{"persistentVolumeClaim: {claimName: library}", "hostPath: {path: /srv/media}",
		"warning path-outside-roots 59; warning path-outside-roots 59; "
		"warning path-outside-roots 59",
		NULL},
	{"persistentVolumeClaim: {claimName: library}", "emptyDir: {}", "warning volume-unfit 56",
		NULL},
	{"{claimName: library}", "{claimName: library, readOnly: true}", "warning volume-unfit 59",
		NULL},
	{"defaultMode: 0400", "defaultMode: 400", "warning secret-mode 63", ""},
	{"      defaultMode: 0400\n", "", "warning secret-mode 60", ""},
	{"defaultMode: 0400", "defaultMode: 256", "", NULL},
	/* the annotations */
	{"wait: 60s", "wait: 10m", "error annotation-invalid 16", ""},
	{"wait: 60s", "wiat: 60s", "error annotation-invalid 16", NULL},
	{"zurg=/mnt/media/zurg, ", "zorg=/mnt/media/zurg, ",
		"error annotation-invalid 15; warning mountpoint-mismatch 22", NULL},
	{"zurg=/mnt/media/zurg, ", "", "warning annotation-missing 20", ""},
	{"    fuse-sidecar.io/wait: 60s\n", "    fuse-sidecar.io/propagation: grant\n",
		"error grant-not-allowed 16; error grant-not-allowed 16", NULL},
	/* probes */
	{"exec: {command: [stat, /mnt/media/zurg]}", "tcpSocket: {port: 5572}",
		"note probe-missing 24", NULL},
	{"    livenessProbe:\n      exec: {command: [stat, /mnt/media/zurg]}\n", "",
		"note probe-missing 20", NULL},
	{"    image: plex",
		"    image: plex\n    livenessProbe: {exec: {command: [ls, /mnt/media/zurg/x]}}",
		"warning probe-on-mount 50", NULL},
	/* where it may run, and as whom */
	{"spec:\n", "spec:\n  nodeSelector: {kubernetes.io/hostname: node1}\n",
		"warning node-pinned 18", ""},
	{"spec:\n", "spec:\n  nodeSelector: {gpu: yes, kubernetes.io/os: linux}\n",
		"note node-pinned 18", NULL},
	{"spec:\n", "spec:\n  nodeName: node1\n", "warning node-pinned 18", NULL},
	{"enforce: privileged", "enforce: baseline", "warning admission-needed 7", NULL},
	{"  serviceAccountName: plex\n", "", "warning admission-needed 18", NULL},
	{"name: media\n  labels", "name: other\n  labels", "note admission-needed 18", NULL},
	{"kind: Namespace",
		"kind: RoleBinding\nroleRef: {name: 'system:openshift:scc:privileged'}\n"
		"subjects: [{name: plex}]",
		"", NULL},
	/* init containers */
	{"  containers:\n",
		"  initContainers:\n  - name: init\n    image: alpine\n"
		"    command: [mkdir, -p, /mnt/media/zurg]\n"
		"    volumeMounts: [{name: media, mountPath: /mnt/media}]\n  containers:\n",
		"error init-dirs-needless 20", ""},
	{"  containers:\n",
		"  initContainers:\n  - name: init\n    image: alpine\n"
		"    command: [mkdir, -p, /mnt/media/other]\n"
		"    volumeMounts: [{name: media, mountPath: /mnt/media}]\n  containers:\n",
		"error init-dirs-needless 20", NULL},
	{"  containers:\n",
		"  initContainers:\n  - name: init\n    image: alpine\n    command: [migrate]\n"
		"    volumeMounts: [{name: media, mountPath: /mnt/media}]\n  containers:\n",
		"error provider-not-started 20", NULL},
	{"  containers:\n",
		"  initContainers:\n  - name: init\n    image: alpine\n    command: [migrate]\n"
		"    volumeMounts: [{name: media, mountPath: /x, subPath: config}]\n  "
		"containers:\n",
		"", NULL},
};

/* How many of the mistakes, each made in the good manifest, do not come out `right`. */
static int count_wrong(
	bool (*right)(const struct mistake *mistake, const char *text, const struct config *config))
{
	cleanup_free char *base = fixture_read("fixtures/lint/pod.yaml", NULL);
	cleanup_config struct config config = {0};
	int wrong = 0;

	assert_int_equal(config_defaults(&config), 0);
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		cleanup_free char *text = replace_once(base, mistakes[i].find, mistakes[i].by);

		wrong += !right(&mistakes[i], text, &config);
	}
	return wrong;
}

static bool is_found(const struct mistake *mistake, const char *text, const struct config *config)
{
	return has_findings(mistake->by, text, config, mistake->expected);
}

static void each_mistake_is_found_at_its_place(void **state)
{
	(void)state;
	assert_int_equal(count_wrong(is_found), 0);
}

static bool is_mended(const struct mistake *mistake, const char *text, const struct config *config)
{
	cleanup_free char *mended = mend(text, config);

	if (mistake->left)
		return has_findings(mistake->by, mended, config, mistake->left);
	if (strcmp(mended, text) == 0)
		return true;
	print_error("%s: was mended:\n%s\n", mistake->by, mended);
	return false;
}

static void what_can_be_mended_is(void **state)
{
	(void)state;
	assert_int_equal(count_wrong(is_mended), 0);
}

/* Native sidecars are created first, wherever `containers` stands. */
static void native_sidecars_come_first(void **state)
{
	cleanup_free char *base = fixture_read("fixtures/lint/pod.yaml", NULL);
	cleanup_free char *named = replace_once(base, "  containers:\n", "  initContainers:\n");
	cleanup_free char *one = replace_once(
		named, "    image: rclone", "    restartPolicy: Always\n    image: rclone");
	cleanup_free char *behind =
		replace_once(one, "  - name: plex", "  containers:\n  - name: plex");
	cleanup_free char *both = replace_once(
		behind, "  - name: torbox\n", "  - name: torbox\n    restartPolicy: Always\n");
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	assert_true(has_findings("two native sidecars", both, &config, ""));
	/* One that is none ends before anybody could read its mount. */
	assert_true(has_findings(
		"torbox as an init container", behind, &config, "error provider-not-started 35"));
}

/* A copy of the pod in which plex is first. */
static void who_reads_before_its_sidecar_is_told(void **state)
{
	cleanup_free char *base = fixture_read("fixtures/lint/pod.yaml", NULL);
	cleanup_free char *text = replace_once(base, "  containers:\n",
		"  containers:\n  - name: early\n    image: plex\n    volumeMounts:\n"
		"    - name: media\n      mountPath: /media\n"
		"      mountPropagation: HostToContainer\n");
	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	assert_true(has_findings("early", text, &config, "error provider-not-started 20"));
}

/* What an alias shows elsewhere too is left as it is, and why. */
static void what_is_shared_by_an_anchor_is_not_mended(void **state)
{
	static const char text[] = "spec:\n"
				   "  containers:\n"
				   "  - name: rclone-a\n"
				   "    volumeMounts: &mounts\n"
				   "    - {name: media, mountPath: /mnt/media}\n"
				   "  - name: rclone-b\n"
				   "    volumeMounts: *mounts\n"
				   "  - name: plex\n"
				   "    volumeMounts: [{<<: *one, mountPropagation: None}]\n"
				   "one: &one {name: media, mountPath: /mnt/media}\n";
	cleanup_free char *mended = NULL;
	cleanup_free char *ordered = NULL;
	cleanup_config struct config config = {0};
	cleanup_lint struct lint lint = {0};
	int shared = 0;

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	/* An anchor comes before its alias. */
	assert_true(asprintf(&ordered, "one: &one {name: media, mountPath: /mnt/media}\n%.*s",
			    (int)(strstr(text, "one: &one") - text), text) >= 0);
	lint = judge_text(ordered, &config, true);
	for (size_t i = 0; i < lint.n; i++) {
		if (lint.items[i].finding.code != FINDING_PROVIDER_NOT_SHARED)
			continue;
		shared++;
		assert_int_equal(lint.items[i].edits.n, 0);
		assert_non_null(strstr(lint.items[i].obstacle, "anchor"));
	}
	assert_int_equal(shared, 2);
	mended = mend(ordered, &config);
	assert_non_null(strstr(mended, "{<<: *one, mountPropagation: HostToContainer}"));
	assert_non_null(strstr(mended, "&mounts\n    - {name: media, mountPath: /mnt/media}\n"));
}

static void a_policy_changes_levels(void **state)
{
	static const char policy[] = "{\"severity\": {\"probe-missing\": \"deny\", "
				     "\"provider-not-shared\": \"warn\"}}";
	cleanup_free char *base = fixture_read("fixtures/lint/pod.yaml", NULL);
	cleanup_free char *quiet = replace_once(
		base, "exec: {command: [stat, /mnt/media/zurg]}", "httpGet: {port: 1}");
	cleanup_free char *text =
		replace_once(quiet, "mountPropagation: Bidirectional", "mountPropagation: None");
	cleanup_config struct config config = {0};
	cleanup_error struct error err = {0};

	(void)state;
	assert_int_equal(config_parse(policy, strlen(policy), "policy", &config, &err), 0);
	assert_true(has_findings(
		"policy", text, &config, "error probe-missing 24; warning provider-not-shared 31"));
}

/* CRI-O adds the device by an annotation of the pod, under its old name and its new one. */
static void an_annotation_gives_the_device(void **state)
{
	static const struct {
		const char *annotation, *expected;
	} cases[] = {
		{"io.kubernetes.cri-o.Devices: /dev/fuse", ""},
		{"devices.crio.io: /dev/fuse", ""},
		{"devices.crio.io: /dev/null", "error fuse-device-missing 24"},
		{"device.crio.io: /dev/fuse", "error fuse-device-missing 24"},
	};
	cleanup_free char *base = fixture_read("fixtures/lint/pod.yaml", NULL);
	cleanup_free char *unprivileged =
		replace_once(base, "{privileged: true}", "{capabilities: {add: [SYS_ADMIN]}}");

	cleanup_config struct config config = {0};

	(void)state;
	assert_int_equal(config_parse("{}", 2, "policy", &config, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *line = NULL, *text = NULL;

		assert_true(asprintf(&line, "  annotations:\n    %s\n", cases[i].annotation) > 0);
		text = replace_once(unprivileged, "  annotations:\n", line);
		assert_true(has_findings(cases[i].annotation, text, &config, cases[i].expected));
	}
}

/* The pods of a Deployment do not get its own annotations. */
static void annotations_of_the_object_belong_to_its_template(void **state)
{
	static const char text[] = "kind: Deployment\n"
				   "metadata:\n"
				   "  name: media\n"
				   "  annotations:\n"
				   "    fuse-sidecar.io/wait: 60s\n"
				   "spec:\n"
				   "  template:\n"
				   "    metadata:\n"
				   "      annotations:\n"
				   "        fuse-sidecar.io/mounts: zurg=/mnt/media/zurg\n"
				   "    spec:\n"
				   "      containers:\n"
				   "      - {name: zurg, image: rclone}\n";
	cleanup_config struct config config = {0};
	cleanup_lint struct lint lint = {0};
	cleanup_free char *summary = NULL, *mended = NULL;

	(void)state;
	assert_int_equal(config_defaults(&config), 0);
	lint = judge_text(text, &config, true);
	summary = summarize(&lint, text);
	assert_non_null(strstr(summary, "error annotation-misplaced 5"));
	mended = mend(text, &config);
	assert_non_null(strstr(mended, "        fuse-sidecar.io/wait: \"60s\"\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_found_at_its_place),
		cmocka_unit_test(what_can_be_mended_is),
		cmocka_unit_test(native_sidecars_come_first),
		cmocka_unit_test(who_reads_before_its_sidecar_is_told),
		cmocka_unit_test(what_is_shared_by_an_anchor_is_not_mended),
		cmocka_unit_test(a_policy_changes_levels),
		cmocka_unit_test(an_annotation_gives_the_device),
		cmocka_unit_test(annotations_of_the_object_belong_to_its_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
