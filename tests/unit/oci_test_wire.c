/* SPDX-License-Identifier: Apache-2.0 */
/* Values told by one process to another that believes nothing: what was written is read, and
 * whatever else comes is refused. */
#include "oci/base/wire.h"

#include "oci/base/cleanup.h"
#include "oci/base/ident.h"
#include "tests/support/cmocka.h"

#include <errno.h>
#include <string.h>

enum colour { RED, GREEN, BLUE };

struct thing {
	bool flag;
	int64_t number;
	uint64_t large;
	char *text, *missing, *word;
	enum colour colour;
	struct strv list;
};

static void wire_thing(struct wire *wire, struct thing *thing)
{
	wire_bool(wire, &thing->flag);
	wire_int64(wire, &thing->number, -5, 5);
	wire_uint64(wire, &thing->large);
	wire_text(wire, &thing->text);
	wire_text(wire, &thing->missing);
	wire_word(wire, &thing->word, ident_is_dns_label);
	wire_number(wire, thing->colour, RED, BLUE);
	wire_strv(wire, &thing->list);
}

static void clear_thing(struct thing *thing)
{
	free(thing->text);
	free(thing->missing);
	free(thing->word);
	strv_clear(&thing->list);
}

#define cleanup_thing __attribute__((cleanup(clear_thing)))

static size_t write_thing(struct thing *thing, char *room, size_t size)
{
	struct wire wire = wire_writer(room, size);

	wire_thing(&wire, thing);
	assert_int_equal(wire_end(&wire), 0);
	return wire.at;
}

static size_t write_sample(char *room, size_t size)
{
	char text[] = "a \n text", word[] = "plex-0", first[] = "", second[] = "two";
	char *items[] = {first, second};
	struct thing thing = {
		.flag = true,
		.number = -5,
		.large = UINT64_MAX,
		.text = text,
		.word = word,
		.colour = BLUE,
		.list = {items, 2},
	};

	return write_thing(&thing, room, size);
}

static int read_thing(const char *data, size_t size, struct thing *ret)
{
	struct wire wire = wire_reader(data, size);

	wire_thing(&wire, ret);
	return wire_end(&wire);
}

static void what_was_written_is_read(void **state)
{
	cleanup_thing struct thing thing = {0};
	char room[256];
	size_t size = write_sample(room, sizeof(room));

	(void)state;
	assert_int_equal(read_thing(room, size, &thing), 0);
	assert_true(thing.flag);
	assert_int_equal(thing.number, -5);
	assert_true(thing.large == UINT64_MAX);
	assert_string_equal(thing.text, "a \n text");
	assert_null(thing.missing);
	assert_string_equal(thing.word, "plex-0");
	assert_int_equal(thing.colour, BLUE);
	assert_int_equal(thing.list.n, 2);
	assert_string_equal(thing.list.items[0], "");
	assert_string_equal(thing.list.items[1], "two");
	/* As a list that grew by itself: it may grow on. */
	assert_int_equal(strv_add(&thing.list, "three"), 0);
}

/* Nothing behind it is looked at, not even for the end of its last text: sanitizers tell. */
static void it_may_end_where_the_memory_ends(void **state)
{
	cleanup_thing struct thing thing = {0};
	cleanup_free char *exact = NULL;
	char room[256];
	size_t size = write_sample(room, sizeof(room));

	(void)state;
	exact = malloc(size);
	assert_non_null(exact);
	memcpy(exact, room, size);
	assert_int_equal(read_thing(exact, size, &thing), 0);
	assert_string_equal(thing.list.items[1], "two");
}

static void every_part_of_it_is_refused(void **state)
{
	char room[256];
	size_t size = write_sample(room, sizeof(room));

	(void)state;
	for (size_t part = 0; part < size; part++) {
		cleanup_thing struct thing thing = {0};

		assert_int_equal(read_thing(room, part, &thing), -EBADMSG);
	}
}

