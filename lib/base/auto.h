/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Release at the end of scope. A resource is declared together with its release and initialised on
 * the same line; it leaves the scope only by take_fd() or take_ptr(). Each release accepts the null
 * value and keeps errno.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void auto_free_release(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void auto_fd_release(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd);
		errno = saved;
	}
}

static inline void auto_file_release(FILE **file)
{
	if (*file != NULL) {
		int saved = errno;

		(void)fclose(*file);
		errno = saved;
	}
}

static inline void auto_dir_release(DIR **dir)
{
	if (*dir != NULL) {
		int saved = errno;

		(void)closedir(*dir);
		errno = saved;
	}
}

#define auto_free __attribute__((cleanup(auto_free_release)))
#define auto_fd   __attribute__((cleanup(auto_fd_release))) int
#define auto_file __attribute__((cleanup(auto_file_release))) FILE *
#define auto_dir  __attribute__((cleanup(auto_dir_release))) DIR *
/* auto_done(foo) struct foo f = {0}: foo_done(&f) runs at the end of scope. */
#define auto_done(noun) __attribute__((cleanup(noun##_done)))

/** Gives the fd away: the variable becomes -1. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_ptr_raw(void *pointer)
{
	void *taken = *(void **)pointer;

	*(void **)pointer = NULL;
	return taken;
}

/** Gives the pointer away: the variable becomes NULL. */
#define take_ptr(pointer) ((__typeof__(*(pointer)))take_ptr_raw(pointer))

#endif
