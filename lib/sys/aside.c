/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/aside.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "sys/libc.h"

#define ASIDE_STACK ((size_t)1 << 20) /* bytes, most of them never touched */

struct aside {
	int (*fn)(void *arg, struct err *err);
	void *arg;
	struct err *err;
	int result;
	bool stays; /* on the creator's processor, who may use those of before */
	cpu_set_t before;
};

static void *aside_main(void *arg)
{
	struct aside *aside = arg;

	if (aside->stays)
		(void)sched_setaffinity(0, sizeof(aside->before), &aside->before);
	/* also because pthread_join() returns a little before the kernel lets go of what is shared:
	 * setns(2) of a mount namespace would give EINVAL */
	if (unshare(CLONE_FS) < 0)
		aside->result = err_sys(aside->err, errno, "make a thread's own current directory");
	else
		aside->result = aside->fn(aside->arg, aside->err);
	return NULL;
}

/* The thread begins where its creator runs, who waits for it: to wake another processor takes
 * longer than many a thing done aside. Only a wish; not for machines of more processors than the
 * set has room for. */
static bool aside_stay(cpu_set_t *ret_before)
{
	int cpu = sched_getcpu();
	cpu_set_t here;

	if (cpu < 0 || cpu >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(*ret_before), ret_before) < 0)
		return false;
	CPU_ZERO(&here);
	CPU_SET((unsigned)cpu, &here);
	return sched_setaffinity(0, sizeof(here), &here) == 0;
}

int aside_run(int (*fn)(void *arg, struct err *err), void *arg, struct err *err)
{
	struct aside aside = {.fn = fn, .arg = arg, .err = err};
	pthread_attr_t attributes;
	pthread_t thread;
	int code;

	libc_share_heap(); /* one of the two waits */
	code = pthread_attr_init(&attributes);
	if (code != 0)
		return err_sys(err, code, "start a thread");
	(void)pthread_attr_setstacksize(&attributes, ASIDE_STACK);
	aside.stays = aside_stay(&aside.before);
	code = pthread_create(&thread, &attributes, aside_main, &aside);
	if (aside.stays)
		(void)sched_setaffinity(0, sizeof(aside.before), &aside.before);
	(void)pthread_attr_destroy(&attributes);
	if (code == 0)
		code = pthread_join(thread, NULL);
	return code != 0 ? err_sys(err, code, "start a thread") : aside.result;
}
