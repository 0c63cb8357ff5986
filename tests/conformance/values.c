#include "tests/conformance/conformance.h"

#include <stdarg.h>
#include <stdio.h>

void conformance_differs(struct conformance *c, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	tw_buf_printf(&c->difference, "    %s\n", line);
}

void conformance_int(struct conformance *c, const char *what,
	const struct tw_yaml *want, int64_t got)
{
	int64_t v;

	if (!want)
		return;
	if (!tw_yaml_int(want, &v))
		conformance_differs(c, "%s: wanted %s, got %lld", what,
			tw_yaml_text(want) ? tw_yaml_text(want) : "null",
			(long long)got);
	else if (v != got)
		conformance_differs(c, "%s: wanted %lld, got %lld", what,
			(long long)v, (long long)got);
}

void conformance_bool(struct conformance *c, const char *what,
	const struct tw_yaml *want, bool got)
{
	bool v;

	if (want && (!tw_yaml_bool(want, &v) || v != got))
		conformance_differs(c, "%s: wanted %s, got %s", what,
			tw_yaml_text(want) ? tw_yaml_text(want) : "null",
			got ? "true" : "false");
}

void conformance_text(struct conformance *c, const char *what,
	const struct tw_yaml *want, const char *got)
{
	const char *text = tw_yaml_text(want);

	if (want && strcmp(text ? text : "null", got ? got : "null"))
		conformance_differs(c, "%s: wanted %s, got %s", what,
			text ? text : "null", got ? got : "null");
}

int64_t conformance_get_int(
	const struct tw_yaml *map, const char *key, int64_t otherwise)
{
	int64_t v;

	return tw_yaml_int(tw_yaml_get(map, key), &v) ? v : otherwise;
}

double conformance_get_real(
	const struct tw_yaml *map, const char *key, double otherwise)
{
	double v;

	return tw_yaml_real(tw_yaml_get(map, key), &v) ? v : otherwise;
}

bool conformance_get_bool(
	const struct tw_yaml *map, const char *key, bool otherwise)
{
	bool v;

	return tw_yaml_bool(tw_yaml_get(map, key), &v) ? v : otherwise;
}

const char *conformance_get_text(
	const struct tw_yaml *map, const char *key, const char *otherwise)
{
	const char *text = tw_yaml_text(tw_yaml_get(map, key));

	return text ? text : otherwise;
}
