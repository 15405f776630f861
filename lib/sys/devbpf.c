/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/devbpf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

#define DEVBPF_ALL_ACC (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Registers: r1 context (left alone for the old program), r2 access, r3 major, r4 minor, r5 type,
 * r0 scratch. */
struct devbpf_code {
	struct bpf_insn *insns;
	size_t n;
	size_t cap;
};

static void devbpf_emit(struct devbpf_code *code, struct bpf_insn insn)
{
	/* beyond cap it only counts: devbpf_build() refuses then */
	if (code->n < code->cap)
		code->insns[code->n] = insn;
	code->n++;
}

static struct bpf_insn devbpf_load(uint8_t dst, int16_t off)
{
	return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
				 .dst_reg = dst & 0xfu,
				 .src_reg = BPF_REG_1,
				 .off = off};
}

static struct bpf_insn devbpf_imm(uint8_t op, uint8_t dst, uint32_t imm)
{
	return (struct bpf_insn){.code = op, .dst_reg = dst & 0xfu, .imm = (int32_t)imm};
}

static struct bpf_insn devbpf_exit(void)
{
	return (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
}

static int devbpf_compare(const void *left, const void *right)
{
	const struct devbpf_rule *a = left;
	const struct devbpf_rule *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return 0;
}

static int devbpf_compare_access(const void *left, const void *right)
{
	const struct devbpf_rule *a = left;
	const struct devbpf_rule *b = right;

	if (a->type == b->type && a->access != b->access)
		return a->access < b->access ? -1 : 1;
	return devbpf_compare(left, right);
}

/* A sorted copy with one rule for each device, which holds all its access, as devices.allow of
 * cgroup v1 keeps them. Sorted by access first, then each test is made as few times as can be. */
static int devbpf_sort(const struct devbpf_rule *rules, size_t n, struct devbpf_rule **ret,
		       size_t *ret_n, struct err *err)
{
	auto_free struct devbpf_rule *sorted = calloc(n + 1, sizeof(*sorted));
	size_t kept = 0;

	if (sorted == NULL)
		return err_nomem(err);
	if (n > 0)
		memcpy(sorted, rules, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), devbpf_compare);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && devbpf_compare(&sorted[kept - 1], &sorted[i]) == 0)
			sorted[kept - 1].access |= sorted[i].access;
		else
			sorted[kept++] = sorted[i];
	}
	qsort(sorted, kept, sizeof(*sorted), devbpf_compare_access);
	*ret = take_ptr(&sorted);
	*ret_n = kept;
	return 0;
}

/* Tests that hold for a run of rules; each jumps behind its run when it fails. */
enum devbpf_level { DEVBPF_TYPE, DEVBPF_ACCESS, DEVBPF_MAJOR, DEVBPF_LEVELS };

struct devbpf_open {
	size_t jump[DEVBPF_LEVELS]; /* place of the test's jump */
	bool is_open[DEVBPF_LEVELS];
};

/* The jump at that place goes to the next instruction emitted. Distances stay below
 * DEVBPF_MAX_INSNS and so within 16 bits. */
static void devbpf_land(struct devbpf_code *code, size_t jump)
{
	if (jump < code->cap)
		code->insns[jump].off = (int16_t)(code->n - jump - 1);
}

/* Ends the runs of level and of those inside it. */
static void devbpf_close(struct devbpf_code *code, struct devbpf_open *open,
			 enum devbpf_level level)
{
	for (size_t i = level; i < DEVBPF_LEVELS; i++) {
		if (open->is_open[i])
			devbpf_land(code, open->jump[i]);
		open->is_open[i] = false;
	}
}

/* Begins a run: the last instruction of the test is the jump. */
static void devbpf_test(struct devbpf_code *code, struct devbpf_open *open, enum devbpf_level level,
			struct bpf_insn jump)
{
	open->jump[level] = code->n;
	open->is_open[level] = true;
	devbpf_emit(code, jump);
}

static void devbpf_emit_heads(struct devbpf_code *code, struct devbpf_open *open,
			      const struct devbpf_rule *rule, const struct devbpf_rule *before)
{
	bool new_type = before == NULL || before->type != rule->type;
	bool new_access = new_type || before->access != rule->access;
	bool new_major = new_access || before->major != rule->major;
	uint32_t type = rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;

	if (new_type) {
		devbpf_close(code, open, DEVBPF_TYPE);
		devbpf_test(code, open, DEVBPF_TYPE,
			    devbpf_imm(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, type));
	}
	if (new_access) {
		devbpf_close(code, open, DEVBPF_ACCESS);
		if ((rule->access & DEVBPF_ALL_ACC) != DEVBPF_ALL_ACC) {
			devbpf_emit(code, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
							    .dst_reg = BPF_REG_0,
							    .src_reg = BPF_REG_2});
			devbpf_emit(code, devbpf_imm(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0,
						     DEVBPF_ALL_ACC & ~rule->access));
			devbpf_test(code, open, DEVBPF_ACCESS,
				    devbpf_imm(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0));
		}
	}
	if (new_major) {
		devbpf_close(code, open, DEVBPF_MAJOR);
		devbpf_test(code, open, DEVBPF_MAJOR,
			    devbpf_imm(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, rule->major));
	}
}

