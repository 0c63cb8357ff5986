/*
 * What is done to every field alike: walking, showing, scaling, copying.
 *
 * One table a struct says which fields it has. The walk builds paths from
 * names, never from positions where a name is known, so that a path means
 * the same thing in the baseline and in the candidate.
 */
#include "twins/model/spec_walk.h"

#include "twins/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct tw_field spec_fields[] = {
	TW_FIELD(tw_spec, workers, INT),
	TW_FIELD(tw_spec, queue, INT),
	TW_FIELD(tw_spec, clock, INT),
	TW_FIELD(tw_spec, endpoint_delay, INT),
	TW_FIELD(tw_spec, node_grace, INT),
	TW_FIELD(tw_spec, restart_delay, INT),
	TW_FIELD(tw_spec, dns.service, TEXT),
	TW_FIELD(tw_spec, dns.cache, INT),
	TW_FIELD(tw_spec, dns.ttl, INT),
	TW_FIELD(tw_spec, dns.negative_ttl, INT),
	TW_FIELD(tw_spec, dns.reuse, REAL),
	TW_FIELD(tw_spec, dns.ipv6, INT),
	TW_FIELD(tw_spec, dns.ndots, INT),
	TW_FIELD(tw_spec, dns.timeout, INT),
	TW_FIELD(tw_spec, dns.attempts, INT),
	TW_FIELD(tw_spec, images.bandwidth, REAL),
	TW_FIELD(tw_spec, images.registry_bandwidth, REAL),
	TW_FIELD(tw_spec, images.latency, INT),
	TW_FIELD(tw_spec, images.parallel, INT),
	TW_FIELD(tw_spec, storage.reach, TEXT),
	TW_FIELD(tw_spec, storage.binding, TEXT),
	TW_FIELD(tw_spec, storage.attach, INT),
	TW_FIELD(tw_spec, storage.detach, INT),
	TW_FIELD(tw_spec, storage.limit, INT),
	TW_FIELD(tw_spec, kubernetes, INT),
	TW_FIELD_END,
};

/* Appends to the path; the old length, for tw_walk_leave(). */
size_t tw_walk_enter(struct tw_walk *walk, const char *format, ...)
{
	size_t mark = walk->path.n;
	char part[512];
	va_list args;

	va_start(args, format);
	vsnprintf(part, sizeof part, format, args);
	va_end(args);
	if (mark && part[0] != '[')
		tw_buf_add_char(&walk->path, '.');
	tw_buf_add_text(&walk->path, part);
	return mark;
}

void tw_walk_leave(struct tw_walk *walk, size_t mark)
{
	walk->path.n = mark;
	walk->path.p[mark] = '\0';
}

void tw_walk_field(struct tw_walk *walk, const struct tw_field *field, void *at)
{
	struct tw_spec_field shown = {0};
	size_t mark;

	switch (field->kind) {
	case TW_FIELD_INT:
		shown.integer = at;
		break;
	case TW_FIELD_REAL:
		shown.real = at;
		break;
	case TW_FIELD_TEXT:
		shown.text = at;
		break;
	case TW_FIELD_LAW:
		shown.law = at;
		break;
	}
	if (!tw_spec_field_origin(&shown))
		return;
	mark = tw_walk_enter(walk, "%s", field->name);
	shown.path = tw_buf_text(&walk->path);
	walk->visit(walk->context, &shown);
	tw_walk_leave(walk, mark);
}

void tw_walk_fields(
	struct tw_walk *walk, const struct tw_field *fields, void *object)
{
	for (; fields->name; fields++)
		tw_walk_field(walk, fields, (char *)object + fields->offset);
}

void tw_walk_texts(
	struct tw_walk *walk, const char *name, struct tw_text *texts, size_t n)
{
	const struct tw_field text = {"text", TW_FIELD_TEXT, 0};

	for (size_t i = 0; i < n; i++) {
		size_t mark = tw_walk_enter(walk, "%s[%zu]", name, i);

		tw_walk_field(walk, &text, &texts[i]);
		tw_walk_leave(walk, mark);
	}
}

void tw_spec_walk(struct tw_spec *spec, tw_spec_visit *visit, void *context)
{
	struct tw_walk walk = {.visit = visit, .context = context};

	tw_walk_fields(&walk, spec_fields, spec);
	for (size_t i = 0; i < spec->propagate.n; i++) {
		size_t mark = tw_walk_enter(&walk, "propagate[%zu]", i);
		const struct tw_field header = {"header", TW_FIELD_TEXT, 0};

		tw_walk_field(&walk, &header, &spec->propagate.v[i]);
		tw_walk_leave(&walk, mark);
	}
	for (size_t i = 0; i < spec->services.n; i++)
		tw_walk_service(&walk, spec->services.v[i].value);
	for (size_t i = 0; i < spec->workloads.n; i++)
		tw_walk_workload(&walk, spec->workloads.v[i].value);
	for (size_t i = 0; i < spec->policies.n; i++)
		tw_walk_policy(&walk, i, spec->policies.v[i]);
	for (size_t i = 0; i < spec->severed.n; i++)
		tw_walk_severed(&walk, &spec->severed.v[i]);
	for (size_t i = 0; i < spec->budgets.n; i++)
		tw_walk_budget(&walk, spec->budgets.v[i]);
	tw_walk_volumes(&walk, spec);
	tw_walk_dns(&walk, spec);
	tw_walk_images(&walk, spec);
	tw_walk_autoscaling(&walk, spec);
	tw_walk_verticals(&walk, spec);
	tw_walk_ground(&walk, spec);
	tw_buf_release(&walk.path);
}

const struct tw_origin *tw_spec_field_origin(const struct tw_spec_field *field)
{
	if (field->integer)
		return field->integer->origin;
	if (field->real)
		return field->real->origin;
	if (field->text)
		return field->text->origin;
	return field->law->origin;
}

void tw_spec_field_text(const struct tw_spec_field *field, struct tw_buf *out)
{
	char text[TW_REAL_TEXT];

	if (field->integer)
		tw_buf_printf(out, "%lld", (long long)field->integer->v);
	else if (field->real)
		tw_buf_add_text(out, tw_real_text(field->real->v, text));
	else if (field->text)
		tw_buf_add_text(out, field->text->v ? field->text->v : "");
	else
		tw_dist_text(&field->law->v, out);
}

struct scaling {
	double factor;
	size_t n;
};

static void scale_one(void *context, const struct tw_spec_field *field)
{
	struct scaling *scaling = context;

	if (!field->law || field->law->origin->source != TW_FROM_ASSUMED)
		return;
	tw_dist_scale(&field->law->v, scaling->factor);
	scaling->n++;
}

size_t tw_spec_scale_assumed(struct tw_spec *spec, double factor)
{
	struct scaling scaling = {.factor = factor};

	tw_spec_walk(spec, scale_one, &scaling);
	return scaling.n;
}