static void what_comes_behind_it_is_refused(void **state)
{
	cleanup_thing struct thing thing = {0};
	char room[256] = "";
	size_t size = write_sample(room, sizeof(room));

	(void)state;
	assert_int_equal(read_thing(room, size + 1, &thing), -EBADMSG);
}

/* Whatever a byte is changed to: refused, or a thing that is written as the same bytes. */
static void every_changed_byte_is_refused_or_means_itself(void **state)
{
	char room[256], again[256];
	size_t size = write_sample(room, sizeof(room));

	(void)state;
	for (size_t at = 0; at < size; at++) {
		for (int change = 1; change < 256; change++) {
			cleanup_thing struct thing thing = {0};
			int r;

			room[at] = (char)(room[at] ^ change);
			r = read_thing(room, size, &thing);
			if (r == 0) {
				assert_int_equal(write_thing(&thing, again, sizeof(again)), size);
				assert_memory_equal(again, room, size);
			} else {
				assert_int_equal(r, -EBADMSG);
			}
			room[at] = (char)(room[at] ^ change);
		}
	}
}

static void no_room_is_no_writing_behind_it(void **state)
{
	char word[] = "plex-0", room[256];
	struct thing thing = {.word = word};
	size_t needed = write_thing(&thing, room, sizeof(room));

	(void)state;
	for (size_t size = 0; size < needed; size++) {
		struct wire wire = wire_writer(room, size);

		memset(room, 'x', sizeof(room));
		wire_thing(&wire, &thing);
		assert_int_equal(wire_end(&wire), -E2BIG);
		for (size_t i = size; i < sizeof(room); i++)
			assert_int_equal(room[i], 'x');
	}
}

/* A tag, and 4 bytes of a number. */
static void a_count_of_more_than_there_is_asks_for_no_memory(void **state)
{
	static const char data[] = {'a', '\xff', '\xff', '\xff', '\xff', '0', '0'};
	cleanup_strv struct strv list = {0};
	struct wire wire = wire_reader(data, sizeof(data));

	(void)state;
	wire_strv(&wire, &list);
	assert_int_equal(wire_end(&wire), -EBADMSG);
	assert_int_equal(list.n, 0);
}

static void a_text_with_a_nul_inside_is_refused(void **state)
{
	static const char data[] = {'t', 3, 0, 0, 0, 'a', '\0', 'b'};
	cleanup_free char *text = NULL;
	struct wire wire = wire_reader(data, sizeof(data));

	(void)state;
	wire_text(&wire, &text);
	assert_int_equal(wire_end(&wire), -EBADMSG);
	assert_null(text);
}

static void an_outcome_is_told_with_its_error(void **state)
{
	cleanup_error struct error err = {0}, told = {0};
	char room[256];
	struct wire wire = wire_writer(room, sizeof(room));
	int r = error_set(
		&err, -EINVAL, FINDING_CONFIG_INVALID, "root", "mend it", "no %s", "root");

	(void)state;
	wire_outcome(&wire, &r, &err);
	assert_int_equal(wire_end(&wire), 0);
	wire = wire_reader(room, wire.at);
	r = 0;
	wire_outcome(&wire, &r, &told);
	assert_int_equal(wire_end(&wire), 0);
	assert_int_equal(r, -EINVAL);
	assert_int_equal(told.code, FINDING_CONFIG_INVALID);
	assert_string_equal(told.subject, "root");
	assert_string_equal(told.message, "no root");
	assert_string_equal(told.fix, "mend it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(it_may_end_where_the_memory_ends),
		cmocka_unit_test(every_part_of_it_is_refused),
		cmocka_unit_test(what_comes_behind_it_is_refused),
		cmocka_unit_test(every_changed_byte_is_refused_or_means_itself),
		cmocka_unit_test(no_room_is_no_writing_behind_it),
		cmocka_unit_test(a_count_of_more_than_there_is_asks_for_no_memory),
		cmocka_unit_test(a_text_with_a_nul_inside_is_refused),
		cmocka_unit_test(an_outcome_is_told_with_its_error),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
