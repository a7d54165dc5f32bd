/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side. The child is held by a socket and shared memory; what it says is copied before
 * it is checked, and a child that is late, silent or wrong is killed and not asked again.
 */
#include "hook/sandbox/parser.h"

#include "hook/sandbox/parser_serve.h"
#include "hook/sys/deadline.h"
#include "hook/sys/process.h"
#include "oci/base/cleanup.h"
#include "policy/record/topology_wire.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* How long it may take over one document, where the run has that left. The largest takes a second.
 */
#define PATIENCE_USEC (10 * UINT64_C(1000000))

/* The process's, as what libraries keep open is. */
static struct {
	struct parser_memory *memory; /* NULL: not in use */
	struct worker_status *progress;
	int fd;	     /* to ask it by; -EBADF: there is none now */
	pid_t pid;   /* of the child, 0: it has been waited for */
	pid_t owner; /* whose child it is */
	uint32_t asked;
} parser = {.fd = -EBADF};

static _Noreturn void be_child(int fd, pid_t parent)
{
	int r = process_die_with(parent);

	worker_status_free(parser.progress);
	if (r == 0)
		r = parser_serve(fd, parser.memory);
	_exit(r < 0 ? -r : 0);
}

/* Its exit status as wait(2) has it; 0 where it is not this process's child. */
static int parser_reap(void)
{
	int status = 0;

	if (parser.pid == 0 || parser.owner != getpid())
		return 0;
	while (waitpid(parser.pid, &status, 0) < 0 && errno == EINTR)
		;
	parser.pid = 0;
	return status;
}

/*
 * It is asked nothing any more. Not left to see the end of its socket: a process that was forked
 * meanwhile, and that waits in the kernel for a file system, holds that open.
 */
static void parser_stop(void)
{
	if (parser.pid > 0 && parser.owner == getpid())
		(void)kill(parser.pid, SIGKILL);
	(void)parser_reap();
}

static int parser_start(void)
{
	int sockets[2];
	pid_t parent = getpid(), pid;

	/* One that has rested. */
	parser_stop();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_child(sockets[1], parent);
	close(sockets[1]);
	if (pid < 0) {
		int r = -errno;

		close(sockets[0]);
		return r;
	}
	parser.fd = sockets[0];
	parser.pid = pid;
	parser.owner = parent;
	return 0;
}

