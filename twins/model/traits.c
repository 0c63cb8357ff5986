#include "twins/model/traits.h"

#include "twins/base/regex.h"

#include <string.h>

static bool same_name(
	const struct tw_spec_condition *a, const struct tw_spec_condition *b)
{
	if (!a->name || !b->name)
		return a->name == b->name;
	return a->of == TW_CONDITION_HEADER
		       ? tw_str_equal_nocase(
				 tw_str_of(a->name), tw_str_of(b->name))
		       : !strcmp(a->name, b->name);
}

static bool same(
	const struct tw_spec_condition *a, const struct tw_spec_condition *b)
{
	return a->of == b->of && a->is == b->is && same_name(a, b) &&
	       tw_text_same(a->value.v, b->value.v);
}

uint32_t tw_conditions_number(const struct tw_conditions *conditions,
	const struct tw_spec_condition *condition)
{
	for (uint32_t i = 0; i < conditions->n; i++)
		if (same(conditions->of[i], condition))
			return i;
	return TW_TRAITS_MAX;
}

static void add_all(
	struct tw_conditions *to, const struct tw_spec_conditions *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct tw_spec_condition *it = &from->v[i];
		const char *why;
		size_t at;

		if (tw_conditions_number(to, it) != TW_TRAITS_MAX)
			continue;
		if (to->n == TW_TRAITS_MAX) {
			to->beyond++;
			continue;
		}
		if (it->is == TW_CONDITION_REGEX)
			to->regex[to->n] = tw_regex_compile(
				to->arena, tw_str_of(it->value.v), &at, &why);
		to->of[to->n++] = it;
	}
}

void tw_conditions_of(const struct tw_spec *spec, struct tw_arena *arena,
	struct tw_conditions *to)
{
	*to = (struct tw_conditions){.arena = arena};
	for (size_t i = 0; i < spec->policies.n; i++)
		add_all(to, &spec->policies.v[i]->conditions);
	for (size_t i = 0; i < spec->entries.n; i++)
		add_all(to, &spec->entries.v[i]->conditions);
}

bool tw_condition_is_usable(
	const struct tw_conditions *conditions, uint32_t number)
{
	return conditions->of[number]->is != TW_CONDITION_REGEX ||
	       conditions->regex[number];
}

void tw_conditions_text(const struct tw_conditions *conditions, uint32_t mask,
	struct tw_buf *to)
{
	static const char *const of[] = {"header ", "query ", "path"};
	static const char *const is[] = {" = ", " begins with ", " ~ "};

	for (uint32_t i = 0; i < conditions->n; i++) {
		const struct tw_spec_condition *it = conditions->of[i];

		if (!(mask & UINT32_C(1) << i))
			continue;
		tw_buf_printf(to, "%s%s%s", to->n ? ", " : "", of[it->of],
			it->name ? it->name : "");
		if (it->is != TW_CONDITION_PRESENT)
			tw_buf_printf(to, "%s%s", is[it->is], it->value.v);
	}
}

/* A regular expression wants its text to end: values are slices. */
static bool matches(const struct tw_regex *regex, struct tw_str value)
{
	struct tw_buf text = {0};
	bool fits;

	tw_buf_printf(&text, "%.*s", (int)value.n, value.p ? value.p : "");
	fits = tw_regex_match(regex, tw_buf_text(&text));
	tw_buf_release(&text);
	return fits;
}

bool tw_condition_holds(const struct tw_conditions *conditions, uint32_t number,
	bool there, struct tw_str value)
{
	const struct tw_spec_condition *it = conditions->of[number];

	if (!there)
		return false;
	switch (it->is) {
	case TW_CONDITION_EXACT:
		return tw_str_equal(value, it->value.v);
	case TW_CONDITION_PREFIX:
		return tw_str_starts(value, it->value.v);
	case TW_CONDITION_REGEX:
		return conditions->regex[number] &&
		       matches(conditions->regex[number], value);
	case TW_CONDITION_PRESENT:
		return true;
	}
	return false;
}

