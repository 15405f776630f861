/* SPDX-License-Identifier: Apache-2.0 */
/* Programs are run by a simulator; the last tests need root, cgroup2 and bpf(2). */
#include "sys/devbpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/auto.h"
#include "bpf_sim.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define M            BPF_DEVCG_ACC_MKNOD
#define R            BPF_DEVCG_ACC_READ
#define W            BPF_DEVCG_ACC_WRITE
#define CHR          BPF_DEVCG_DEV_CHAR
#define BLK          BPF_DEVCG_DEV_BLOCK

static const struct devbpf_rule rules[] = {
	{'c', 240, 0, R | W},       {'c', 240, 1, R | W}, {'c', 240, 5, R | W | M},
	{'c', 195, 255, R},         {'c', 195, 254, W},   {'b', 8, 0, R | W},
	{'b', 240, 7, R | W | M},   {'c', 10, 200, R},    {'c', 10, 200, W}, /* one device twice */
	{'c', 511, 1048575, R | W},
};

static const struct {
	uint32_t type;
	uint32_t access;
	uint32_t major;
	uint32_t minor;
	int want;
} requests[] = {
	{CHR, R | W, 240, 0, 1},   {CHR, R, 240, 0, 1},         {CHR, W, 240, 1, 1},
	{CHR, M, 240, 0, 0},       {CHR, R | W | M, 240, 0, 0}, {CHR, R | W | M, 240, 5, 1},
	{CHR, M, 240, 5, 1},       {CHR, R | W, 240, 2, 0},     {BLK, R | W, 240, 0, 0},
	{CHR, R, 195, 255, 1},     {CHR, W, 195, 255, 0},       {CHR, R | W, 195, 255, 0},
	{CHR, W, 195, 254, 1},     {CHR, R, 195, 254, 0},       {BLK, R | W, 8, 0, 1},
	{CHR, R | W, 8, 0, 0},     {BLK, R | W, 8, 1, 0},       {BLK, R | W | M, 240, 7, 1},
	{CHR, R | W, 10, 200, 1},  {CHR, M, 10, 200, 0},        {CHR, R, 0, 240, 0},
	{CHR, R, 511, 1048575, 1}, {CHR, R, 511, 1048574, 0},   {CHR, R, 5, 2, 0},
};

/* Allows c 5:2 and denies the rest: stands for what a runtime has attached. */
static const struct bpf_insn old_program[] = {
	{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 6, .src_reg = 1, .off = 4},
	{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 7, .src_reg = 1, .off = 8},
	{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 6, .off = 3, .imm = 5},
	{.code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 7, .off = 2, .imm = 2},
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
	{.code = BPF_JMP | BPF_EXIT},
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
	{.code = BPF_JMP | BPF_EXIT},
};

static void devbpf_rules_allow_a_subset_of_their_access(void **state)
{
	auto_free struct bpf_insn *insns = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(devbpf_build(rules, COUNT(rules), NULL, 0, &insns, &n, NULL), 0);

	for (size_t i = 0; i < COUNT(requests); i++) {
		int64_t got = bpf_sim_run(insns, n, requests[i].type, requests[i].access,
					  requests[i].major, requests[i].minor);

		if (got != requests[i].want)
			fail_msg("request %zu: %lld", i, (long long)got);
	}
}

static void devbpf_old_program_decides_the_rest(void **state)
{
	auto_free struct bpf_insn *insns = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(devbpf_build(rules, COUNT(rules), old_program, COUNT(old_program), &insns,
				      &n, NULL),
			 0);

	assert_int_equal(bpf_sim_run(insns, n, CHR, R | W, 240, 0), 1);
	assert_int_equal(bpf_sim_run(insns, n, CHR, M, 240, 0), 0);
	assert_int_equal(bpf_sim_run(insns, n, CHR, R | W | M, 5, 2), 1);
	assert_int_equal(bpf_sim_run(insns, n, CHR, R, 5, 3), 0);
	assert_memory_equal(insns + n - COUNT(old_program), old_program, sizeof(old_program));
}

static void devbpf_no_rule_keeps_the_old_program(void **state)
{
	auto_free struct bpf_insn *insns = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(devbpf_build(NULL, 0, old_program, COUNT(old_program), &insns, &n, NULL),
			 0);

	assert_int_equal(n, COUNT(old_program));
	assert_memory_equal(insns, old_program, sizeof(old_program));
}

