/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's half of devbpf.h: bpf(2) itself. The other half, devbpf.c, is pure. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "sys/devbpf.h"

#ifndef BPF_F_REPLACE
#define BPF_F_REPLACE (1U << 2)
#endif
#define DEVATTACH_MAX_PROGS 64 /* of one cgroup, as the kernel's BPF_CGROUP_MAX_PROGS */
#define DEVATTACH_HINT      "let nvc-runtime declare the devices (--runtime nvidia)"

/* The part of union bpf_attr for attach and detach; older headers lack replace_bpf_fd. */
struct devattach_attr {
	uint32_t target_fd;
	uint32_t attach_bpf_fd;
	uint32_t attach_type;
	uint32_t attach_flags;
	uint32_t replace_bpf_fd;
};

struct devattach_prog {
	int old_fd;
	int new_fd;
};

/* The programs of one cgroup and what comes into their place. */
struct devattach {
	int cgroup;
	struct devattach_prog progs[DEVATTACH_MAX_PROGS];
	size_t n;
	uint32_t flags; /* with which they are attached */
};

static void devattach_done(struct devattach *attach)
{
	for (size_t i = 0; i < attach->n; i++) {
		if (attach->progs[i].old_fd > 0)
			(void)close(attach->progs[i].old_fd);
		if (attach->progs[i].new_fd > 0)
			(void)close(attach->progs[i].new_fd);
	}
	attach->n = 0;
}

static int devattach_bpf(enum bpf_cmd command, void *attr, size_t size)
{
	long rc = syscall(SYS_bpf, command, attr, (unsigned)size);

	return rc < 0 ? -errno : (int)rc;
}

/* Before Linux 5.11 programs count as locked memory. Where the limit cannot be raised loading may
 * still work. */
static void devattach_raise_memlock(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

static int devattach_query(struct devattach *attach, struct err *err)
{
	uint32_t ids[DEVATTACH_MAX_PROGS] = {0};
	union bpf_attr attr;
	int rc;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)attach->cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = DEVATTACH_MAX_PROGS;
	rc = devattach_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	if (rc < 0)
		return err_sys(err, -rc, "ask for the device programs of a cgroup");
	attach->flags = attr.query.attach_flags & (BPF_F_ALLOW_MULTI | BPF_F_ALLOW_OVERRIDE);
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < DEVATTACH_MAX_PROGS; i++) {
		union bpf_attr by_id;
		int fd;

		memset(&by_id, 0, sizeof(by_id));
		by_id.prog_id = ids[i];
		fd = devattach_bpf(BPF_PROG_GET_FD_BY_ID, &by_id, sizeof(by_id));
		if (fd < 0)
			return err_sys(err, -fd, "open device program %u", ids[i]);
		attach->progs[attach->n++] = (struct devattach_prog){fd, -1};
	}
	return 0;
}

static int devattach_info(int fd, struct bpf_insn *insns, size_t max, size_t *ret_n)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	int rc;

	memset(&info, 0, sizeof(info));
	info.xlated_prog_len = (uint32_t)(max * sizeof(*insns));
	info.xlated_prog_insns = (uint64_t)(uintptr_t)insns;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	rc = devattach_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	if (rc < 0)
		return rc;
	/* the kernel takes the pointer away where it will not show the instructions */
	if (info.xlated_prog_insns == 0)
		return -EOPNOTSUPP;
	*ret_n = info.xlated_prog_len / sizeof(*insns);
	return 0;
}

/* True for instructions that mean the same when they are loaded again: none of the kernel's inner
 * registers (constants blinded by bpf_jit_harden), calls or maps; an end. */
static bool devattach_can_reload(const struct bpf_insn *insns, size_t n)
{
	bool ends = false;

	for (size_t i = 0; i < n; i++) {
		uint8_t code = insns[i].code;

		if (insns[i].dst_reg > BPF_REG_10 || insns[i].src_reg > BPF_REG_10)
			return false;
		if (code == (BPF_JMP | BPF_CALL) ||
		    (code == (BPF_LD | BPF_IMM | BPF_DW) && insns[i].src_reg != 0))
			return false;
		ends = ends || code == (BPF_JMP | BPF_EXIT);
	}
	return ends;
}

