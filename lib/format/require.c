/* SPDX-License-Identifier: Apache-2.0 */
#include "format/require.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define MAX_PARTS     4u
#define MAX_SHOWN     160u /* bytes of a factor in messages, escaped */
#define NOT_AN_ANSWER 2    /* a term of unknown properties only: neither met nor not met */

struct span {
	const char *at;
	size_t len;
};

struct version {
	uint32_t part[MAX_PARTS];
	struct span suffix; /* of a pre-release: "rc1" */
};

enum comparison { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct factor {
	struct span text; /* the whole of it */
	struct span name;
	bool any_case;
	enum comparison op;
	struct span value;
};

static bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

static bool same_text(struct span value, const char *text)
{
	return value.len == strlen(text) && strncasecmp(value.at, text, value.len) == 0;
}

static struct span cut(struct span *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	struct span piece = {rest->at, end == NULL ? rest->len : (size_t)(end - rest->at)};
	size_t gone = piece.len + (end == NULL ? 0 : 1);

	rest->at += gone;
	rest->len -= gone;
	return piece;
}

/* "-rc1" or "+build" behind the numbers, as in semantic versions; only the former counts. */
static bool take_suffix(struct span text, struct span *ret)
{
	struct span suffix;

	for (size_t i = 1; i < text.len; i++) {
		char c = text.at[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '.' && c != '-' && c != '+')
			return false;
	}
	if (text.len < 2)
		return false;
	suffix = cut(&text, '+');
	if (suffix.len > 0)
		*ret = (struct span){suffix.at + 1, suffix.len - 1};
	return true;
}

static bool parse_version(struct span text, struct version *ret)
{
	struct version version = {0};
	struct span numbers = text;
	unsigned n = 0;

	if (text.len > 0 && *text.at == 'v') {
		text.at++;
		text.len--;
	}
	numbers = text;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != '-' && text.at[i] != '+')
			continue;
		numbers.len = i;
		if (!take_suffix((struct span){text.at + i, text.len - i}, &version.suffix))
			return false;
		break;
	}
	if (numbers.len == 0 || numbers.at[numbers.len - 1] == '.')
		return false;
	while (numbers.len > 0) {
		struct span digits = cut(&numbers, '.');
		uint64_t value;

		if (n == MAX_PARTS || !str_to_u64(digits.at, digits.len, 10, UINT32_MAX, &value))
			return false;
		version.part[n++] = (uint32_t)value;
	}
	*ret = version;
	return true;
}

static int compare_suffixes(const struct span *a, const struct span *b)
{
	size_t shorter = a->len < b->len ? a->len : b->len;
	int order;

	if (a->len == 0 || b->len == 0) /* a release comes behind its pre-releases */
		return (a->len == 0) - (b->len == 0);
	order = memcmp(a->at, b->at, shorter);
	if (order == 0)
		return (a->len > b->len) - (a->len < b->len);
	return order < 0 ? -1 : 1;
}

static int compare_parsed(const struct version *a, const struct version *b)
{
	for (unsigned i = 0; i < MAX_PARTS; i++) {
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	}
	return compare_suffixes(&a->suffix, &b->suffix);
}

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

int require_compare_versions(const char *a, const char *b, int *ret)
{
	struct version left;
	struct version right;

	if (!parse_version(span_of(a), &left) || !parse_version(span_of(b), &right))
		return -EINVAL;
	*ret = compare_parsed(&left, &right);
	return 0;
}

static bool parse_operator(struct span text, enum comparison *ret)
{
	static const char *const names[] = {"=", "!=", "<", "<=", ">", ">="};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_is(text, names[i])) {
			*ret = (enum comparison)i;
			return true;
		}
	}
	return false;
}

static bool is_named(const struct factor *factor, const char *name)
{
	return factor->any_case ? same_text(factor->name, name) : span_is(factor->name, name);
}

/* NULL, or what is wrong. */
static const char *parse_factor(struct span text, bool any_case, struct factor *ret)
{
	struct factor factor = {.text = text, .any_case = any_case};
	struct version ignored;
	struct span op;
	size_t i = 0;

	while (i < text.len && strchr("<>=!", text.at[i]) == NULL)
		i++;
	factor.name = (struct span){text.at, i};
	op.at = text.at + i;
	while (i < text.len && strchr("<>=!", text.at[i]) != NULL)
		i++;
	op.len = (size_t)(text.at + i - op.at);
	factor.value = (struct span){text.at + i, text.len - i};
	if (op.len == 0)
		return "no operator";
	if (factor.name.len == 0)
		return "no property in front of the operator";
	if (!parse_operator(op, &factor.op))
		return "unknown operator";
	if (is_named(&factor, "brand") && factor.op != OP_EQ && factor.op != OP_NE)
		return "brand takes = and != only";
	if ((is_named(&factor, "cuda") || is_named(&factor, "arch") ||
	     is_named(&factor, "driver")) &&
	    !parse_version(factor.value, &ignored))
		return "not a version";
	*ret = factor;
	return NULL;
}

