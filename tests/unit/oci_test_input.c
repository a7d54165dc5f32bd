/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/base/cleanup.h"
#include "oci/base/input.h"
#include "tests/support/cmocka.h"
#include "tests/support/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int memory_file(size_t size)
{
	cleanup_close int fd = memfd_create("input", MFD_CLOEXEC);
	cleanup_free char *data = fixture_repeat("", "x", size, "");

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return move_fd(&fd);
}

static void input_is_read_whole_up_to_the_limit(void **state)
{
	static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 100000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		cleanup_close int fd = memory_file(sizes[i]);
		cleanup_free char *data = NULL;
		size_t size = 0;

		assert_int_equal(input_read_fd(fd, sizes[i], &data, &size), 0);
		assert_int_equal(size, sizes[i]);
		assert_int_equal(strlen(data), size);
	}
}

static void one_byte_over_the_limit_is_too_much(void **state)
{
	static const size_t limits[] = {0, 1, 16383, 16384, 16385, 99999};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		cleanup_close int fd = memory_file(limits[i] + 1);
		char *data = NULL;
		size_t size = 77;

		assert_int_equal(input_read_fd(fd, limits[i], &data, &size), -EFBIG);
		assert_null(data);
		assert_int_equal(size, 77);
	}
}

static void a_pipe_is_read_to_its_end_in_pieces(void **state)
{
	cleanup_free char *data = NULL;
	size_t size = 0;
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 1000; i++)
			if (write(ends[1], "0123456789", 10) != 10)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(input_read_fd(ends[0], 10000, &data, &size), 0);
	close(ends[0]);
	assert_int_equal(size, 10000);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void errors_of_read_come_through(void **state)
{
	cleanup_close int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *data = NULL;
	size_t size;

	(void)state;
	assert_int_equal(input_read_fd(fd, 100, &data, &size), -EISDIR);
	assert_int_equal(input_read_fd(-1, 100, &data, &size), -EBADF);
}

static void only_regular_files_are_read(void **state)
{
	cleanup_free char *readme = fixture_path("fixtures/crio/README.md");
	cleanup_free char *dir = fixture_path("fixtures");
	cleanup_free char *data = NULL;
	char *none = NULL;
	size_t size = 0;

	(void)state;
	assert_int_equal(input_read_file(AT_FDCWD, readme, 1 << 20, &data, &size), 0);
	assert_true(size > 0);
	assert_int_equal(input_read_file(AT_FDCWD, dir, 100, &none, &size), -EINVAL);
	assert_int_equal(input_read_file(AT_FDCWD, "/dev/null", 100, &none, &size), -EINVAL);
	assert_int_equal(input_read_file(AT_FDCWD, "/no/such/file", 100, &none, &size), -ENOENT);
}

static void a_fifo_in_a_files_place_does_not_block(void **state)
{
	char dir[] = "/tmp/oci_test_input.XXXXXX";
	cleanup_free char *fifo = NULL;
	char *data = NULL;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true(asprintf(&fifo, "%s/fifo", dir) > 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(input_read_file(AT_FDCWD, fifo, 100, &data, &size), -EINVAL);
	unlink(fifo);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_is_read_whole_up_to_the_limit),
		cmocka_unit_test(one_byte_over_the_limit_is_too_much),
		cmocka_unit_test(a_pipe_is_read_to_its_end_in_pieces),
		cmocka_unit_test(errors_of_read_come_through),
		cmocka_unit_test(only_regular_files_are_read),
		cmocka_unit_test(a_fifo_in_a_files_place_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
