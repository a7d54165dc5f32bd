/* SPDX-License-Identifier: Apache-2.0 */
/* What hook/sandbox/parser.c and its child have in common. Not for others. */
#ifndef FSH_HOOK_SANDBOX_PARSER_SERVE_H
#define FSH_HOOK_SANDBOX_PARSER_SERVE_H

#include "hook/sandbox/refused_call.h"
#include "oci/spec/spec.h"
#include <limits.h>
#include <stdint.h>

enum parser_document {
	PARSER_STATE,
	PARSER_CONFIG,
	PARSER_RECORD,
	PARSER_DOCUMENTS,
};

/* The largest document is a config.json. */
#define PARSER_INPUT_MAX SPEC_MAX_SIZE
/* Told, the shortest string takes more bytes than in JSON: "", is 3 there and 5 here. */
#define PARSER_OUTPUT_MAX (4 * SPEC_MAX_SIZE)

/* Memory that both share. Pages that nobody touches cost nothing. */
struct parser_memory {
	struct refused_call refused; /* by the child's own filter */
	char name[PATH_MAX];	     /* of the document, for messages */
	char input[PARSER_INPUT_MAX];
	char output[PARSER_OUTPUT_MAX]; /* the outcome, and behind 0 the document */
};

/* By a socket that keeps messages apart. Without padding, which would tell what was on the stack.
 */
struct parser_question {
	uint64_t id;
	uint64_t size;	   /* of the input */
	uint64_t document; /* enum parser_document */
};

struct parser_answer {
	uint64_t id;   /* the question's: one that was left alone has an answer too */
	uint64_t size; /* of the output */
};

/* The child's whole life: give up what it has, answer questions from `fd` until nobody asks any
 * more. 0 is that end; it exits with what this returns. */
int parser_serve(int fd, struct parser_memory *memory);

#endif
