/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line for each pod that took long, and the uid to begin with: few bytes, written at the end of
 * each run, that may be lost or broken without harm but to the order.
 */
#include "policy/record/sweep_order.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "oci/base/strformat.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NEXT "next "
#define LAST "last "

static void remove_at(struct strv *list, size_t i)
{
	free(list->items[i]);
	list->n--;
	memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof(*list->items));
}

static void remove_text(struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i], text) == 0) {
			remove_at(list, i);
			return;
		}
	}
}

/* Those that did not take too long, of the uids from `next` on or of those before it. */
static int sweep_order_add_others(const struct sweep_order *order, const struct strv *pods,
	bool before_next, struct strv *ret)
{
	for (size_t i = 0; i < pods->n; i++) {
		const char *uid = pods->items[i];
		bool is_before = order->next && strcmp(uid, order->next) < 0;

		if (is_before == before_next && !strv_contains(&order->last, uid) &&
			strv_add(ret, uid) < 0)
			return -ENOMEM;
	}
	return 0;
}

int sweep_order_order(const struct sweep_order *order, const struct strv *pods, struct strv *ret)
{
	if (sweep_order_add_others(order, pods, false, ret) < 0 ||
		sweep_order_add_others(order, pods, true, ret) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < order->last.n; i++) {
		if (strv_contains(pods, order->last.items[i]) &&
			strv_add(ret, order->last.items[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int sweep_order_begin(struct sweep_order *order, const char *uid, const char *next)
{
	cleanup_free char *copy = next ? strdup(next) : NULL;

	if (next && !copy)
		return -ENOMEM;
	remove_text(&order->last, uid);
	if (order->last.n >= TURNS_MAX_LAST)
		remove_at(&order->last, 0);
	if (strv_add(&order->last, uid) < 0)
		return -ENOMEM;
	free(order->next);
	order->next = move_ptr(copy);
	return 0;
}

void sweep_order_end(struct sweep_order *order, const char *uid)
{
	remove_text(&order->last, uid);
}

void sweep_order_keep(struct sweep_order *order, const struct strv *pods)
{
	for (size_t i = order->last.n; i > 0; i--) {
		if (!strv_contains(pods, order->last.items[i - 1]))
			remove_at(&order->last, i - 1);
	}
}

char *sweep_order_format(const struct sweep_order *order)
{
	char *text = strformat("%s%s%s", order->next ? NEXT : "", order->next ? order->next : "",
		order->next ? "\n" : "");

	for (size_t i = 0; text && i < order->last.n; i++) {
		char *more = strformat("%s" LAST "%s\n", text, order->last.items[i]);

		free(text);
		text = more;
	}
	return text;
}

static const char *uid_behind(const char *line, const char *word)
{
	const char *uid = line + strlen(word);

	return strncmp(line, word, strlen(word)) == 0 && ident_is_pod_uid(uid) ? uid : NULL;
}

static int sweep_order_parse_line(const char *line, struct sweep_order *order)
{
	const char *next = uid_behind(line, NEXT), *last = uid_behind(line, LAST);

	if (last && order->last.n < TURNS_MAX_LAST && !strv_contains(&order->last, last))
		return strv_add(&order->last, last);
	if (!next || order->next)
		return 0;
	order->next = strdup(next);
	return order->next ? 0 : -ENOMEM;
}

int sweep_order_parse(char *text, struct sweep_order *ret)
{
	cleanup_sweep_order struct sweep_order order = {0};
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sweep_order_parse_line(line, &order) < 0)
			return -ENOMEM;
	}
	*ret = move_struct(order);
	return 0;
}

void sweep_order_clear(struct sweep_order *order)
{
	free(order->next);
	strv_clear(&order->last);
	*order = (struct sweep_order){0};
}
