/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's command line. The parts of the input: the annotated path ("" for none), the
 * arguments up to an empty part, the environment.
 */
#include "tests/fuzz/fuzz.h"

#include "oci/base/cleanup.h"
#include "oci/base/path.h"
#include "policy/check/rclone.h"
#include <string.h>

static void take_list(struct fuzz_input *input, struct strv *list)
{
	while (input->size > 0) {
		cleanup_free char *text = fuzz_take(input);

		if (!*text)
			return;
		FUZZ_EXPECT(strv_add(list, text) == 0);
	}
}

static void check_address(const struct rc_address *address)
{
	struct rc_address again;

	FUZZ_EXPECT(address->port <= 65535);
	FUZZ_EXPECT(strcspn(address->host, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(address->host));
	FUZZ_EXPECT(rc_address_conflicts(address, address) == (address->port != 0));
	FUZZ_EXPECT(rc_address_parse(address->text, &again) == 0);
	FUZZ_EXPECT(again.port == address->port && strcmp(again.host, address->host) == 0);
	rc_address_clear(&again);
}

static void check_addresses(const struct rclone_command *command)
{
	for (size_t i = 0; i < command->n_addresses; i++) {
		check_address(&command->addresses[i]);
		for (size_t j = 0; j < i; j++)
			FUZZ_EXPECT(rc_address_conflicts(
					    &command->addresses[i], &command->addresses[j]) ==
				    rc_address_conflicts(
					    &command->addresses[j], &command->addresses[i]));
	}
}

static void check_mount_path(const struct rclone_command *command, const char *path)
{
	cleanup_free char *simple = NULL;

	FUZZ_EXPECT(command->is_mount || !command->mount_path);
	if (!command->mount_path)
		return;
	simple = path_simplify(command->mount_path);
	FUZZ_EXPECT(strcmp(simple, command->mount_path) == 0);
	FUZZ_EXPECT(simple[0] == '/' || (path && strcmp(simple, path) == 0));
}

void fuzz_rclone(const char *data, size_t size)
{
	struct fuzz_input input = {data, size};
	cleanup_free char *path = fuzz_take(&input);
	cleanup_spec struct spec spec = {0};
	struct rclone_command command;

	take_list(&input, &spec.args);
	take_list(&input, &spec.env);
	FUZZ_EXPECT(rclone_scan(&spec, *path ? path : NULL, &command) == 0);
	check_mount_path(&command, path);
	check_addresses(&command);
	rclone_command_clear(&command);
}
