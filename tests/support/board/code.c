/* SPDX-License-Identifier: Apache-2.0 */
#include "code.h"

#include <elf.h>
#include <stddef.h>

static void put32(uint8_t **at, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		*(*at)++ = (uint8_t)(word >> (8 * i));
}

static void put(uint8_t **at, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(*at)++ = bytes[i];
}

static void code_x86_64(const struct stub_function *function, uint8_t *at)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	static const uint8_t mov_mem_rdi[] = {0xc7, 0x07};
	static const uint8_t zero_ret[] = {0x31, 0xc0, 0xc3};

	put(&at, endbr64, sizeof(endbr64));
	if (function->kind == STUB_STORE) {
		put(&at, mov_mem_rdi, sizeof(mov_mem_rdi));
		put32(&at, function->value);
		put(&at, zero_ret, sizeof(zero_ret));
	} else {
		*at++ = 0xb8; /* mov eax, imm32 */
		put32(&at, function->value);
		*at++ = 0xc3; /* ret */
	}
}

static void code_i386(const struct stub_function *function, uint8_t *at)
{
	static const uint8_t mov_eax_arg[] = {0x8b, 0x44, 0x24, 0x04};
	static const uint8_t mov_mem_eax[] = {0xc7, 0x00};
	static const uint8_t zero_ret[] = {0x31, 0xc0, 0xc3};

	if (function->kind == STUB_STORE) {
		put(&at, mov_eax_arg, sizeof(mov_eax_arg));
		put(&at, mov_mem_eax, sizeof(mov_mem_eax));
		put32(&at, function->value);
		put(&at, zero_ret, sizeof(zero_ret));
	} else {
		*at++ = 0xb8; /* mov eax, imm32 */
		put32(&at, function->value);
		*at++ = 0xc3; /* ret */
	}
}

static void code_aarch64(const struct stub_function *function, uint8_t *at)
{
	uint32_t reg = function->kind == STUB_STORE ? 1 : 0;

	put32(&at, 0x52800000u | (function->value & 0xffffu) << 5 | reg); /* movz wR, #low */
	put32(&at, 0x72a00000u | (function->value >> 16) << 5 | reg);     /* movk wR, #high */
	if (function->kind == STUB_STORE) {
		put32(&at, 0xb9000001u); /* str w1, [x0] */
		put32(&at, 0x52800000u); /* mov w0, #0 */
	}
	put32(&at, 0xd65f03c0u); /* ret */
}

static uint32_t arm_imm16(uint32_t opcode, uint32_t reg, uint32_t value)
{
	return opcode | (value >> 12 & 0xfu) << 16 | reg << 12 | (value & 0xfffu);
}

static void code_arm(const struct stub_function *function, uint8_t *at)
{
	uint32_t reg = function->kind == STUB_STORE ? 1 : 0;

	put32(&at, arm_imm16(0xe3000000u, reg, function->value & 0xffffu)); /* movw */
	put32(&at, arm_imm16(0xe3400000u, reg, function->value >> 16));     /* movt */
	if (function->kind == STUB_STORE) {
		put32(&at, 0xe5801000u); /* str r1, [r0] */
		put32(&at, 0xe3a00000u); /* mov r0, #0 */
	}
	put32(&at, 0xe12fff1eu); /* bx lr */
}

bool code_function(uint16_t machine, const struct stub_function *function, uint8_t *ret)
{
	switch (machine) {
	case EM_X86_64:
		code_x86_64(function, ret);
		return true;
	case EM_386:
		code_i386(function, ret);
		return true;
	case EM_AARCH64:
		code_aarch64(function, ret);
		return true;
	case EM_ARM:
		code_arm(function, ret);
		return true;
	default:
		return false;
	}
}
