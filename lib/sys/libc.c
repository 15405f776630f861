/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/libc.h"

#ifdef __GLIBC__
#include <malloc.h>

void libc_share_heap(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
}

int libc_getrlimit(int which, struct rlimit *ret)
{
	return getrlimit((__rlimit_resource_t)which, ret);
}

int libc_setrlimit(int which, const struct rlimit *limit)
{
	return setrlimit((__rlimit_resource_t)which, limit);
}
#else
void libc_share_heap(void)
{
}

int libc_getrlimit(int which, struct rlimit *ret)
{
	return getrlimit(which, ret);
}

int libc_setrlimit(int which, const struct rlimit *limit)
{
	return setrlimit(which, limit);
}
#endif