/* spread: every device has a major of its own, the largest program there can be */
static void build_many(size_t n_rules, bool spread)
{
	auto_free struct devbpf_rule *many = calloc(n_rules, sizeof(*many));
	auto_free struct bpf_insn *insns = NULL;
	size_t n = 0;

	assert_non_null(many);
	for (size_t i = 0; i < n_rules; i++)
		many[i] = (struct devbpf_rule){i % 2 == 0 ? 'c' : 'b', spread ? (uint32_t)i : 240,
					       (uint32_t)i, (uint32_t)(i % 7) + 1};
	assert_int_equal(
		devbpf_build(many, n_rules, old_program, COUNT(old_program), &insns, &n, NULL), 0);
	assert_true(n <= DEVBPF_MAX_INSNS);
	for (size_t i = 0; i < n_rules; i++) {
		uint32_t type = many[i].type == 'c' ? CHR : BLK;
		uint32_t other = many[i].type == 'c' ? BLK : CHR;

		assert_int_equal(
			bpf_sim_run(insns, n, type, many[i].access, many[i].major, many[i].minor),
			1);
		assert_int_equal(
			bpf_sim_run(insns, n, other, many[i].access, many[i].major, many[i].minor),
			0);
	}
	assert_int_equal(bpf_sim_run(insns, n, CHR, R, 5, 2), 1);
}

static void devbpf_thousands_of_rules_stay_in_reach(void **state)
{
	(void)state;
	build_many(2048, false);
	build_many(1024, true);
	build_many(1, false);
}

/* What 16 GPUs have of MIG, and a gap in it. */
static void devbpf_minors_in_a_row_are_one_test(void **state)
{
	auto_free struct devbpf_rule *many = calloc(DEVBPF_MAX_RULES, sizeof(*many));
	auto_free struct bpf_insn *insns = NULL;
	const uint32_t n_rules = 16 * 135;
	size_t n = 0;

	(void)state;
	assert_non_null(many);
	for (uint32_t i = 0; i < n_rules; i++)
		many[i] = (struct devbpf_rule){'c', 240, (n_rules - i) + (i < 1000 ? 7 : 3), R | W};
	assert_int_equal(
		devbpf_build(many, n_rules, old_program, COUNT(old_program), &insns, &n, NULL), 0);

	assert_true(n < COUNT(old_program) + 24);
	for (uint32_t minor = 0; minor < n_rules + 20; minor++) {
		bool in_first = minor >= 4 && minor <= n_rules - 1000 + 3;
		bool in_second = minor >= n_rules - 999 + 7 && minor <= n_rules + 7;

		assert_int_equal(bpf_sim_run(insns, n, CHR, R, 240, minor), in_first || in_second);
		assert_int_equal(bpf_sim_run(insns, n, CHR, R | M, 240, minor), 0);
		assert_int_equal(bpf_sim_run(insns, n, CHR, R, 241, minor), 0);
	}
	assert_int_equal(bpf_sim_run(insns, n, CHR, R, 5, 2), 1);
}

static void devbpf_too_much_is_refused(void **state)
{
	auto_free struct devbpf_rule *many = calloc(DEVBPF_MAX_RULES + 1, sizeof(*many));
	auto_free struct bpf_insn *old = calloc(DEVBPF_MAX_INSNS, sizeof(*old));
	const struct devbpf_rule wrong_type = {'p', 1, 1, R};
	const struct devbpf_rule wrong_number = {'c', UINT32_MAX, 1, R};
	struct bpf_insn *insns = NULL;
	struct err err = {0};
	size_t n = 0;

	(void)state;
	assert_non_null(many);
	for (uint32_t i = 0; i <= DEVBPF_MAX_RULES; i++)
		many[i] = (struct devbpf_rule){'c', 1, i, R};
	assert_int_equal(devbpf_build(many, DEVBPF_MAX_RULES + 1, NULL, 0, &insns, &n, &err),
			 -E2BIG);
	assert_int_equal(devbpf_build(many, 1, old, DEVBPF_MAX_INSNS, &insns, &n, &err), -E2BIG);
	assert_int_equal(devbpf_build(&wrong_type, 1, NULL, 0, &insns, &n, &err), -EINVAL);
	assert_int_equal(devbpf_build(&wrong_number, 1, NULL, 0, &insns, &n, &err), -EINVAL);
	assert_null(insns);
}

struct cgroup {
	char path[128];
	char node[64];
	int fd;
};

