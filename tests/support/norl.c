/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD: setrlimit(2) that always succeeds. crun raises RLIMIT_MEMLOCK before it loads a
 * device program and dies where root has no CAP_SYS_RESOURCE, as on many build machines.
 */
#include <sys/resource.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	(void)resource;
	(void)limits;
	return 0;
}
