/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device program of a cgroup v2: reads the programs there are, puts one program's allowances in
 * front, and replaces it atomically (BPF_F_REPLACE, Linux 5.6; detach after attach before that).
 * Building is pure; source: include/uapi/linux/bpf.h (struct bpf_cgroup_dev_ctx), Linux 4.15.
 */
#ifndef SYS_DEVBPF_H
#define SYS_DEVBPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DEVBPF_MAX_RULES 4096 /* devices of one container: MIG has 135 nodes a GPU */
#define DEVBPF_MAX_INSNS 4096 /* of one program, as the kernel's BPF_MAXINSNS */

struct devbpf_rule {
	char type; /* 'c' or 'b' */
	uint32_t major;
	uint32_t minor;
	uint32_t access; /* BPF_DEVCG_ACC_* */
};

/** Instructions that return 1 for each rule and fall through to old (a whole program) otherwise;
 * with no old program they return 0 at the end. Minors that follow one another are two
 * instructions, however many. The caller frees. -E2BIG. Pure. */
int devbpf_build(const struct devbpf_rule *rules, size_t n_rules, const struct bpf_insn *old,
		 size_t n_old, struct bpf_insn **ret, size_t *ret_n, struct err *err);

/** Lets the cgroup (directory fd) use the devices: one new program for all rules, in the place of
 *  the one attached. With none attached nothing is denied there and nothing is done (returns 0);
 *  1 = replaced. -EPERM and the like as bpf(2). */
int devbpf_allow(int cgroup_fd, const struct devbpf_rule *rules, size_t n_rules, struct err *err);

#endif
