/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysfilter_refuse(), written for the kernel by hand: libseccomp takes several times as long to
 * make such a filter as the kernel does to take it, and a hook sets more than one. Sorted, in
 * blocks that are jumped over: kernels before 5.11 run a filter at every call.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/sysfilter.h"

#ifndef SECCOMP_RET_KILL_PROCESS /* Linux 4.14; before, an unknown action kills the thread */
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif
#define SYSREFUSE_NEWEST    452      /* fchmodat2, Linux 6.6; the same number everywhere */
#define SYSREFUSE_CLONE3    435      /* Linux 5.3 */
#define SYSREFUSE_PRIVATE   0x0f0000 /* of arm's own calls, which its C libraries need */
#define SYSREFUSE_MAX_RULES 128
#define SYSREFUSE_BLOCK     8 /* rules */
#define SYSREFUSE_RULE      6 /* instructions of a rule at most */
#define SYSREFUSE_FRAME     16
#define SYSREFUSE_MAX_CODE                                                                         \
	(SYSREFUSE_MAX_RULES * SYSREFUSE_RULE + SYSREFUSE_MAX_RULES / SYSREFUSE_BLOCK * 3 +        \
	 SYSREFUSE_FRAME)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define SYSREFUSE_LOW 4
#else
#define SYSREFUSE_LOW 0
#endif

struct sysrefuse_call {
	uint32_t number;
	const struct sysfilter_rule *rule;
};

struct sysrefuse {
	struct sysrefuse_call calls[SYSREFUSE_MAX_RULES];
	size_t n_calls;
	struct sock_filter code[SYSREFUSE_MAX_CODE];
	uint16_t n;
};

static void sysrefuse_say(struct sysrefuse *filter, uint16_t code, uint32_t k, size_t yes,
			  size_t no)
{
	filter->code[filter->n++] =
		(struct sock_filter){.code = code, .jt = (uint8_t)yes, .jf = (uint8_t)no, .k = k};
}

static void sysrefuse_load(struct sysrefuse *filter, size_t offset)
{
	sysrefuse_say(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void sysrefuse_return(struct sysrefuse *filter, uint32_t action)
{
	sysrefuse_say(filter, BPF_RET | BPF_K, action, 0, 0);
}

static void sysrefuse_head(struct sysrefuse *filter)
{
	const uint32_t missing = SECCOMP_RET_ERRNO | ENOSYS;

	sysrefuse_load(filter, offsetof(struct seccomp_data, arch));
	sysrefuse_say(filter, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
	sysrefuse_return(filter, SECCOMP_RET_KILL_PROCESS);
	sysrefuse_load(filter, offsetof(struct seccomp_data, nr));
	sysrefuse_say(filter, BPF_JMP | BPF_JEQ | BPF_K, SYSREFUSE_CLONE3, 0, 1);
	sysrefuse_return(filter, missing);
	sysrefuse_say(filter, BPF_JMP | BPF_JGT | BPF_K, SYSREFUSE_NEWEST, 0, 2);
#ifdef __arm__
	sysrefuse_say(filter, BPF_JMP | BPF_JGE | BPF_K, SYSREFUSE_PRIVATE, 1, 0);
#else
	sysrefuse_say(filter, BPF_JMP | BPF_JA, 0, 0, 0);
#endif
	sysrefuse_return(filter, missing);
}

/* left: instructions from the end of this rule to the block's refusal. */
static void sysrefuse_rule(struct sysrefuse *filter, const struct sysrefuse_call *call, size_t left)
{
	const struct sysfilter_rule *rule = call->rule;

	if (rule->mask == 0) {
		sysrefuse_say(filter, BPF_JMP | BPF_JEQ | BPF_K, call->number, left, 0);
		return;
	}
	sysrefuse_say(filter, BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, SYSREFUSE_RULE - 1);
	sysrefuse_load(filter, offsetof(struct seccomp_data, args) +
				       rule->argument * sizeof(uint64_t) + SYSREFUSE_LOW);
	sysrefuse_say(filter, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
	sysrefuse_say(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->want, 0, 1);
	sysrefuse_return(filter, SECCOMP_RET_ALLOW);
	sysrefuse_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

static size_t sysrefuse_size(const struct sysrefuse_call *call)
{
	return call->rule->mask == 0 ? 1 : SYSREFUSE_RULE;
}

static void sysrefuse_block(struct sysrefuse *filter, const struct sysrefuse_call *calls, size_t n)
{
	size_t left = 1; /* the block's ALLOW */

	for (size_t i = 0; i < n; i++)
		left += sysrefuse_size(&calls[i]);
	sysrefuse_say(filter, BPF_JMP | BPF_JGT | BPF_K, calls[n - 1].number, left + 1, 0);
	for (size_t i = 0; i < n; i++) {
		left -= sysrefuse_size(&calls[i]);
		sysrefuse_rule(filter, &calls[i], left);
	}
	sysrefuse_return(filter, SECCOMP_RET_ALLOW);
	sysrefuse_return(filter, SECCOMP_RET_ERRNO | EPERM);
}

static int sysrefuse_compare(const void *left, const void *right)
{
	const struct sysrefuse_call *a = left;
	const struct sysrefuse_call *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

static int sysrefuse_add(struct sysrefuse *filter, const struct sysfilter_rule *rules,
			 struct err *err)
{
	for (; rules->name != NULL; rules++) {
		int number = seccomp_syscall_resolve_name(rules->name);

		if (number < 0) /* of other architectures, or younger than the library */
			continue;
		if (filter->n_calls == SYSREFUSE_MAX_RULES)
			return err_set(err, E2BIG, "make a system call filter of so many calls");
		filter->calls[filter->n_calls++] = (struct sysrefuse_call){(uint32_t)number, rules};
	}
	return 0;
}

static void sysrefuse_make(struct sysrefuse *filter)
{
	qsort(filter->calls, filter->n_calls, sizeof(filter->calls[0]), sysrefuse_compare);
	sysrefuse_head(filter);
	for (size_t i = 0; i < filter->n_calls; i += SYSREFUSE_BLOCK) {
		size_t left = filter->n_calls - i;

		sysrefuse_block(filter, filter->calls + i,
				left < SYSREFUSE_BLOCK ? left : SYSREFUSE_BLOCK);
	}
	sysrefuse_return(filter, SECCOMP_RET_ALLOW);
}

int sysfilter_refuse(const struct sysfilter_rule *const *lists, struct err *err)
{
	struct sysrefuse filter;
	struct sock_fprog program;
	int r = 0;

	filter.n = 0;
	filter.n_calls = 0;
	for (; r == 0 && *lists != NULL; lists++)
		r = sysrefuse_add(&filter, *lists, err);
	if (r < 0)
		return r;
	sysrefuse_make(&filter);
	program = (struct sock_fprog){.len = filter.n, .filter = filter.code};
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	r = errno;
	/* built without CONFIG_SECCOMP or CONFIG_SECCOMP_FILTER; with it no program is EFAULT */
	if (r == ENOSYS ||
	    (r == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 &&
	     errno == EINVAL))
		return err_set(err, ENOSYS, "load a system call filter: the kernel has none");
	return err_sys(err, r, "load a system call filter");
}
