/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvc-driver: the one program that loads NVIDIA's libraries. It is started by libnvc alone, gives
 * up what they must not have, asks them for everything, answers once, and ends. It has no
 * arguments, no environment, no files but a socket and a pipe.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "cuda.h"
#include "host/driveranswer.h"
#include "host/drivercalls.h"
#include "nvml.h"
#include "sys/exile.h"

#define MAX_REQUEST 65536u

static int read_whole(void *ret, size_t len)
{
	char *at = ret;

	while (len > 0) {
		ssize_t n = read(EXILE_SOCKET_FD, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_request(proto_request *ret)
{
	static char frame[MAX_REQUEST];
	unsigned char head[DRIVERANSWER_HEAD];
	size_t len = 0;

	if (read_whole(head, sizeof(head)) < 0 || driveranswer_length(head, &len, NULL) < 0 ||
	    len > sizeof(frame) || read_whole(frame, len) < 0)
		return -1;
	return driveranswer_read_request(frame, len, ret, NULL);
}

/* What the driver root may lack: the driver's libraries want them by these names, and find those
 * that are loaded. */
static void load_helpers(void)
{
	static const char *const names[] = {"libm.so.6", "libpthread.so.0", "librt.so.1",
					    "libdl.so.2", "libgcc_s.so.1"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)dlopen(names[i], RTLD_NOW);
}

static void enter(const proto_request *request)
{
	const struct exile how = {
		.change_root = request->change_root != 0,
		.change_user = request->change_user != 0,
		.must_change = request->must_change != 0,
		.uid = request->uid,
		.gid = request->gid,
		.seconds = request->seconds,
	};
	struct err err = {0};

	if (how.change_root)
		load_helpers();
	if (exile_enter(&how, &err) < 0)
		asking_give_up(err.code, err.msg);
}

int main(void)
{
	static struct asking asking;
	proto_request request;
	struct err err = {0};
	proto_answer *answer = &asking.answer;
	void *library;

	if (exile_start("nvc-driver", &err) < 0)
		asking_give_up(err.code, err.msg);
	if (read_request(&request) < 0)
		_exit(2); /* started by hand */
	enter(&request);
	asking_init(&asking, &request);
	library = asking_load(&asking, DRIVERCALLS_LOAD_NVML, "libnvidia-ml.so.1", asking.nvml_why,
			      sizeof(asking.nvml_why));
	answer->nvml = library != NULL && nvml_ask(&asking, library) ? PROTO_LOADED : PROTO_ABSENT;
	if (cuda_is_needed(&asking)) {
		library = asking_load(&asking, DRIVERCALLS_LOAD_CUDA, "libcuda.so.1",
				      asking.cuda_why, sizeof(asking.cuda_why));
		answer->cuda = library != NULL ? PROTO_LOADED : PROTO_ABSENT;
		if (library != NULL)
			cuda_ask(&asking, library);
	}
	asking_answer(&asking);
	_exit(0);
}