bool tw_conditions_wanted(const struct tw_conditions *conditions,
	const struct tw_spec_conditions *of, struct tw_wanted *to)
{
	*to = (struct tw_wanted){0, 0};
	for (size_t i = 0; i < of->n; i++) {
		uint32_t n = tw_conditions_number(conditions, &of->v[i]);

		if (n == TW_TRAITS_MAX)
			return false;
		if (of->v[i].negated)
			to->no |= UINT32_C(1) << n;
		else
			to->yes |= UINT32_C(1) << n;
	}
	return true;
}

/* ---- calls inside ----------------------------------------------------- */

bool tw_header_goes_on(const struct tw_spec *spec, const char *name)
{
	static const char *const tracing[] = {"x-request-id", "b3", "x-b3-*",
		"traceparent", "tracestate", "baggage", "x-ot-span-context",
		"x-cloud-trace-context", "grpc-trace-bin"};
	char lower[128];
	size_t n = strlen(name);

	if (n >= sizeof lower)
		return false;
	for (size_t i = 0; i <= n; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z'
				   ? (char)(name[i] + 32)
				   : name[i];
	for (size_t i = 0; i < sizeof tracing / sizeof *tracing; i++)
		if (tw_glob_match(tracing[i], lower))
			return true;
	for (size_t i = 0; i < spec->propagate.n; i++)
		if (tw_glob_match(spec->propagate.v[i].v, lower) ||
			tw_glob_match(spec->propagate.v[i].v, name))
			return true;
	return false;
}

const char *tw_header_value(const struct tw_labels *headers, const char *name)
{
	for (size_t i = 0; headers && i < headers->n; i++)
		if (tw_str_equal_nocase(
			    tw_str_of(headers->v[i].key), tw_str_of(name)))
			return headers->v[i].value;
	return NULL;
}

/* "GET /cart/{id}" with each {name} as `word`. */
static void example_of(const char *endpoint, char word, struct tw_buf *to)
{
	const char *space = strchr(endpoint, ' ');
	const char *p = space ? space + 1 : endpoint;

	if (*p != '/')
		tw_buf_add_char(to, '/');
	while (*p) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		tw_buf_add_char(to, end ? word : *p);
		p = end ? end + 1 : p + 1;
	}
}

/* Known where the name has no variable part, or that part does not matter to
 * a number and to a letter. */
static tw_traits path_trait(const struct tw_conditions *conditions,
	uint32_t number, const char *endpoint)
{
	bool holds[2];

	if (!strchr(endpoint, '/'))
		return 0;
	for (int i = 0; i < 2; i++) {
		struct tw_buf path = {0};

		example_of(endpoint, i ? 'a' : '1', &path);
		holds[i] = tw_condition_holds(conditions, number, true,
			(struct tw_str){tw_buf_text(&path), path.n});
		tw_buf_release(&path);
	}
	return holds[0] == holds[1] ? tw_trait(number, holds[0]) : 0;
}

struct tw_carry tw_conditions_carry(const struct tw_conditions *conditions,
	const struct tw_spec *spec, const char *endpoint,
	const struct tw_labels *headers)
{
	struct tw_carry carry = {0, 0};

	for (uint32_t i = 0; i < conditions->n; i++) {
		const struct tw_spec_condition *it = conditions->of[i];
		const char *value;

		if (!tw_condition_is_usable(conditions, i))
			continue;
		switch (it->of) {
		case TW_CONDITION_HEADER:
			value = tw_header_value(headers, it->name);
			if (!value && tw_header_goes_on(spec, it->name))
				carry.keep |= tw_trait(i, true);
			else
				carry.set |= tw_trait(i,
					tw_condition_holds(conditions, i,
						value != NULL,
						tw_str_of(value ? value : "")));
			break;
		case TW_CONDITION_PATH:
			carry.set |= path_trait(conditions, i, endpoint);
			break;
		case TW_CONDITION_QUERY:
			break;
		}
	}
	return carry;
}
