#include "harness/chaos/reader.h"

#include <string.h>

static void add_value(struct chaos_reader *reader, struct tw_chaos_label *label,
	const struct tw_yaml *node)
{
	if (tw_yaml_text(node))
		tw_vec_push_in(
			reader->arena, &label->values, tw_yaml_text(node));
}

static void read_labels(struct chaos_reader *reader,
	const struct tw_yaml *labels, struct tw_chaos_pods *to)
{
	for (size_t i = 0;
		tw_yaml_is(labels, TW_YAML_MAPPING) && i < labels->pairs.n;
		i++) {
		struct tw_chaos_label label = {
			.key = tw_yaml_text(labels->pairs.v[i].key)};

		if (!label.key)
			continue;
		add_value(reader, &label, labels->pairs.v[i].value);
		tw_vec_push_in(reader->arena, &to->labels, label);
	}
}

static void read_expressions(struct chaos_reader *reader,
	const struct tw_yaml *expressions, struct tw_chaos_pods *to)
{
	for (size_t i = 0; i < tw_yaml_count(expressions); i++) {
		const struct tw_yaml *it = tw_yaml_item(expressions, i);
		const struct tw_yaml *values = tw_yaml_get(it, "values");
		const char *op = tw_yaml_text(tw_yaml_get(it, "operator"));
		struct tw_chaos_label label = {
			.key = tw_yaml_text(tw_yaml_get(it, "key"))};

		if (!label.key || !op) {
			tw_diag(reader->diags, TW_ERROR, it->pos,
				"an expression needs a key and an operator");
			continue;
		}
		label.negated =
			!strcmp(op, "NotIn") || !strcmp(op, "DoesNotExist");
		label.exists =
			!strcmp(op, "Exists") || !strcmp(op, "DoesNotExist");
		if (!label.negated && !label.exists && strcmp(op, "In") != 0)
			tw_diag(reader->diags, TW_ERROR, it->pos,
				"'operator' is In, NotIn, Exists or "
				"DoesNotExist");
		for (size_t k = 0; k < tw_yaml_count(values); k++)
			add_value(reader, &label, tw_yaml_item(values, k));
		tw_vec_push_in(reader->arena, &to->labels, label);
	}
}

static void read_pods(struct chaos_reader *reader, const struct tw_yaml *pods,
	struct tw_chaos_pods *to)
{
	for (size_t i = 0;
		tw_yaml_is(pods, TW_YAML_MAPPING) && i < pods->pairs.n; i++) {
		const struct tw_yaml *list = pods->pairs.v[i].value;
		const char *namespace = tw_yaml_text(pods->pairs.v[i].key);

		for (size_t k = 0; namespace && k < tw_yaml_count(list); k++)
			if (tw_yaml_text(tw_yaml_item(list, k)))
				tw_vec_push_in(reader->arena, &to->pods,
					tw_arena_printf(reader->arena, "%s/%s",
						namespace,
						tw_yaml_text(tw_yaml_item(
							list, k))));
	}
}

static void read_key(struct chaos_reader *reader,
	const struct tw_yaml_pair *pair, struct tw_chaos_pods *to)
{
	const char *key = tw_yaml_text(pair->key);

	if (!key)
		return;
	if (!strcmp(key, "labelSelectors"))
		read_labels(reader, pair->value, to);
	else if (!strcmp(key, "expressionSelectors"))
		read_expressions(reader, pair->value, to);
	else if (!strcmp(key, "pods"))
		read_pods(reader, pair->value, to);
	else if (!strcmp(key, "namespaces"))
		for (size_t i = 0; i < tw_yaml_count(pair->value); i++) {
			const char *name =
				tw_yaml_text(tw_yaml_item(pair->value, i));

			if (name)
				tw_vec_push_in(
					reader->arena, &to->namespaces, name);
		}
	else if (!strcmp(key, "podPhaseSelectors"))
		chaos_ignored(reader, pair->key,
			"pods are selected whatever their phase");
	else
		tw_diag(reader->diags, TW_ERROR, pair->key->pos,
			"pods cannot be selected by '%s'", key);
}

struct tw_chaos_pods *chaos_pods(struct chaos_reader *reader, const char *as,
	const struct tw_yaml *selector, const struct tw_yaml *where)
{
	struct tw_chaos_pods *to = tw_new(reader->arena, struct tw_chaos_pods);

	to->as = as;
	to->pos = selector ? selector->pos : where->pos;
	to->namespace_of = reader->namespace;
	for (size_t i = 0;
		tw_yaml_is(selector, TW_YAML_MAPPING) && i < selector->pairs.n;
		i++)
		read_key(reader, &selector->pairs.v[i], to);
	return to;
}
