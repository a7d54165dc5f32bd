/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate watches of one path, and each thing that it does about it. For hook/apply/gate.c.
 */
#ifndef FSH_HOOK_APPLY_GATE_WATCH_H
#define FSH_HOOK_APPLY_GATE_WATCH_H

#include "hook/apply/gate.h"
#include "hook/mount/probe.h"
#include "hook/sys/process.h"
#include "oci/spec/mountinfo.h"

/* What the gate holds for one path while it waits. */
struct gate_watch {
	struct gate_path *path;
	int volume;		/* path->volume, pinned; -EBADF: none */
	struct process process; /* the provider, until it has ended; PROCESS_NONE too without one */
	struct probe probe;	/* under way */
	struct {
		int id;		 /* 0: the path could not be reached */
		uint64_t unique; /* ids are used again, at once; this one is not (Linux 6.8) */
	} mount;		 /* at the path when it was last read */
	bool again;		 /* read it even if that is the same */
	bool alone; /* its mount is asked by a child of its own: together with others it gave no
		       answer */
	struct probe_mount to_probe; /* a mount that is to be asked now; its fd -EBADF: none */
	unsigned int unanswered;     /* children in a row that did not tell */
};

/* Pin the volume and the provider. `ret` is to be closed in any case. 0 or a negative errno. */
int gate_watch_open(struct gate_path *path, struct gate_watch *ret, struct error *err);

/*
 * What is mounted at the path; nothing is done where that is the same as before. A FUSE mount is
 * `to_probe` then. Where the mount table has to be read for that, `host` keeps it for all paths. 0
 * or a negative errno.
 */
int gate_watch_read(struct gate_watch *watch, struct mount_table *host, struct error *err);

/* Ask `to_probe` by a child of its own. 0 or a negative errno. */
int gate_watch_probe(struct gate_watch *watch, struct error *err);

/* The child's answer, once probe.fd is readable. 0 or a negative errno. */
int gate_watch_take_answer(struct gate_watch *watch, struct error *err);

void gate_watch_close_mount(struct gate_watch *watch);

/* 0 where the path can still become live; refused with -ESRCH where its provider has not been
 * created, or has ended. */
int gate_watch_check_provider(const struct gate_watch *watch, struct error *err);

/*
 * Whether the provider's end would say anything: not while its mount is being asked, since the
 * answer says more. A path that is live depends on it too, for as long as another one is waited
 * for.
 */
bool gate_watch_provider_matters(const struct gate_watch *watch);

/* Before Linux 5.3 no descriptor tells of a provider's end: it is asked for in turns. */
bool gate_watch_must_poll_provider(const struct gate_watch *watch);

/* `told`: poll(2) says so. */
bool gate_watch_provider_has_ended(const struct gate_watch *watch, bool told);

/* The provider has ended: the mount is read again. */
void gate_watch_note_end(struct gate_watch *watch);

void gate_watch_close(struct gate_watch *watch);

#endif
