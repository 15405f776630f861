/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/turn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/auto.h"

/* Any file in it? */
static bool is_empty(const char *dir)
{
	return rmdir(dir) == 0 && mkdir(dir, 0700) == 0;
}

static void count_warning(void *arg, enum log_level level, const char *module, const char *text)
{
	unsigned *count = arg;

	(void)module;
	(void)text;
	*count += level == LOG_LEVEL_WARNING;
}

static void turn_taken_and_done_leaves_no_file(void **state)
{
	const char *dir = *state;
	auto_fd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct turn turn = TURN_NONE;

	turn_take(&turn, fd, "/a/rootfs", NULL);

	assert_true(turn.fd >= 0);
	assert_false(is_empty(dir));
	turn_done(&turn);
	assert_int_equal(turn.fd, -1);
	assert_true(is_empty(dir));
}

static void turn_of_another_folder_is_not_waited_for(void **state)
{
	auto_fd fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct turn first = TURN_NONE;
	struct turn second = TURN_NONE;

	turn_take(&first, fd, "/a/rootfs", NULL);

	turn_take(&second, fd, "/b/rootfs", NULL);

	assert_true(second.fd >= 0);
	turn_done(&second);
	turn_done(&first);
}

/* N processes add to a number in a file, each reading and writing it in its turn. */
static void turn_of_many_is_one_at_a_time(void **state)
{
	enum { PROCESSES = 4, ROUNDS = 25 };
	auto_fd fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd number = openat(fd, "number", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int value = 0;

	assert_int_equal(pwrite(number, &value, sizeof(value), 0), sizeof(value));
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid > 0)
			continue;
		for (int round = 0; round < ROUNDS; round++) {
			struct turn turn = TURN_NONE;

			turn_take(&turn, fd, "/a/rootfs", NULL);
			if (turn.fd < 0 || pread(number, &value, sizeof(value), 0) < 0)
				_exit(1);
			(void)usleep(200);
			value++;
			if (pwrite(number, &value, sizeof(value), 0) < 0)
				_exit(1);
			turn_done(&turn);
		}
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}

	assert_int_equal(pread(number, &value, sizeof(value), 0), sizeof(value));
	assert_int_equal(value, PROCESSES * ROUNDS);
	assert_int_equal(unlinkat(fd, "number", 0), 0);
	assert_true(is_empty(*state));
}

static void turn_of_one_that_was_killed_is_free(void **state)
{
	const char *dir = *state;
	auto_fd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct turn turn = TURN_NONE;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		turn_take(&turn, fd, "/a/rootfs", NULL);
		_exit(turn.fd < 0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(is_empty(dir)); /* its file is still there */

	turn_take(&turn, fd, "/a/rootfs", NULL);

	assert_true(turn.fd >= 0);
	turn_done(&turn);
	assert_true(is_empty(dir));
}

static bool is_there(int dir, const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void turn_sweep_removes_only_what_is_old_and_free(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	static const char *const free_names[] = {"0.turn", "1.turn", "0.state"};
	auto_fd fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct turn turn = TURN_NONE;

	for (size_t i = 0; i < sizeof(free_names) / sizeof(free_names[0]); i++) {
		auto_fd made = openat(fd, free_names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_true(made >= 0);
		if (i != 1)
			assert_int_equal(futimens(made, old), 0);
	}
	turn_take(&turn, fd, "/a/rootfs", NULL);
	assert_true(turn.fd >= 0);
	assert_int_equal(futimens(turn.fd, old), 0);

	for (size_t i = 0; i < sizeof(free_names) / sizeof(free_names[0]); i++)
		turn_sweep(fd, free_names[i]);
	turn_sweep(fd, turn.name);
	turn_sweep(fd, "none.turn");

	assert_false(is_there(fd, "0.turn"));
	assert_true(is_there(fd, "1.turn"));
	assert_true(is_there(fd, "0.state"));
	assert_true(is_there(fd, turn.name));
	assert_false(is_there(fd, "none.turn"));
	turn_done(&turn);
	assert_int_equal(unlinkat(fd, "1.turn", 0), 0);
	assert_int_equal(unlinkat(fd, "0.state", 0), 0);
	assert_true(is_empty(*state));
}

static void turn_that_cannot_be_had_is_a_warning(void **state)
{
	unsigned warnings = 0;
	const struct log log = {.emit = count_warning, .arg = &warnings, .level = LOG_LEVEL_DEBUG};
	struct turn turn = TURN_NONE;

	(void)state;
	turn_take(&turn, -1, "/a/rootfs", &log);

	assert_int_equal(turn.fd, -1);
	assert_int_equal(warnings, 1);
	turn_done(&turn);
}

static int make(void **state)
{
	char name[] = "/tmp/test_turn.XXXXXX";

	*state = mkdtemp(name) == NULL ? NULL : strdup(name);
	return *state == NULL;
}

static int destroy(void **state)
{
	(void)rmdir(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(turn_taken_and_done_leaves_no_file, make, destroy),
		cmocka_unit_test_setup_teardown(turn_of_another_folder_is_not_waited_for, make,
						destroy),
		cmocka_unit_test_setup_teardown(turn_of_many_is_one_at_a_time, make, destroy),
		cmocka_unit_test_setup_teardown(turn_of_one_that_was_killed_is_free, make, destroy),
		cmocka_unit_test_setup_teardown(turn_sweep_removes_only_what_is_old_and_free, make,
						destroy),
		cmocka_unit_test(turn_that_cannot_be_had_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