int parser_begin(struct worker_status *progress)
{
	void *memory = mmap(NULL, sizeof(*parser.memory), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	parser.memory = memory;
	parser.progress = progress;
	return parser_start();
}

void parser_rest(void)
{
	cleanup_close_fd(&parser.fd);
	parser.fd = -EBADF;
}

void parser_end(void)
{
	parser_rest();
	parser_stop();
	if (parser.memory)
		munmap(parser.memory, sizeof(*parser.memory));
	parser.memory = NULL;
}

static int parser_refuse(struct error *err, const char *name, const char *why)
{
	return error_set(err, -EPROTO, FINDING_INTERNAL, name, "report it, with that document",
		"%s: the parser %s", name, why);
}

/* The node is in trouble. */
static int parser_fail(struct error *err, const char *name, int r)
{
	return error_set(err, r, FINDING_HOST_IO, name, NULL, "%s: cannot fork a parser: %s", name,
		strerror(-r));
}

static void end_it(void)
{
	if (parser.pid > 0)
		(void)kill(parser.pid, SIGKILL);
	parser_rest();
	(void)parser_reap();
}

/* It is not trusted with another document. */
static int parser_give_up(struct error *err, const char *name, const char *why)
{
	end_it();
	return parser_refuse(err, name, why);
}

/* It has closed its end. What went wrong before it could answer it exits with. */
static int parser_note_death(struct error *err, const char *name)
{
	char why[96];
	int status;

	parser_rest();
	status = parser_reap();
	if (WIFEXITED(status) && WEXITSTATUS(status) > 0)
		return parser_fail(err, name, -WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "was killed by signal %d%s", WTERMSIG(status),
			WTERMSIG(status) == SIGSYS ? ": a system call that it may not make" : "");
	else
		snprintf(why, sizeof(why), "has ended");
	return parser_refuse(err, name, why);
}

/* The answer to that question: 0 or a negative errno, -ETIMEDOUT, or -EPIPE or -ECONNRESET where
 * there will be none. */
static int parser_wait(uint64_t id, struct parser_answer *ret)
{
	const uint64_t until = deadline_now() + worker_status_left(parser.progress, PATIENCE_USEC);
	struct pollfd readable = {.fd = parser.fd, .events = POLLIN};

	for (;;) {
		uint64_t now = deadline_now();
		int r = poll(&readable, 1, now < until ? (int)((until - now) / 1000) + 1 : 0);
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -ETIMEDOUT;
		n = r < 0 ? r : read(parser.fd, ret, sizeof(*ret));
		if (n < 0)
			return -errno;
		if (n != (ssize_t)sizeof(*ret))
			return -EPIPE;
		/* An older one is to whoever asked and was killed meanwhile. */
		if (ret->id == id)
			return 0;
	}
}

static int send_question(const struct parser_question *question)
{
	return send(parser.fd, question, sizeof(*question), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Copied out of the memory that the child can still write to. */
static int take_output(const struct parser_answer *answer, char **ret, struct error *err)
{
	*ret = malloc(answer->size + 1);
	if (!*ret)
		return error_memory(err);
	memcpy(*ret, parser.memory->output, answer->size);
	return 0;
}

/* A document's text, and what its messages call it. */
struct text {
	const char *name, *data;
	size_t size;
};

/* What the child says of the document: bytes, owned by the caller. */
static int parser_request(const struct parser_question *asked, const struct text *text, char **ret,
	size_t *ret_size, struct error *err)
{
	struct parser_question question = *asked;
	const char *name = text->name;
	struct parser_answer answer = {0};
	int r = parser.fd >= 0 ? 0 : parser_start();

	if (r < 0)
		return parser_fail(err, name, r);
	question.id = (uint64_t)getpid() << 32 | ++parser.asked;
	snprintf(parser.memory->name, sizeof(parser.memory->name), "%s", name);
	memcpy(parser.memory->input, text->data, question.size);
	r = send_question(&question);
	if (r == 0)
		r = parser_wait(question.id, &answer);
	if (parser.memory->refused.told)
		refused_call_pass_on(&parser.memory->refused);
	if (r == -ETIMEDOUT)
		return parser_give_up(err, name, "gave no answer in its time");
	if (r == -EPIPE || r == -ECONNRESET)
		return parser_note_death(err, name);
	if (r < 0) {
		end_it();
		return parser_fail(err, name, r);
	}
	if (answer.size > sizeof(parser.memory->output))
		return parser_give_up(err, name, "gave an invalid answer");
	*ret_size = answer.size;
	return take_output(&answer, ret, err);
}

/* The document was read to its end, and is as it may be. */
static int parser_finish(struct wire *wire, const char *name, struct error *err)
{
	int r = wire_end(wire);

	if (r == -ENOMEM)
		return error_memory(err);
	return r < 0 ? parser_give_up(err, name, "gave an invalid answer") : 0;
}

/* What the child said came to: its own error, or 0 with `wire` at the document. */
static int begin_answer(struct wire *wire, const char *name, struct error *err)
{
	cleanup_error struct error told = {0};
	int r = 0, broken;

	wire_outcome(wire, &r, &told);
	if (r == 0 && wire->error == 0)
		return 0;
	broken = parser_finish(wire, name, err);
	if (broken < 0)
		return broken;
	return error_set(err, r, told.code, told.subject, told.fix, "%s", error_message(&told));
}

/* Have it parsed, and read what it comes to with `read` into `document`, which is the caller's to
 * clear. */
static int parser_parse_document(enum parser_document kind, const struct text *text,
	void (*read)(struct wire *wire, void *document), void *document, struct error *err)
{
	const struct parser_question question = {.document = kind, .size = text->size};
	cleanup_free char *answer = NULL;
	struct wire wire;
	size_t size = 0;
	int r;

	if (text->size > PARSER_INPUT_MAX)
		return error_set(err, -EFBIG, FINDING_INTERNAL, text->name, "make it smaller",
			"%s: more than %lu bytes", text->name, PARSER_INPUT_MAX);
	r = parser_request(&question, text, &answer, &size, err);
	if (r < 0)
		return r;
	wire = wire_reader(answer, size);
	r = begin_answer(&wire, text->name, err);
	if (r < 0)
		return r;
	read(&wire, document);
	return parser_finish(&wire, text->name, err);
}

static void parser_read_state(struct wire *wire, void *document)
{
	parsed_state_wire(wire, document);
}

static void parser_read_config(struct wire *wire, void *document)
{
	parsed_config_wire(wire, document);
}

static void parser_read_record(struct wire *wire, void *document)
{
	topology_wire(wire, document);
}

int parser_state(const char *data, size_t size, struct parsed_state *ret, struct error *err)
{
	const struct text text = {"state", data, size};
	cleanup_parsed_state struct parsed_state parsed = {0};
	int r;

	if (!parser.memory)
		return parsed_state(data, size, ret, err);
	r = parser_parse_document(PARSER_STATE, &text, parser_read_state, &parsed, err);
	if (r == 0)
		*ret = move_struct(parsed);
	return r;
}

int parser_config(const char *data, size_t size, struct parsed_config *ret, struct error *err)
{
	const struct text text = {"config.json", data, size};
	cleanup_parsed_config struct parsed_config parsed = {0};
	int r;

	if (!parser.memory)
		return parsed_config(data, size, ret, err);
	r = parser_parse_document(PARSER_CONFIG, &text, parser_read_config, &parsed, err);
	if (r == 0)
		*ret = move_struct(parsed);
	return r;
}

int parser_record(
	const char *data, size_t size, const char *name, struct topology *ret, struct error *err)
{
	const struct text text = {name, data, size};
	cleanup_topology struct topology topology = {0};
	int r;

	if (!parser.memory)
		return topology_parse(data, size, name, ret, err);
	r = parser_parse_document(PARSER_RECORD, &text, parser_read_record, &topology, err);
	if (r == 0)
		*ret = move_struct(topology);
	return r;
}
