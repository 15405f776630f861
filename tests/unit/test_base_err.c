/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"

static void err_set_returns_the_negative_code_and_fills_all(void **state)
{
	struct err err = {.line = 3, .column = 4, .hint = "old"};

	(void)state;
	assert_int_equal(err_set(&err, ENOENT, "open '%s'", "/x"), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(err.line, 0);
	assert_int_equal(err.column, 0);
	assert_null(err.hint);
	assert_string_equal(err.msg, "open '/x'");
}

static void err_functions_accept_no_err(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ENOENT, "x"), -ENOENT);
	assert_int_equal(err_sys(NULL, EPERM, "x"), -EPERM);
	assert_int_equal(err_at(NULL, EINVAL, 1, 2, "x"), -EINVAL);
	assert_int_equal(err_wrap(NULL, "x"), -EIO);
	assert_int_equal(err_hint(NULL, "x"), -EIO);
	assert_int_equal(err_nomem(NULL), -ENOMEM);
}

static void err_sys_adds_the_words_of_the_system(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_sys(&err, EACCES, "open '%s'", "/x"), -EACCES);
	assert_string_equal(err.msg, "open '/x': Permission denied");
}

static void err_at_keeps_the_place_through_wrap(void **state)
{
	struct err err;

	(void)state;
	(void)err_at(&err, EINVAL, 12, 5, "no comma");
	(void)err_hint(&err, "put one");
	assert_int_equal(err_wrap(&err, "read '%s'", "a.csv"), -EINVAL);
	assert_int_equal(err.line, 12);
	assert_int_equal(err.column, 5);
	assert_string_equal(err.hint, "put one");
	assert_string_equal(err.msg, "read 'a.csv': no comma");
}

static void err_long_texts_are_cut_not_overrun(void **state)
{
	char text[2 * ERR_MSG_MAX];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, EINVAL, "%s", text);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	(void)err_sys(&err, EINVAL, "%s", text);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	(void)err_wrap(&err, "context");
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	assert_memory_equal(err.msg, "context: xxx", 12);
	(void)err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_set_returns_the_negative_code_and_fills_all),
		cmocka_unit_test(err_functions_accept_no_err),
		cmocka_unit_test(err_sys_adds_the_words_of_the_system),
		cmocka_unit_test(err_at_keeps_the_place_through_wrap),
		cmocka_unit_test(err_long_texts_are_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
