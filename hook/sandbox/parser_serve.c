/* SPDX-License-Identifier: Apache-2.0 */
/* The child that parses: what it answers. All that reads JSON of pods happens here. */
#include "hook/sandbox/parser_serve.h"

#include "hook/sandbox/drop_privileges.h"
#include "hook/sys/close_fds.h"
#include "oci/base/cleanup.h"
#include "oci/base/text.h"
#include "oci/spec/parsed.h"
#include "policy/record/topology.h"
#include "policy/record/topology_wire.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* The document's text, copied: what both share could change while it is read. */
struct text {
	const char *name, *data;
	size_t size;
};

static int parser_reply(struct wire *wire, int r, struct error *err)
{
	wire_outcome(wire, &r, err);
	return r;
}

static void parser_reply_state(struct wire *wire, const struct text *text)
{
	cleanup_parsed_state struct parsed_state parsed = {0};
	cleanup_error struct error err = {0};

	if (parser_reply(wire, parsed_state(text->data, text->size, &parsed, &err), &err) == 0)
		parsed_state_wire(wire, &parsed);
}

static void parser_reply_config(struct wire *wire, const struct text *text)
{
	cleanup_parsed_config struct parsed_config parsed = {0};
	cleanup_error struct error err = {0};

	if (parser_reply(wire, parsed_config(text->data, text->size, &parsed, &err), &err) == 0)
		parsed_config_wire(wire, &parsed);
}

static void parser_reply_record(struct wire *wire, const struct text *text)
{
	cleanup_topology struct topology topology = {0};
	cleanup_error struct error err = {0};

	if (parser_reply(wire, topology_parse(text->data, text->size, text->name, &topology, &err),
		    &err) == 0)
		topology_wire(wire, &topology);
}

static void parser_reply_failure(struct wire *wire, int error)
{
	cleanup_error struct error err = {0};

	parser_reply(wire,
		error_set(&err, error, FINDING_INTERNAL, NULL, NULL,
			"the parser cannot report what it parsed: %s", strerror(-error)),
		&err);
}

static size_t parser_serve_answer(
	struct parser_memory *memory, enum parser_document document, const struct text *text)
{
	static void (*const tellers[])(struct wire *, const struct text *) = {
		[PARSER_STATE] = parser_reply_state,
		[PARSER_CONFIG] = parser_reply_config,
		[PARSER_RECORD] = parser_reply_record,
	};
	struct wire wire = wire_writer(memory->output, sizeof(memory->output));
	int r;

	tellers[document](&wire, text);
	r = wire_end(&wire);
	if (r < 0) {
		wire = wire_writer(memory->output, sizeof(memory->output));
		parser_reply_failure(&wire, r);
	}
	return wire.at;
}

/* 1: it is there, 0: nobody asks any more, or a negative errno, which the process exits with. */
static int next_question(int fd, struct parser_question *ret)
{
	ssize_t n;

	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	return n == (ssize_t)sizeof(*ret) ? 1 : -EPROTO;
}

static int parser_reply_answer(int fd, const struct parser_answer *answered)
{
	ssize_t n;

	do
		n = write(fd, answered, sizeof(*answered));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*answered) ? 0 : -EPIPE;
}

static int serve_one(int fd, struct parser_memory *memory, const struct parser_question *question)
{
	size_t length = strnlen(memory->name, sizeof(memory->name) - 1);
	cleanup_free char *name = text_copy(memory->name, length);
	cleanup_free char *data = NULL;
	struct parser_answer answered = {.id = question->id};
	struct text text;

	if (question->size > sizeof(memory->input) || question->document >= PARSER_DOCUMENTS)
		return -EINVAL;
	data = malloc(question->size + 1);
	if (!data || !name)
		return -ENOMEM;
	memcpy(data, memory->input, question->size);
	data[question->size] = '\0';
	text = (struct text){.name = name, .data = data, .size = question->size};
	answered.size =
		parser_serve_answer(memory, (enum parser_document)question->document, &text);
	return parser_reply_answer(fd, &answered);
}

/* What json-c asks the system for when it is first used: a seed, which some builds read from a
 * file. */
static int warm_up(void)
{
	struct json_object *object = json_object_new_object();
	struct json_object *member = json_object_new_boolean(true);

	if (!object || !member || json_object_object_add(object, "seed", member) < 0)
		return -ENOMEM;
	json_object_put(object);
	return 0;
}

/* It keeps the one descriptor, as 0. */
static int parser_serve_give_up(int fd, struct parser_memory *memory)
{
	int r;

	if (dup2(fd, STDIN_FILENO) < 0)
		return -errno;
	r = close_fds(STDIN_FILENO + 1, ~0U);
	if (r == 0)
		r = warm_up();
	refused_call_note_in(&memory->refused);
	return r < 0 ? r : drop_privileges_parser();
}

int parser_serve(int fd, struct parser_memory *memory)
{
	struct parser_question question;
	int r = parser_serve_give_up(fd, memory);

	while (r == 0) {
		r = next_question(STDIN_FILENO, &question);
		if (r <= 0)
			return r;
		r = serve_one(STDIN_FILENO, memory, &question);
	}
	return r;
}