/* The number of rules from the first on that differ by their minors only, which follow one another.
 */
static size_t devbpf_run(const struct devbpf_rule *rules, size_t n)
{
	size_t run = 1;

	while (run < n && rules[run].type == rules->type && rules[run].access == rules->access &&
	       rules[run].major == rules->major && rules[run].minor == rules->minor + run)
		run++;
	return run;
}

static void devbpf_emit_minors(struct devbpf_code *code, uint32_t first, size_t n)
{
	uint32_t last = first + (uint32_t)n - 1;

	if (n > 1) {
		struct bpf_insn below = devbpf_imm(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_4, first);

		below.off = 1;
		devbpf_emit(code, below);
	}
	devbpf_emit(code,
		    devbpf_imm(BPF_JMP | (n > 1 ? BPF_JLE : BPF_JEQ) | BPF_K, BPF_REG_4, last));
}

/* The jumps of all minors, which nobody has aimed yet, go to the next instruction. */
static void devbpf_land_minors(struct devbpf_code *code)
{
	for (size_t i = 0; i < code->n && i < code->cap; i++)
		if (code->insns[i].code == (BPF_JMP | BPF_JEQ | BPF_K) ||
		    code->insns[i].code == (BPF_JMP | BPF_JLE | BPF_K))
			devbpf_land(code, i);
}

static void devbpf_emit_rules(struct devbpf_code *code, const struct devbpf_rule *rules, size_t n)
{
	struct devbpf_open open = {.jump = {0}};
	size_t over;

	devbpf_emit(code, devbpf_load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	devbpf_emit(code, devbpf_load(BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, major)));
	devbpf_emit(code, devbpf_load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	/* access_type: type in the low half, access in the high one */
	devbpf_emit(code, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X,
					    .dst_reg = BPF_REG_5,
					    .src_reg = BPF_REG_2});
	devbpf_emit(code, devbpf_imm(BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_5, 0xffff));
	devbpf_emit(code, devbpf_imm(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_2, 16));
	for (size_t i = 0, run; i < n; i += run) {
		run = devbpf_run(&rules[i], n - i);
		devbpf_emit_heads(code, &open, &rules[i], i > 0 ? &rules[i - 1] : NULL);
		devbpf_emit_minors(code, rules[i].minor, run);
	}
	devbpf_close(code, &open, DEVBPF_TYPE);
	over = code->n;
	devbpf_emit(code, devbpf_imm(BPF_JMP | BPF_JA, 0, 0));
	devbpf_land_minors(code);
	devbpf_emit(code, devbpf_imm(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 1));
	devbpf_emit(code, devbpf_exit());
	devbpf_land(code, over);
}

static int devbpf_check_rules(const struct devbpf_rule *rules, size_t n, struct err *err)
{
	if (n > DEVBPF_MAX_RULES)
		return err_set(err, E2BIG, "more than %d device rules", DEVBPF_MAX_RULES);
	for (size_t i = 0; i < n; i++) {
		if (rules[i].type != 'c' && rules[i].type != 'b')
			return err_set(err, EINVAL, "a device rule is neither 'c' nor 'b'");
		/* a comparison's operand is signed */
		if (rules[i].major > INT32_MAX || rules[i].minor > INT32_MAX)
			return err_set(err, EINVAL, "a device rule has no valid number");
	}
	return 0;
}

int devbpf_build(const struct devbpf_rule *rules, size_t n_rules, const struct bpf_insn *old,
		 size_t n_old, struct bpf_insn **ret, size_t *ret_n, struct err *err)
{
	auto_free struct bpf_insn *insns = calloc(DEVBPF_MAX_INSNS, sizeof(*insns));
	auto_free struct devbpf_rule *sorted = NULL;
	struct devbpf_code code = {.insns = insns, .cap = DEVBPF_MAX_INSNS};
	size_t n = 0;
	int rc = devbpf_check_rules(rules, n_rules, err);

	if (rc < 0)
		return rc;
	if (insns == NULL)
		return err_nomem(err);
	rc = devbpf_sort(rules, n_rules, &sorted, &n, err);
	if (rc < 0)
		return rc;
	if (n >
	    0) /* without a rule nothing would jump to "allowed": the verifier wants all reached */
		devbpf_emit_rules(&code, sorted, n);
	for (size_t i = 0; i < n_old; i++)
		devbpf_emit(&code, old[i]);
	if (n_old == 0) {
		devbpf_emit(&code, devbpf_imm(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0));
		devbpf_emit(&code, devbpf_exit());
	}
	if (code.n > DEVBPF_MAX_INSNS)
		return err_set(err, E2BIG, "a device program of %zu instructions is too large",
			       code.n);
	*ret = take_ptr(&insns);
	*ret_n = code.n;
	return 0;
}
