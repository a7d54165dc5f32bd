/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of policy/lint/lint_*.c share. Not for others. */
#ifndef FSH_POLICY_LINT_LINT_RULES_H
#define FSH_POLICY_LINT_LINT_RULES_H

#include "oci/kube/pod.h"
#include "oci/kube/shellwords.h"
#include "oci/spec/annotations.h"
#include "policy/check/target.h"
#include "policy/lint/lint.h"
#include "policy/record/topology.h"

/* What a container has to do with FUSE mounts. */
struct lint_container {
	const struct pod_container *pod;
	struct spec spec;	/* as CRI-O would make it */
	struct targets targets; /* valid after lint_hook() */
	bool provides;		/* the request names it */
	unsigned int new_port;	/* that its remote control is to get; 0: it keeps its own */
	bool mounts;		/* it runs rclone mount, named by the request or not */
	bool vague; /* it provides, and where it mounts is not to be seen in the manifest */
};

/* The objects of the manifest that say something about its pods: namespaces, bindings of roles,
 * claims. No more than LINT_MAX_OBJECTS: each pod looks through them. */
struct lint_objects {
	const struct manifest_node **items;
	size_t n;
};
#define LINT_MAX_OBJECTS 1000

/* A pod under judgement. */
struct lint_pod {
	const struct lint_input *input;
	const struct manifest *manifest;
	const struct lint_objects *objects;
	const struct pod *pod;
	struct lint *lint;
	struct edit_source source;
	bool annotated;		/* the pod has ANNOTATION_MOUNTS */
	bool valid;		/* and the request is what it says */
	struct request request; /* of the annotation, or what the command lines come to */
	struct lint_container *containers; /* as pod->containers */
	size_t n;
	struct topology topology; /* of the containers judged so far */
	char *object;
};

/* What stands in a request for the path of a container that is vague: some path below. */
#define LINT_SOME_PATH "*"

/* Where a finding belongs, what to call it. */
struct lint_site {
	const struct manifest_node *node;
	enum finding_code code;
	const char *subject, *fix;
};

/* lint_finding.c */
/*
 * Add a finding with the severity that the policy gives its code, but at most of level `cap`;
 * LINT_NOTE for advice, which is an error only where the policy denies it. *ret is the finding,
 * NULL where the policy ignores it, valid until the next is added. 0 or -ENOMEM.
 */
int lint_add(struct lint_pod *pod, const struct lint_site *site, enum lint_level cap,
	struct lint_finding **ret, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same for a finding of the checks, which is copied. */
int lint_add_copy(struct lint_pod *pod, const struct manifest_node *node,
	const struct finding *finding, struct lint_finding **ret);
/* Note how an edit of the finding came out. 0 or -ENOMEM. */
int lint_outcome(struct lint_finding *finding, enum edit_outcome outcome);
/* Take the one finding of `made` over, as one of `object`. 0 or -ENOMEM. */
int lint_take(
	struct lint *lint, struct findings *made, const char *object, struct lint_finding **ret);
void lint_finding_clear(struct lint_finding *item);

/* The rules, in the order in which they are run. 0 or -ENOMEM each. */
int lint_problems(struct lint_pod *pod);    /* manifest-invalid */
int lint_annotations(struct lint_pod *pod); /* annotation-misplaced, annotation-invalid */
int lint_hook(struct lint_pod *pod);	    /* the hook's checks */
int lint_inside(struct lint_pod *pod);	    /* consumer-no-propagation by a subPath */
int lint_unannotated(struct lint_pod *pod); /* annotation-missing, consumer-missing */
int lint_order(struct lint_pod *pod);	    /* provider-not-started, init-dirs-needless */
int lint_command(struct lint_pod *pod);	    /* allow-other-missing, allow-non-empty */
int lint_probes(struct lint_pod *pod);	    /* probe-missing, probe-on-mount */
int lint_volumes(struct lint_pod *pod);	    /* secret-mode, volume-unfit */
int lint_node(struct lint_pod *pod);	    /* node-pinned */
int lint_admission(struct lint_pod *pod);   /* admission-needed */

/* Collect them. 0 or -ENOMEM. Owned by the caller (free the items). */
int lint_find_objects(const struct manifest *manifest, struct lint_objects *ret);

/* Fill pod->request and pod->containers: who provides what. 0 or -ENOMEM. */
int lint_find_providers(struct lint_pod *pod);
/* The words of the rclone command line that a container runs, also one in a shell's script; its own
 * arguments where there is none. Appended to `ret`. 0 or -ENOMEM. */
int lint_command_words(const struct strv *args, struct strv *ret);
/* The commands of the script that a shell is given by -c; *ret_found false where args are none. 0
 * or -ENOMEM. */
int lint_script(const struct strv *args, struct shell_commands *ret, bool *ret_found);
/* config.json of a container as CRI-O would make it. 0 or -ENOMEM. */
int lint_make_spec(
	const struct lint_pod *pod, const struct pod_container *container, struct spec *ret);
/* The source of a volumeMount on a node, with its subPath. Owned by the caller; NULL without
 * memory. */
char *lint_source(const struct pod *pod, const struct pod_mount *mount);

/* Where a finding of the checks stands; never NULL. */
const struct manifest_node *lint_place(const struct lint_pod *pod,
	const struct lint_container *container, const struct finding *finding);
/* The edits that fix a finding of the checks. 0 or -ENOMEM. */
int lint_fix_finding(
	struct lint_pod *pod, struct lint_container *container, struct lint_finding *finding);

/* The container's volumeMount at that path; NULL without one. */
const struct pod_mount *lint_mount_at(const struct pod_container *container, const char *path);
/* The argument that is `text`, or has it behind a "="; NULL without. *ret_index may be NULL. */
const struct manifest_node *lint_argument(
	const struct pod_container *container, const char *text, size_t *ret_index);
/* Where a container is named: its name, else itself. */
const struct manifest_node *lint_name_of(const struct pod_container *container);
/* The value node of an annotation of the pod; NULL without. */
const struct manifest_node *lint_annotation(const struct lint_pod *pod, const char *key);

#endif
