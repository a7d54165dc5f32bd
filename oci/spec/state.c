/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one input of every stage, from a runtime that may be of any version: the size is limited
 * before it is parsed, and each member has its type and grammar.
 */
#include "oci/spec/state.h"

#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "oci/base/jsondoc.h"
#include "oci/base/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static const struct jsondoc_context context = {"state", FINDING_STATE_INVALID};

static int state_check_id(const struct jsondoc_get *get, const char *id, struct error *err)
{
	if (*id && !strchr(id, '/') && !text_has_control(id))
		return 0;
	return jsondoc_error(get, "id", "give the container a plain id", err,
		"%s is not a container id: expected text without '/' and control characters",
		text_quote(id));
}

static int check_bundle(const struct jsondoc_get *get, const char *bundle, struct error *err)
{
	if (bundle[0] == '/' && strlen(bundle) < PATH_MAX && !text_has_control(bundle))
		return 0;
	return jsondoc_error(get, "bundle", "give the bundle's absolute path", err,
		"%s is not an absolute path", text_quote(bundle));
}

/* crun writes 0 where there is no process any more, runc leaves it out. */
static int load_pid(const struct jsondoc_get *get, pid_t *ret, struct error *err)
{
	int64_t pid = 0;
	int r = jsondoc_int64(get, "pid", &pid, NULL, err);

	if (r < 0)
		return r;
	if (pid < 0 || pid > INT_MAX)
		return jsondoc_error(get, "pid", "give the pid of the container's init", err,
			"%lld is not a process id", (long long)pid);
	*ret = (pid_t)pid;
	return 0;
}

static int load_state(struct json_object *object, struct state *state, struct error *err)
{
	const struct jsondoc_get may = {.context = &context, .object = object, .path = ""};
	struct jsondoc_get must = may;
	int r;

	must.required = true;
	r = jsondoc_string(&must, "ociVersion", &state->oci_version, err);
	if (r < 0)
		return r;
	r = jsondoc_string(&must, "id", &state->id, err);
	if (r < 0)
		return r;
	r = jsondoc_string(&must, "bundle", &state->bundle, err);
	if (r < 0)
		return r;
	r = jsondoc_string(&may, "status", &state->status, err);
	if (r < 0)
		return r;
	r = load_pid(&may, &state->pid, err);
	if (r < 0)
		return r;
	r = keyvals_load(&may, &state->annotations, err);
	if (r < 0)
		return r;
	r = state_check_id(&may, state->id, err);
	return r < 0 ? r : check_bundle(&may, state->bundle, err);
}

static int state_refuse_size(struct error *err)
{
	return error_set(err, -EFBIG, FINDING_STATE_INVALID, "state",
		"shorten the pod's annotations", "state: more than %lu bytes", STATE_MAX_SIZE);
}

int state_parse(const char *data, size_t size, struct state *ret, struct error *err)
{
	cleanup_json struct json_object *object = NULL;
	cleanup_state struct state state = {0};
	int r;

	if (size > STATE_MAX_SIZE)
		return state_refuse_size(err);
	r = jsondoc_parse(data, size, JSONDOC_STRICT, &context, &object, err);
	if (r < 0)
		return r;
	r = load_state(object, &state, err);
	if (r < 0)
		return r;
	*ret = move_struct(state);
	return 0;
}

int state_fetch(int fd, char **ret_data, size_t *ret_size, struct error *err)
{
	int r = input_read_fd(fd, STATE_MAX_SIZE, ret_data, ret_size);

	if (r == -EFBIG)
		return state_refuse_size(err);
	if (r == -ENOMEM)
		return error_memory(err);
	if (r < 0)
		return error_set(err, r, FINDING_STATE_INVALID, "state",
			"give the container's state on standard input", "state: cannot be read: %s",
			strerror(-r));
	return 0;
}

void state_clear(struct state *state)
{
	if (!state)
		return;
	free(state->oci_version);
	free(state->id);
	free(state->bundle);
	free(state->status);
	keyvals_clear(&state->annotations);
	*state = (struct state){0};
}
