/* SPDX-License-Identifier: Apache-2.0 */
#include "apply/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "sys/entry.h"

#define MODULE   "turn"
#define SUFFIX   ".turn"
#define PAUSE_MS 2u

/* 1 = had, 0 = somebody else has it. *fd is opened when it is -1, and closed when the file is one
 * that its last owner has removed. */
static int try_once(int state_dir, const char *name, int *fd)
{
	struct stat st;

	if (*fd < 0)
		*fd = entry_open(state_dir, name, O_RDWR | O_CREAT | O_NONBLOCK, 0600);
	if (*fd < 0)
		return -errno;
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
	if (fstat(*fd, &st) < 0)
		return -errno;
	if (st.st_nlink > 0)
		return 1;
	auto_fd_release(fd);
	*fd = -1;
	return 0;
}

void turn_take(struct turn *turn, int state_dir, const char *rootfs, const struct log *log)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	char name[TURN_NAME_SIZE];
	auto_fd dir = fcntl(state_dir, F_DUPFD_CLOEXEC, 3);
	auto_fd fd = -1;
	int r = dir < 0 ? -errno : 0;

	/* two folders of one name would only wait for each other */
	(void)snprintf(name, sizeof(name), "%016" PRIx64 SUFFIX, str_hash(rootfs));
	for (unsigned waited = 0; r == 0 && waited < TURN_DEADLINE_MS; waited += PAUSE_MS) {
		r = try_once(dir, name, &fd);
		if (r == 0)
			(void)nanosleep(&pause, NULL);
	}
	if (r <= 0) {
		log_warn(log, MODULE, "not alone at the rootfs '%s': %s", rootfs,
			 r < 0 ? strerror(-r) : "another hook does not end");
		return;
	}
	memcpy(turn->name, name, sizeof(name));
	turn->state_dir = take_fd(&dir);
	turn->fd = take_fd(&fd);
	turn->log = log;
}

void turn_done(struct turn *turn)
{
	if (turn->fd < 0)
		return;
	if (entry_remove(turn->state_dir, turn->name) < 0 && errno != ENOENT)
		log_warn(turn->log, MODULE,
			 "cannot remove '%s' from the state directory: %s; a later start does",
			 turn->name, strerror(errno));
	auto_fd_release(&turn->fd);
	auto_fd_release(&turn->state_dir);
	*turn = TURN_NONE;
}

void turn_sweep(int state_dir, const char *name)
{
	auto_fd fd = -1;
	struct timespec now;
	struct stat st;

	if (!str_ends_with(name, SUFFIX) || clock_gettime(CLOCK_REALTIME, &now) < 0 ||
	    entry_stat(state_dir, name, &st) < 0 || now.tv_sec - st.st_mtim.tv_sec < TURN_KEEP_S)
		return;
	if (try_once(state_dir, name, &fd) == 1)
		(void)entry_remove(state_dir, name);
}