static int cgroup_attach(const struct cgroup *cgroup, const struct bpf_insn *insns, size_t n,
			 uint32_t flags)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr;
	auto_fd prog = -1;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)n;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.license = (uint64_t)(uintptr_t)license;
	prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog < 0)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup->fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = flags;
	return syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

static int cgroup_make(struct cgroup *cgroup)
{
	static const char *const places[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

	for (size_t i = 0; i < COUNT(places); i++) {
		char procs[160];

		(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", places[i]);
		(void)snprintf(cgroup->path, sizeof(cgroup->path), "%s/nvc-test-%d", places[i],
			       (int)getpid());
		if (access(procs, W_OK) == 0 && mkdir(cgroup->path, 0755) == 0) {
			cgroup->fd = open(cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			return cgroup->fd < 0 ? -errno : 0;
		}
	}
	return -ENOENT;
}

static void cgroup_remove(struct cgroup *cgroup)
{
	(void)close(cgroup->fd);
	(void)rmdir(cgroup->path);
	(void)unlink(cgroup->node);
}

/* errno of opening the node c 240:0, which has no driver, inside the cgroup */
static int cgroup_open_node(const struct cgroup *cgroup)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		auto_fd procs = openat(cgroup->fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		int fd = -1;

		if (procs < 0 || write(procs, "0", 1) != 1)
			_exit(255);
		fd = open(cgroup->node, O_RDWR | O_CLOEXEC);
		_exit(fd < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Attaches n denying programs, lets 240:0 through and looks. */
static void check_kernel(uint32_t flags, int n_programs)
{
	const struct devbpf_rule rule = {'c', 240, 0, R | W};
	auto_free struct bpf_insn *deny = NULL;
	struct cgroup cgroup = {.fd = -1};
	struct err err = {0};
	size_t n = 0;
	int rc;

	if (geteuid() != 0 || cgroup_make(&cgroup) < 0) {
		print_message("skipped: needs root and a cgroup2 that can be written\n");
		skip();
	}
	(void)snprintf(cgroup.node, sizeof(cgroup.node), "/tmp/nvc-test-node-%d", (int)getpid());
	assert_int_equal(mknod(cgroup.node, S_IFCHR | 0666, makedev(240, 0)), 0);
	assert_int_equal(devbpf_build(NULL, 0, NULL, 0, &deny, &n, NULL), 0);
	rc = cgroup_open_node(&cgroup) == ENXIO ? 0 : -EACCES;
	for (int i = 0; rc == 0 && i < n_programs; i++)
		rc = cgroup_attach(&cgroup, deny, n, flags);
	if (rc < 0) {
		cgroup_remove(&cgroup);
		print_message("skipped: no bpf(2) or no device nodes here: %s\n", strerror(-rc));
		skip();
	}
	assert_int_equal(cgroup_open_node(&cgroup), n_programs > 0 ? EPERM : ENXIO);
	rc = devbpf_allow(cgroup.fd, &rule, 1, &err);
	if (rc < 0)
		print_message("%s\n", err.msg);
	assert_int_equal(rc, n_programs > 0);
	assert_int_equal(cgroup_open_node(&cgroup), ENXIO);
	cgroup_remove(&cgroup);
}

static void devbpf_cgroup_with_one_program_is_opened(void **state)
{
	(void)state;
	check_kernel(0, 1);
	check_kernel(BPF_F_ALLOW_MULTI, 1);
}

static void devbpf_cgroup_with_many_programs_is_opened(void **state)
{
	(void)state;
	check_kernel(BPF_F_ALLOW_MULTI, 3);
}

static void devbpf_cgroup_without_program_is_left_alone(void **state)
{
	(void)state;
	check_kernel(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devbpf_rules_allow_a_subset_of_their_access),
		cmocka_unit_test(devbpf_old_program_decides_the_rest),
		cmocka_unit_test(devbpf_no_rule_keeps_the_old_program),
		cmocka_unit_test(devbpf_thousands_of_rules_stay_in_reach),
		cmocka_unit_test(devbpf_minors_in_a_row_are_one_test),
		cmocka_unit_test(devbpf_too_much_is_refused),
		cmocka_unit_test(devbpf_cgroup_with_one_program_is_opened),
		cmocka_unit_test(devbpf_cgroup_with_many_programs_is_opened),
		cmocka_unit_test(devbpf_cgroup_without_program_is_left_alone),
	};

	return cmocka_run_group_tests_name("devbpf", tests, NULL, NULL);
}
