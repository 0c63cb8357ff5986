#include "harness/manifests/reader.h"

#include <stdarg.h>
#include <stdio.h>

const struct tw_origin *tw_manifest_origin(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *detail)
{
	if (!node)
		node = r->object->doc;
	return tw_spec_origin(r->spec, TW_FROM_MANIFEST, node->pos, detail);
}

const char *tw_manifest_keep(struct tw_manifest_reader *r, const char *text)
{
	return text ? tw_arena_strdup(&r->spec->arena, text) : NULL;
}

__attribute__((format(printf, 4, 0))) static struct tw_diag *tell(
	struct tw_manifest_reader *r, const struct tw_yaml *node,
	enum tw_severity severity, const char *format, va_list args)
{
	const struct tw_yaml *at = node ? node : r->object->doc;
	char text[512];

	vsnprintf(text, sizeof text, format, args);
	return tw_diag(r->diags, severity, at->pos, "%s %s: %s",
		r->object->kind, r->object->name, text);
}

struct tw_diag *tw_manifest_error(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *format, ...)
{
	struct tw_diag *d;
	va_list args;

	va_start(args, format);
	d = tell(r, node, TW_ERROR, format, args);
	va_end(args);
	return d;
}

struct tw_diag *tw_manifest_note(struct tw_manifest_reader *r,
	const struct tw_yaml *node, const char *format, ...)
{
	struct tw_diag *d;
	va_list args;

	va_start(args, format);
	d = tell(r, node, TW_NOTE, format, args);
	va_end(args);
	return d;
}

/* What stands there, for a message. */
static const char *shown(const struct tw_yaml *node)
{
	const char *text = tw_yaml_text(node);

	return text ? text : tw_yaml_kind_name(node);
}

bool tw_manifest_int(struct tw_manifest_reader *r, const struct tw_yaml *node,
	int64_t min, int64_t max, struct tw_int *to)
{
	int64_t v;

	if (tw_yaml_is_null(node))
		return false;
	if (!tw_yaml_int(node, &v)) {
		tw_manifest_error(r, node, "expected a whole number, not '%s'",
			shown(node));
		return false;
	}
	if (v < min || v > max) {
		if (max == INT64_MAX)
			tw_manifest_error(r, node, "%lld is less than %lld",
				(long long)v, (long long)min);
		else
			tw_manifest_error(r, node, "%lld is not in %lld..%lld",
				(long long)v, (long long)min, (long long)max);
		return false;
	}
	return tw_set_int(to, v, tw_manifest_origin(r, node, NULL));
}

bool tw_manifest_seconds(struct tw_manifest_reader *r,
	const struct tw_yaml *node, int64_t min, struct tw_int *to)
{
	struct tw_int seconds = {0};

	if (!tw_manifest_int(r, node, min, INT32_MAX, &seconds))
		return false;
	return tw_set_int(to, seconds.v * TW_S, seconds.origin);
}

bool tw_manifest_duration(struct tw_manifest_reader *r,
	const struct tw_yaml *node, struct tw_int *to)
{
	struct tw_diag *d;
	tw_time v;

	if (tw_yaml_is_null(node))
		return false;
	if (!tw_yaml_text(node) || !tw_parse_duration(tw_yaml_str(node), &v) ||
		v < 0) {
		d = tw_manifest_error(
			r, node, "'%s' is not a duration", shown(node));
		d->hint = "such as 250ms, 10s or 1m30s";
		return false;
	}
	return tw_set_int(to, v, tw_manifest_origin(r, node, NULL));
}

bool tw_manifest_quantity(struct tw_manifest_reader *r,
	const struct tw_yaml *node, bool thousandths, struct tw_int *to)
{
	struct tw_diag *d;
	int64_t v;

	if (tw_yaml_is_null(node))
		return false;
	if (!tw_yaml_text(node) || !tw_parse_quantity(tw_yaml_str(node), &v) ||
		v < 0) {
		d = tw_manifest_error(
			r, node, "'%s' is not a quantity", shown(node));
		d->hint = thousandths ? "such as 250m, 0.5 or 2 (cores)"
				      : "such as 128Mi, 1Gi or 500M (bytes)";
		return false;
	}
	if (!thousandths)
		v = v / 1000 + (v % 1000 != 0);
	return tw_set_int(to, v, tw_manifest_origin(r, node, NULL));
}

bool tw_manifest_text(struct tw_manifest_reader *r, const struct tw_yaml *node,
	struct tw_text *to)
{
	const char *text = tw_yaml_text(node);

	if (tw_yaml_is_null(node))
		return false;
	if (!text) {
		tw_manifest_error(r, node, "expected text, not %s",
			tw_yaml_kind_name(node));
		return false;
	}
	return tw_set_text(to, tw_manifest_keep(r, text),
		tw_manifest_origin(r, node, NULL));
}

void tw_manifest_labels(struct tw_manifest_reader *r, const struct tw_yaml *map,
	struct tw_labels *to)
{
	if (!tw_yaml_is(map, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < map->pairs.n; i++) {
		const char *key = tw_yaml_text(map->pairs.v[i].key);
		const char *value = tw_yaml_text(map->pairs.v[i].value);
		struct tw_label label = {tw_manifest_keep(r, key),
			tw_manifest_keep(r, value ? value : "")};

		if (key)
			tw_vec_push_in(&r->spec->arena, to, label);
	}
}

struct tw_yaml *tw_manifest_annotation(
	struct tw_manifest_reader *r, const char *name)
{
	return tw_yaml_get(
		tw_yaml_path(r->object->doc, "metadata", "annotations", NULL),
		name);
}
