/* SPDX-License-Identifier: Apache-2.0 */
/* No pod keeps reconcile from another, however many take all of its time. */
#include "policy/record/sweep_order.h"

#include "oci/base/cleanup.h"
#include "oci/base/strformat.h"
#include "tests/support/cmocka.h"
#include <stdio.h>
#include <string.h>

static void uid_of(size_t i, char uid[37])
{
	snprintf(uid, 37, "%08zx-3a53-4f0e-9d3b-2f3f6a1b0c11", i);
}

/* The pods with these numbers. */
static struct strv pods_of(size_t first, size_t n)
{
	struct strv pods = {0};

	for (size_t i = first; i < first + n; i++) {
		char uid[37];

		uid_of(i, uid);
		assert_int_equal(strv_add(&pods, uid), 0);
	}
	return pods;
}

static size_t number_of(const char *uid)
{
	return (size_t)strtoul(uid, NULL, 16);
}

/* "3 4 1" of the pods in their order. Owned by the caller. */
static char *order_of(const struct sweep_order *turns, const struct strv *pods)
{
	cleanup_strv struct strv order = {0};
	char *text = strdup("");

	assert_int_equal(sweep_order_order(turns, pods, &order), 0);
	assert_int_equal(order.n, pods->n);
	for (size_t i = 0; i < order.n; i++) {
		char *more = strformat("%s%s%zu", text, i ? " " : "", number_of(order.items[i]));

		free(text);
		text = more;
	}
	assert_non_null(text);
	return text;
}

static void expect_order(const struct sweep_order *turns, size_t n, const char *expected)
{
	cleanup_strv struct strv pods = pods_of(1, n);
	cleanup_free char *order = order_of(turns, &pods);

	assert_string_equal(order, expected);
}

/* `next` 0: none. */
static void begin(struct sweep_order *turns, size_t pod, size_t next)
{
	char uid[37], next_uid[37];

	uid_of(pod, uid);
	uid_of(next, next_uid);
	assert_int_equal(sweep_order_begin(turns, uid, next ? next_uid : NULL), 0);
}

static void end(struct sweep_order *turns, size_t pod)
{
	char uid[37];

	uid_of(pod, uid);
	sweep_order_end(turns, uid);
}

static void without_a_run_before_it_is_the_order_of_the_uids(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	expect_order(&turns, 4, "1 2 3 4");
}

static void it_begins_where_the_last_run_stopped(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	begin(&turns, 1, 2);
	end(&turns, 1);
	begin(&turns, 2, 3);
	end(&turns, 2);
	expect_order(&turns, 4, "3 4 1 2");
	/* That pod is gone meanwhile. */
	begin(&turns, 4, 9);
	end(&turns, 4);
	expect_order(&turns, 4, "1 2 3 4");
}

static void who_took_too_long_comes_last_the_longest_ago_first(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	begin(&turns, 2, 3);
	begin(&turns, 1, 0);
	expect_order(&turns, 4, "3 4 2 1");
	begin(&turns, 2, 0);
	expect_order(&turns, 4, "3 4 1 2");
	begin(&turns, 1, 0);
	end(&turns, 1);
	expect_order(&turns, 4, "1 3 4 2");
}

static void a_run_that_is_killed_has_said_at_which_pod(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	begin(&turns, 1, 2);
	expect_order(&turns, 3, "2 3 1");
}

static void those_that_are_gone_are_forgotten(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};
	cleanup_strv struct strv pods = pods_of(3, 2);

	(void)state;
	for (size_t i = 1; i <= 4; i++)
		begin(&turns, i, 0);
	sweep_order_keep(&turns, &pods);
	assert_int_equal(turns.last.n, 2);
	expect_order(&turns, 4, "1 2 3 4");
}

static void it_is_written_and_read(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0}, again = {0};
	cleanup_free char *text = NULL;

	(void)state;
	begin(&turns, 7, 9);
	begin(&turns, 5, 9);
	text = sweep_order_format(&turns);
	assert_non_null(text);
	assert_int_equal(sweep_order_parse(text, &again), 0);
	assert_string_equal(again.next, turns.next);
	assert_int_equal(again.last.n, 2);
	expect_order(&again, 9, "9 1 2 3 4 6 8 7 5");
}