static bool order_meets(enum comparison op, int order)
{
	switch (op) {
	case OP_EQ:
		return order == 0;
	case OP_NE:
		return order != 0;
	case OP_LT:
		return order < 0;
	case OP_LE:
		return order <= 0;
	case OP_GT:
		return order > 0;
	case OP_GE:
		return order >= 0;
	}
	return false;
}

/* *fact becomes what the machine has of the property, NULL for an unknown property. */
static bool is_met(const struct factor *factor, const struct require_facts *facts,
		   const char **fact)
{
	static const char *const names[] = {"cuda", "arch", "driver", "brand"};
	const char *const values[] = {facts->cuda, facts->arch, facts->driver, facts->brand};
	struct version have;
	struct version want;

	*fact = NULL;
	for (unsigned i = 0; i < 4; i++) {
		if (is_named(factor, names[i]))
			*fact = values[i] == NULL ? "" : values[i];
	}
	if (*fact == NULL ||
	    (facts->no_gpu && (is_named(factor, "arch") || is_named(factor, "brand"))))
		return true;
	if (is_named(factor, "brand"))
		return same_text(factor->value, *fact) == (factor->op == OP_EQ);
	if (!parse_version(span_of(*fact), &have) || !parse_version(factor->value, &want))
		return false;
	return order_meets(factor->op, compare_parsed(&have, &want));
}

static void show(struct span text, char *ret)
{
	char raw[MAX_SHOWN];
	size_t len = text.len < sizeof(raw) - 1 ? text.len : sizeof(raw) - 1;

	memcpy(raw, text.at, len);
	raw[len] = '\0';
	str_escape(raw, ret, MAX_SHOWN);
}

static void tell_unmet(const struct factor *factor, const char *fact, struct err *err)
{
	char shown[MAX_SHOWN];
	char have[MAX_SHOWN];

	show(factor->text, shown);
	show(span_of(fact), have);
	(void)err_set(err, ERANGE, "%s (have %s)", shown, *have == '\0' ? "unknown" : have);
}

/* Each factor is read, also behind one that fails: a fault must not depend on the machine.
 * 1, 0 (unmet, which may be NULL, then tells the first factor that failed), NOT_AN_ANSWER or
 * -EINVAL. */
static int check_term(const char *expression, struct span term, const struct require_facts *facts,
		      struct err *unmet, struct err *err)
{
	int result = NOT_AN_ANSWER;

	while (term.len > 0) {
		struct span text = cut(&term, ',');
		const char *fault;
		const char *fact;
		struct factor factor;
		char shown[MAX_SHOWN];
		bool met;

		if (text.len == 0)
			continue;
		fault = parse_factor(text, facts->any_case, &factor);
		if (fault != NULL) {
			show(text, shown);
			return err_at(err, EINVAL, 1, (unsigned)(text.at - expression) + 1,
				      "read the requirement '%s': %s", shown, fault);
		}
		met = is_met(&factor, facts, &fact);
		if (fact == NULL)
			continue;
		if (!met && result != 0)
			tell_unmet(&factor, fact, unmet);
		if (!met || result == NOT_AN_ANSWER)
			result = met ? 1 : 0;
	}
	return result;
}

int require_check(const char *expression, const struct require_facts *facts, struct err *err)
{
	struct span rest = {expression, strnlen(expression, REQUIRE_MAX_BYTES + 1)};
	struct err unmet = {0};
	bool met = false;

	if (rest.len > REQUIRE_MAX_BYTES)
		return err_set(err, EINVAL, "read the requirement: more than %u bytes",
			       REQUIRE_MAX_BYTES);
	while (rest.len > 0) {
		struct span term = cut(&rest, ' ');
		int ret = check_term(expression, term, facts, unmet.code == 0 ? &unmet : NULL, err);

		if (ret < 0)
			return ret;
		met = met || ret == 1;
	}
	if (met || unmet.code == 0)
		return 1;
	if (err != NULL)
		*err = unmet;
	return 0;
}
