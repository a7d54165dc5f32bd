/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that parses: what pods have written is read as JSON in a child that has no capability,
 * can open nothing, talk to nobody and start nothing. It is given bytes, and gives back a flat list
 * of values (oci/base/wire.h), which is checked value by value before it is believed. Whoever takes
 * the child over has a process that can compute.
 *
 * One child serves all documents of a run; one that has died is replaced for the next document.
 * The process that has begun to use it, and those that it forks, ask it; one at a time.
 */
#ifndef FSH_HOOK_SANDBOX_PARSER_H
#define FSH_HOOK_SANDBOX_PARSER_H

#include "hook/sandbox/worker_status.h"
#include "oci/spec/parsed.h"
#include "policy/record/topology.h"

/*
 * Begin to use it, and fork it already. `progress`, which may be NULL, is memory that it is not to
 * share, and says how long it is waited for. Without, what follows is parsed in the caller's own
 * process. 0 or a negative errno.
 */
int parser_begin(struct worker_status *progress);

/* Nothing more is going to be asked, most likely: it may end while the caller goes on. */
void parser_rest(void);

/* End it, and wait for that. */
void parser_end(void);

/*
 * As parsed_state(), parsed_config() and topology_parse(). Where the child dies of it, or gives no
 * answer in time or one that makes no sense, that is FINDING_INTERNAL, with -EPROTO.
 */
int parser_state(const char *data, size_t size, struct parsed_state *ret, struct error *err);
int parser_config(const char *data, size_t size, struct parsed_config *ret, struct error *err);
int parser_record(
	const char *data, size_t size, const char *name, struct topology *ret, struct error *err);

#endif
