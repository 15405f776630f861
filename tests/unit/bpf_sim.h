/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a device program as the kernel would: the few instructions that such programs have. */
#ifndef TESTS_BPF_SIM_H
#define TESTS_BPF_SIM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool bpf_sim_alu(uint8_t op, uint64_t *dst, uint64_t operand)
{
	switch (op) {
	case BPF_MOV:
		*dst = operand;
		return true;
	case BPF_AND:
		*dst &= operand;
		return true;
	case BPF_OR:
		*dst |= operand;
		return true;
	case BPF_RSH:
		*dst >>= operand & 63;
		return true;
	case BPF_ADD:
		*dst += operand;
		return true;
	default:
		return false;
	}
}

/* 1 = jumps, 0 = does not, -1 = unknown */
static inline int bpf_sim_jump(uint8_t op, uint64_t dst, uint64_t operand)
{
	switch (op) {
	case BPF_JA:
		return 1;
	case BPF_JEQ:
		return dst == operand;
	case BPF_JNE:
		return dst != operand;
	case BPF_JGT:
		return dst > operand;
	case BPF_JLT:
		return dst < operand;
	case BPF_JLE:
		return dst <= operand;
	case BPF_JSET:
		return (dst & operand) != 0;
	default:
		return -1;
	}
}

/* One instruction; *pc is the next one already. False: not known, or outside of the context. */
static inline bool bpf_sim_step(const struct bpf_insn *insn, uint64_t *regs, size_t *pc,
				const struct bpf_cgroup_dev_ctx *ctx)
{
	uint8_t kind = insn->code & 0x07;
	uint64_t operand =
		(insn->code & BPF_X) != 0 ? regs[insn->src_reg] : (uint64_t)(int64_t)insn->imm;
	uint32_t word;
	int taken;

	if (insn->dst_reg > 10 || insn->src_reg > 10)
		return false;
	if (insn->code == (BPF_LDX | BPF_MEM | BPF_W)) {
		if (insn->src_reg != BPF_REG_1 || insn->off < 0 ||
		    (size_t)insn->off + sizeof(word) > sizeof(*ctx))
			return false;
		memcpy(&word, (const uint8_t *)ctx + insn->off, sizeof(word));
		regs[insn->dst_reg] = word;
		return true;
	}
	if (kind == BPF_ALU64)
		return bpf_sim_alu(insn->code & 0xf0, &regs[insn->dst_reg], operand);
	if (kind == BPF_ALU) {
		bool known =
			bpf_sim_alu(insn->code & 0xf0, &regs[insn->dst_reg], (uint32_t)operand);

		regs[insn->dst_reg] = (uint32_t)regs[insn->dst_reg];
		return known;
	}
	if (kind != BPF_JMP)
		return false;
	taken = bpf_sim_jump(insn->code & 0xf0, regs[insn->dst_reg], operand);
	if (taken > 0)
		*pc = (size_t)((int64_t)*pc + insn->off);
	return taken >= 0;
}

/* What the program returns, or -1: it is not valid. */
static inline int64_t bpf_sim_run(const struct bpf_insn *insns, size_t n, uint32_t type,
				  uint32_t access, uint32_t major, uint32_t minor)
{
	const struct bpf_cgroup_dev_ctx ctx = {access << 16 | type, major, minor};
	uint64_t regs[11] = {0};
	size_t pc = 0;

	for (size_t steps = 0; steps < 100000 && pc < n; steps++) {
		const struct bpf_insn *insn = &insns[pc++];

		if (insn->code == (BPF_JMP | BPF_EXIT))
			return (int64_t)regs[0];
		if (!bpf_sim_step(insn, regs, &pc, &ctx))
			return -1;
	}
	return -1;
}

#endif
