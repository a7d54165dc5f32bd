/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod as the hook meets it, in an ns_sandbox: a volume below the policy's root, containers that a
 * runtime has just made (fake_container.h), for each a bundle with config.json and a state, and the
 * hook's own program run for them. What cannot be made fails the running test.
 */
#ifndef FSH_TESTS_SUPPORT_FAKE_POD_H
#define FSH_TESTS_SUPPORT_FAKE_POD_H

#include "oci/base/jsondoc.h"
#include "tests/support/fake_container.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FAKE_POD_UID "6f0d7c7e-3a53-4f0e-9d3b-2f3f6a1b0c11"
#define FAKE_POD_RECORDS "/run/fuse-sidecar-hook"
#define FAKE_POD_MEDIA "/mnt/media" /* where its containers mount the volume */
#define FAKE_POD_BINDS 8	    /* that one container can have */

/* One container, of one instance of that name. */
struct fake_member {
	const struct fake_pod *pod;
	char name[64], id[65];
	char bundle[128]; /* directory with config.json, state.json, stopped.json (the state at
			     poststop), output */
	char root[128];
	struct fake_bind binds[FAKE_POD_BINDS]; /* of volumes. Their text is the pod's or static */
	size_t n_binds;
	struct fake_container process;
	struct json_object *config; /* what config.json has */
};

struct fake_pod {
	char uid[37], name[64];
	char volume[160]; /* host path */
	struct json_object *annotations;
	struct fake_member **members;
	size_t n_members;
};

/* How a container is made; all but `name` may be left out. */
struct fake_role {
	const char *name;
	const char *provides;	 /* the FUSE path that its command line mounts; NULL: no provider */
	const char *source;	 /* NULL: the pod's volume; "": none */
	const char *destination; /* NULL: FAKE_POD_MEDIA */
	unsigned long propagation;    /* 0: MS_SHARED for a provider, MS_SLAVE else */
	bool user_namespace;	      /* hostUsers: false */
	const struct fake_bind *more; /* the other volumes, each as it says */
	size_t n_more;
};

/*
 * A pod of that uid and that annotation fuse-sidecar.io/mounts, with an empty volume of its own.
 * /var/lib/kubelet is what the test made of it: private in a new sandbox.
 */
void fake_pod_init(struct fake_pod *pod, const char *uid, const char *mounts);

/* Set an annotation of the containers that are made from then on. */
void fake_pod_annotate(struct fake_pod *pod, const char *key, const char *value);

/* Make another volume of the pod beside the first; its host path, owned by the caller. */
char *fake_pod_volume(const struct fake_pod *pod, const char *name);

/* The host path of a FUSE path of the volume ("zurg"). Owned by the caller. */
char *fake_pod_path(const struct fake_pod *pod, const char *rest);

/* Make a container: the next instance of its name, with a new id. Borrowed from the pod. */
struct fake_member *fake_pod_add(struct fake_pod *pod, const struct fake_role *role);

/* rclone-NAME, which provides FAKE_POD_MEDIA/NAME; and a consumer. */
struct fake_member *fake_pod_provider(struct fake_pod *pod, const char *name);
struct fake_member *fake_pod_consumer(struct fake_pod *pod, const char *name);

/* Replace what config.json has at a JSON pointer by JSON text in which ' stands for "; NULL removes
 * it. Annotations are the state's too. */
void fake_member_set(struct fake_member *member, const char *pointer, const char *json);

/* End the container's process. */
void fake_member_stop(struct fake_member *member);

/*
 * Run the hook's program for it; its exit code, or 128 and the signal that ended it. Where the hook
 * says that this kernel cannot replace the container's bind, but that the volume is shared now, the
 * container is created again under a new id, as the kubelet would, and the hook run for that.
 */
int fake_member_hook(struct fake_member *member, const char *stage);

/* The same once, whatever it says. */
int fake_member_hook_once(const struct fake_member *member, const char *stage);

/* The same, in the background: child_wait() for the pid. */
pid_t fake_member_hook_start(const struct fake_member *member, const char *stage);

/* exec the hook for it: for a child process of the test's own. Returns only where that fails. */
int fake_member_hook_exec(const struct fake_member *member, const char *stage);

/* Run the hook for it and fail the test, with what the hook said, where it exits with another code.
 */
void fake_member_expect(struct fake_member *member, const char *stage, int code);

/* End the container and run its poststop, as when the kubelet removes it. */
void fake_member_remove(struct fake_member *member);

/* Fail the test where its last hook has not said `text`. */
void fake_member_expect_said(const struct fake_member *member, const char *text);

/* ns_sandbox_mounts_on() for a path inside the container. */
unsigned int fake_member_mounts_on(const struct fake_member *member, const char *path);

/* What its last hook wrote to standard output and standard error. Owned by the caller. */
char *fake_member_output(const struct fake_member *member);

/* The program that has the verb: TOOL_BINARY or HOOK_BINARY of the environment, else the one in
 * BUILD_DIR. Static. */
const char *fake_pod_program(const char *verb);

/* Run another verb than a stage ("reconcile"), with an option that may be NULL. *ret_output, which
 * may be NULL, is owned by the caller. */
int fake_pod_command(const char *verb, const char *option, char **ret_output);

/* The same where it must exit with that code: what it said, owned by the caller. */
__attribute__((warn_unused_result)) char *fake_pod_expect_command(
	const char *verb, const char *option, int code);

/* Become another verb of the program, with its output in a file: for a child of the test. Returns
 * only where it cannot. */
int fake_pod_command_exec(const char *verb, const char *output);

/* Where its record is, and the text of it, which must be there. Owned by the caller. */
char *fake_pod_record_path(const struct fake_pod *pod);
char *fake_pod_record_text(const struct fake_pod *pod);

/* "created", "waiting", "denied" of a container in the record; "" where it is not there. Static or
 * valid until the next call. */
const char *fake_pod_status(const struct fake_pod *pod, const char *container);

/* The container plex is at the gate, by the record; for eventually(). */
bool fake_pod_plex_waits(void *pod);

/* The text at a JSON pointer of the record, NULL without; valid until the next call. */
const char *fake_pod_recorded(const struct fake_pod *pod, const char *pointer);

/* A file of that name is in the directory of records (locks/UID, tmp/…, pods/UID). */
bool fake_pod_has_file(const char *directory, const char *name);

/* How many files are in that directory. */
unsigned int fake_pod_count_files(const char *directory);

/* Stop its containers. An all-zero pod is accepted. */
void fake_pod_clear(struct fake_pod *pod);

#define cleanup_fake_pod __attribute__((cleanup(fake_pod_clear)))

#endif
