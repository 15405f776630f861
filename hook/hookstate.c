/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/hookstate.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

static int64_t now_ms(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 = may be read, 0 = not in time */
static int wait_for(int fd, int64_t deadline)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline - now_ms();
		int r = left <= 0 ? 0 : poll(&poller, 1, (int)left);

		if (r >= 0 || errno != EINTR)
			return r != 0;
	}
}

int hookstate_read(int fd, char **ret, size_t *ret_len, struct err *err)
{
	auto_done(strbuf) struct strbuf buf = {0};
	int64_t deadline = now_ms() + HOOKSTATE_DEADLINE;

	for (;;) {
		char chunk[16384];
		ssize_t n;

		if (!wait_for(fd, deadline))
			return err_set(err, ETIMEDOUT,
				       "read the container's state from standard input: nothing "
				       "more came for %d s",
				       HOOKSTATE_DEADLINE / 1000);
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno,
				       "read the container's state from standard input");
		if (n == 0)
			break;
		if (buf.len + (size_t)n > HOOKSTATE_MAX_BYTES)
			return err_set(err, EFBIG,
				       "the container's state on standard input is larger than %u "
				       "bytes",
				       HOOKSTATE_MAX_BYTES);
		strbuf_add(&buf, chunk, (size_t)n);
	}
	if (strbuf_failed(&buf))
		return err_nomem(err);
	if (buf.len == 0) {
		(void)err_set(err, ENODATA, "no container state on standard input");
		return err_hint(err, "this program is started by container runtimes");
	}
	*ret_len = buf.len;
	*ret = strbuf_take(&buf);
	return *ret == NULL ? err_nomem(err) : 0;
}