static void what_else_is_in_the_file_is_passed_over(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};
	char text[] =
		"next ../../etc\nlast\nlast x\nlast 00000002-3a53-4f0e-9d3b-2f3f6a1b0c11\n\xff\n"
		"last 00000002-3a53-4f0e-9d3b-2f3f6a1b0c11\nlast 00000003-3a53";

	(void)state;
	assert_int_equal(sweep_order_parse(text, &turns), 0);
	assert_null(turns.next);
	assert_int_equal(turns.last.n, 1);
	expect_order(&turns, 3, "1 3 2");
}

static void the_file_stays_small(void **state)
{
	cleanup_sweep_order struct sweep_order turns = {0};
	cleanup_free char *text = NULL;

	(void)state;
	for (size_t i = 1; i <= (size_t)2 * TURNS_MAX_LAST; i++)
		begin(&turns, i, 1);
	assert_int_equal(turns.last.n, TURNS_MAX_LAST);
	text = sweep_order_format(&turns);
	assert_true(strlen(text) <= TURNS_MAX_SIZE);
}

/* A run: pods are taken until its time is over. Slow ones take one part of it each, and are killed.
 */
#define PARTS 17

static void run(
	struct sweep_order *turns, const struct strv *pods, size_t n_slow, unsigned int *reached)
{
	cleanup_strv struct strv order = {0};
	size_t parts = 0;

	sweep_order_keep(turns, pods);
	assert_int_equal(sweep_order_order(turns, pods, &order), 0);
	for (size_t i = 0; i < order.n && parts < PARTS; i++) {
		size_t pod = number_of(order.items[i]);

		assert_int_equal(sweep_order_begin(turns, order.items[i],
					 i + 1 < order.n ? order.items[i + 1] : NULL),
			0);
		reached[pod]++;
		if (pod < n_slow)
			parts++;
		else
			sweep_order_end(turns, order.items[i]);
	}
}

static void every_pod_is_reached_however_many_are_slow(void **state)
{
	unsigned int reached[64] = {0};
	cleanup_strv struct strv pods = pods_of(0, 60);
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	/* 45 slow ones sort before the others. */
	for (int i = 0; i < 3; i++)
		run(&turns, &pods, 45, reached);
	for (size_t i = 0; i < 60; i++)
		assert_true(reached[i] > 0);
	memset(reached, 0, sizeof(reached));
	/* And from then on the others are reached each time. */
	for (int i = 0; i < 9; i++)
		run(&turns, &pods, 45, reached);
	for (size_t i = 0; i < 45; i++)
		assert_true(reached[i] >= 3 && reached[i] <= 4);
	for (size_t i = 45; i < 60; i++)
		assert_int_equal(reached[i], 9);
}

/* Slow ones that nobody knows yet, each time: they take no turn of who was not reached. */
static void slow_pods_that_are_new_each_time_keep_nobody_out(void **state)
{
	unsigned int reached[64] = {0};
	cleanup_sweep_order struct sweep_order turns = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cleanup_strv struct strv pods = {0};
		char uid[37];

		for (size_t pod = i; pod < 60; pod += 3) {
			uid_of(pod, uid);
			assert_int_equal(strv_add(&pods, uid), 0);
		}
		uid_of(60, uid);
		assert_int_equal(strv_add(&pods, uid), 0);
		run(&turns, &pods, 60, reached);
	}
	assert_true(reached[60] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_run_before_it_is_the_order_of_the_uids),
		cmocka_unit_test(it_begins_where_the_last_run_stopped),
		cmocka_unit_test(who_took_too_long_comes_last_the_longest_ago_first),
		cmocka_unit_test(a_run_that_is_killed_has_said_at_which_pod),
		cmocka_unit_test(those_that_are_gone_are_forgotten),
		cmocka_unit_test(it_is_written_and_read),
		cmocka_unit_test(what_else_is_in_the_file_is_passed_over),
		cmocka_unit_test(the_file_stays_small),
		cmocka_unit_test(every_pod_is_reached_however_many_are_slow),
		cmocka_unit_test(slow_pods_that_are_new_each_time_keep_nobody_out),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
