/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/window.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void window_init(struct window *window, int fd)
{
	window->fd = fd;
	window->start = 0;
	window->len = 0;
	window->error = 0;
}

static size_t window_pread(struct window *window, void *ret, size_t len, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(window->fd, ret, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		window->error = errno;
	return n < 0 ? 0 : (size_t)n;
}

bool window_read(void *arg, uint64_t offset, void *ret, size_t len)
{
	struct window *window = arg;

	if (len > WINDOW_LEN - WINDOW_BEFORE)
		return window_pread(window, ret, len, offset) == len;
	if (offset < window->start || offset - window->start > window->len ||
	    len > window->len - (offset - window->start)) {
		/* a little of what lies before, as names are not read in order */
		window->start = offset - offset % WINDOW_BEFORE;
		window->len =
			window_pread(window, window->data, sizeof(window->data), window->start);
		if (offset - window->start + len > window->len)
			return false;
	}
	memcpy(ret, window->data + (offset - window->start), len);
	return true;
}
