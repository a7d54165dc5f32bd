/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program one of whose system calls fails, by choice: seccomp(2) hands the calls of that number
 * to a tracer, which gives the answer in the kernel's place. The program's children are followed. A
 * call is named by who makes it and how often that one has made it before, not by the order in
 * which processes happen to run.
 */
#ifndef FSH_TESTS_FAULT_INJECTOR_H
#define FSH_TESTS_FAULT_INJECTOR_H

#include <stdbool.h>
#include <stddef.h>

#define INJECTOR_ROLE_MAX 24

struct injector_call {
	char role[INJECTOR_ROLE_MAX]; /* "0" is the program, "0.2" its second child */
	int number;
	unsigned int nth; /* from 1, of the calls of that number by that role */
	char text[256];	  /* "openat(/run/x)" */
	bool early;	  /* of the dynamic loader, say: the caller's to set */
};

struct injector_calls {
	struct injector_call *items;
	size_t n;
};

/* What shall fail, and how. */
struct injector_fault {
	const struct injector_call *call;
	int error;   /* an errno */
	bool sticky; /* every later call of that number fails too, whoever makes it */
};

struct injector_outcome {
	int status;	   /* as from child_wait(); that of a killed program where it hangs */
	bool injected;	   /* the call was made, and failed */
	bool hangs;	   /* it did not end in time, and was killed */
	unsigned int left; /* processes of it that did not end with it; killed */
};

/*
 * Run `work`, which must exec a program, in a child and list the calls that it makes from then on.
 * 0 or a negative errno.
 */
int injector_list(int (*work)(void *data), void *data, struct injector_calls *ret_calls,
	struct injector_outcome *ret);

/* The same with a fault. */
int injector_run(int (*work)(void *data), void *data, const struct injector_fault *fault,
	struct injector_outcome *ret);

void injector_calls_clear(struct injector_calls *calls);

#define cleanup_injector_calls __attribute__((cleanup(injector_calls_clear)))

#endif