static int devattach_read(int fd, struct bpf_insn *insns, size_t *ret_n, struct err *err)
{
	int rc = devattach_info(fd, insns, DEVBPF_MAX_INSNS, ret_n);

	if (rc < 0 && rc != -EOPNOTSUPP)
		return err_sys(err, -rc, "read the device program of a cgroup");
	if (rc == -EOPNOTSUPP || *ret_n == 0 || *ret_n > DEVBPF_MAX_INSNS ||
	    !devattach_can_reload(insns, *ret_n)) {
		(void)err_set(err, EOPNOTSUPP,
			      "the kernel does not show the device program of a cgroup");
		(void)err_hint(err, DEVATTACH_HINT);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int devattach_load(const struct bpf_insn *insns, size_t n, struct err *err)
{
	static const char license[] = "Apache-2.0"; /* no helper is called: any will do */
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)n;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.license = (uint64_t)(uintptr_t)license;
	fd = devattach_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0) {
		(void)err_sys(err, -fd, "load a device program of %zu instructions", n);
		(void)err_hint(err, DEVATTACH_HINT);
	}
	return fd;
}

static int devattach_prepare(struct devattach_prog *prog, const struct devbpf_rule *rules,
			     size_t n_rules, struct err *err)
{
	auto_free struct bpf_insn *old = calloc(DEVBPF_MAX_INSNS, sizeof(*old));
	auto_free struct bpf_insn *insns = NULL;
	size_t n_old = 0;
	size_t n = 0;
	int rc;

	if (old == NULL)
		return err_nomem(err);
	rc = devattach_read(prog->old_fd, old, &n_old, err);
	if (rc == 0)
		rc = devbpf_build(rules, n_rules, old, n_old, &insns, &n, err);
	if (rc < 0)
		return rc;
	prog->new_fd = devattach_load(insns, n, err);
	return prog->new_fd < 0 ? prog->new_fd : 0;
}

static int devattach_detach(const struct devattach *attach, int fd)
{
	struct devattach_attr attr = {
		.target_fd = (uint32_t)attach->cgroup,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	return devattach_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

/* A single program is replaced by attaching. One of many: in place since Linux 5.6, before by
 * attaching the new one first; as long as both are there less is allowed, never more. */
static int devattach_replace(const struct devattach *attach, int old_fd, int new_fd)
{
	struct devattach_attr attr = {
		.target_fd = (uint32_t)attach->cgroup,
		.attach_bpf_fd = (uint32_t)new_fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = attach->flags,
	};
	int rc;

	if ((attach->flags & BPF_F_ALLOW_MULTI) == 0)
		return devattach_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
	attr.attach_flags |= BPF_F_REPLACE;
	attr.replace_bpf_fd = (uint32_t)old_fd;
	rc = devattach_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
	if (rc != -EINVAL)
		return rc;
	attr.attach_flags = attach->flags;
	attr.replace_bpf_fd = 0;
	rc = devattach_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
	if (rc < 0)
		return rc;
	rc = devattach_detach(attach, old_fd);
	if (rc < 0)
		(void)devattach_detach(attach, new_fd);
	return rc;
}

/* All of them or none. */
static int devattach_replace_all(const struct devattach *attach, struct err *err)
{
	for (size_t i = 0; i < attach->n; i++) {
		int rc =
			devattach_replace(attach, attach->progs[i].old_fd, attach->progs[i].new_fd);

		if (rc == 0)
			continue;
		while (i-- > 0)
			(void)devattach_replace(attach, attach->progs[i].new_fd,
						attach->progs[i].old_fd);
		return err_sys(err, -rc, "replace the device program of a cgroup");
	}
	return 0;
}

int devbpf_allow(int cgroup_fd, const struct devbpf_rule *rules, size_t n_rules, struct err *err)
{
	auto_done(devattach) struct devattach attach = {.cgroup = cgroup_fd};
	int rc = devattach_query(&attach, err);

	if (rc < 0)
		return rc;
	if (attach.n == 0 || n_rules == 0)
		return 0;
	devattach_raise_memlock();
	for (size_t i = 0; i < attach.n; i++) {
		rc = devattach_prepare(&attach.progs[i], rules, n_rules, err);
		if (rc < 0)
			return rc;
	}
	rc = devattach_replace_all(&attach, err);
	return rc < 0 ? rc : 1;
}
