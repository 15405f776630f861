/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/mountflags.h"

#include <stddef.h>

unsigned long mountflags_repeat(unsigned long seen)
{
	static const struct {
		unsigned long seen;
		unsigned long said;
	} kept[] = {
		{ST_RDONLY, MS_RDONLY},     {ST_NOSUID, MS_NOSUID},
		{ST_NODEV, MS_NODEV},       {ST_NOEXEC, MS_NOEXEC},
		{ST_NOATIME, MS_NOATIME},   {ST_NODIRATIME, MS_NODIRATIME},
		{ST_RELATIME, MS_RELATIME}, {ST_NOSYMFOLLOW, MS_NOSYMFOLLOW},
	};
	unsigned long said = MS_REMOUNT | MS_BIND;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		said |= (seen & kept[i].seen) != 0 ? kept[i].said : 0;
	/* with MS_NODIRATIME alone, or nothing, it would become relatime */
	if ((seen & (ST_NOATIME | ST_RELATIME)) == 0)
		said |= MS_STRICTATIME;
	return said;
}
