/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules in front of a program that somebody else attached: the first byte is the number of
 * rules, then 10 bytes each, the rest is that program. What the rules allow is allowed, everything
 * else is what the program says.
 */
#include "../unit/bpf_sim.h"
#include "fuzz.h"
#include "sys/devbpf.h"

#define RULE_BYTES 10

static struct devbpf_rule take_rule(const uint8_t *data)
{
	struct devbpf_rule rule = {.type = (data[0] & 1) != 0 ? 'b' : 'c', .access = data[1] & 7u};

	memcpy(&rule.major, data + 2, sizeof(rule.major));
	memcpy(&rule.minor, data + 6, sizeof(rule.minor));
	return rule;
}

static int64_t run(const struct devbpf_rule *rule, const struct bpf_insn *insns, size_t n)
{
	return bpf_sim_run(insns, n, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
			   rule->access, rule->major, rule->minor);
}

/* True if the rules for the device of probe hold all its access. */
static bool is_granted(const struct devbpf_rule *rules, size_t n, const struct devbpf_rule *probe)
{
	uint32_t access = 0;
	bool named = false;

	for (size_t i = 0; i < n; i++) {
		if (rules[i].type == probe->type && rules[i].major == probe->major &&
		    rules[i].minor == probe->minor) {
			access |= rules[i].access;
			named = true;
		}
	}
	return named && (probe->access & ~access) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct devbpf_rule rules[256];
	struct bpf_insn old[256];
	auto_free struct bpf_insn *insns = NULL;
	size_t n_rules = size == 0 ? 0 : data[0];
	size_t n_old;
	size_t n;

	if (size == 0 || n_rules * RULE_BYTES + 1 > size)
		return 0;
	for (size_t i = 0; i < n_rules; i++)
		rules[i] = take_rule(data + 1 + i * RULE_BYTES);
	data += 1 + n_rules * RULE_BYTES;
	size -= 1 + n_rules * RULE_BYTES;
	n_old = size / sizeof(old[0]) < 256 ? size / sizeof(old[0]) : 256;
	memcpy(old, data, n_old * sizeof(old[0]));
	if (devbpf_build(rules, n_rules, n_old == 0 ? NULL : old, n_old, &insns, &n, NULL) < 0)
		return 0;
	claim(n >= n_old && n <= DEVBPF_MAX_INSNS);
	claim(n_old == 0 || memcmp(insns + (n - n_old), old, n_old * sizeof(old[0])) == 0);
	for (size_t i = 0; i < n_rules; i++) {
		struct devbpf_rule probe = rules[i];

		claim(run(&probe, insns, n) == 1);
		probe.minor ^= 1;
		claim(n_old > 0 || run(&probe, insns, n) == is_granted(rules, n_rules, &probe));
		probe.access = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ;
		claim(n_old > 0 || run(&probe, insns, n) == is_granted(rules, n_rules, &probe));
	}
	return 0;
}
