#include "harness/yaml/yaml.h"

#include "twins/base/units.h"

#define STR_TAG "tag:yaml.org,2002:str"

static bool is_one_of(struct tw_str s, const char *const *words)
{
	for (; *words; words++)
		if (tw_str_equal(s, *words))
			return true;
	return false;
}

static bool is_null_text(struct tw_str s)
{
	static const char *const words[] = {
		"", "~", "null", "Null", "NULL", NULL};

	return is_one_of(s, words);
}

/* yaml.v2 resolve.go: the words of YAML 1.1 in the three usual cases. */
static bool bool_text(struct tw_str s, bool *value)
{
	static const char *const yes[] = {"true", "True", "TRUE", "y", "Y",
		"yes", "Yes", "YES", "on", "On", "ON", NULL};
	static const char *const no[] = {"false", "False", "FALSE", "n", "N",
		"no", "No", "NO", "off", "Off", "OFF", NULL};

	if (is_one_of(s, yes)) {
		*value = true;
		return true;
	}
	if (!is_one_of(s, no))
		return false;
	*value = false;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* The base by the prefix, which is taken off. */
static int base_of(struct tw_str *s)
{
	int base = 10, prefix = 0;

	if (s->n > 2 && s->p[0] == '0') {
		char c = s->p[1];

		base = c == 'x' || c == 'X'   ? 16
		       : c == 'o' || c == 'O' ? 8
		       : c == 'b' || c == 'B' ? 2
					      : 10;
		prefix = base == 10 ? 0 : 2;
	}
	if (base == 10 && s->n > 1 && s->p[0] == '0') {
		base = 8;
		prefix = 1;
	}
	s->p += prefix;
	s->n -= (size_t)prefix;
	return base;
}

static bool digits_value(struct tw_str s, int base, uint64_t *value)
{
	bool any = false;

	*value = 0;
	for (size_t i = 0; i < s.n; i++) {
		int digit = digit_of(s.p[i]);

		if (s.p[i] == '_' && any)
			continue;
		if (digit >= base ||
			__builtin_mul_overflow(*value, (uint64_t)base, value) ||
			__builtin_add_overflow(*value, (uint64_t)digit, value))
			return false;
		any = true;
	}
	return any;
}

static bool int_text(struct tw_str s, int64_t *value)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + minus, size;

	if (s.n && (minus || s.p[0] == '+')) {
		s.p++;
		s.n--;
	}
	if (!s.n || s.p[0] == '_' || !digits_value(s, base_of(&s), &size) ||
		size > limit)
		return false;
	*value = minus ? (int64_t)(0 - size) : (int64_t)size;
	return true;
}

static bool real_text(struct tw_str s, double *value)
{
	int64_t whole;

	if (int_text(s, &whole)) {
		*value = (double)whole;
		return true;
	}
	return tw_parse_real(s, value);
}

static bool is_text_tag(const char *tag)
{
	return tag && (!strcmp(tag, STR_TAG) || !strcmp(tag, "!"));
}

/* What may mean something other than its text. */
static bool resolves(const struct tw_yaml *node, struct tw_str *s)
{
	if (!node || node->kind != TW_YAML_SCALAR || is_text_tag(node->tag))
		return false;
	*s = (struct tw_str){node->value, node->n};
	return node->style == TW_YAML_PLAIN || node->tag;
}

bool tw_yaml_is_null(const struct tw_yaml *node)
{
	struct tw_str s;

	return !node || (resolves(node, &s) && is_null_text(s));
}

bool tw_yaml_bool(const struct tw_yaml *node, bool *value)
{
	struct tw_str s;

	return resolves(node, &s) && bool_text(s, value);
}

bool tw_yaml_int(const struct tw_yaml *node, int64_t *value)
{
	struct tw_str s;

	return resolves(node, &s) && int_text(s, value);
}

bool tw_yaml_real(const struct tw_yaml *node, double *value)
{
	struct tw_str s;

	return resolves(node, &s) && real_text(s, value);
}

const char *tw_yaml_text(const struct tw_yaml *node)
{
	return tw_yaml_str(node).p;
}

struct tw_str tw_yaml_str(const struct tw_yaml *node)
{
	if (tw_yaml_is_null(node) || node->kind != TW_YAML_SCALAR)
		return (struct tw_str){NULL, 0};
	return (struct tw_str){node->value, node->n};
}

static bool is_special_real(struct tw_str s)
{
	static const char *const words[] = {".inf", ".Inf", ".INF", "+.inf",
		"+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN",
		".NAN", NULL};

	return is_one_of(s, words);
}

bool tw_yaml_needs_quotes(struct tw_str s)
{
	double number;
	bool truth;

	return is_null_text(s) || bool_text(s, &truth) ||
	       real_text(s, &number) || is_special_real(s) ||
	       tw_str_equal(s, "<<") || tw_str_equal(s, "=");
}

const char *tw_yaml_kind_name(const struct tw_yaml *node)
{
	struct tw_str s;
	double number;
	bool truth;

	if (tw_yaml_is_null(node))
		return "nothing";
	if (node->kind == TW_YAML_SEQUENCE)
		return "a list";
	if (node->kind == TW_YAML_MAPPING)
		return "a mapping";
	if (resolves(node, &s) && bool_text(s, &truth))
		return "a truth value";
	if (resolves(node, &s) && real_text(s, &number))
		return "a number";
	return "text";
}
