/*
 * What rules of routes ask of a request, and what they do beside sending it
 * on: the parts that Istio and the Gateway API have in common.
 */
#include "harness/manifests/rule.h"

#include "twins/base/regex.h"

static bool pattern_is_fine(struct tw_manifest_reader *r, struct tw_yaml *value)
{
	const char *why = NULL;
	size_t at = 0;

	if (tw_regex_compile(&r->m->arena, tw_yaml_str(value), &at, &why))
		return true;
	tw_manifest_note(r, value,
		"the pattern is not understood at character %zu (%s): the rule "
		"matches nothing",
		at + 1, why);
	return false;
}

void tw_rule_condition(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, const char *name, enum tw_condition_is is,
	struct tw_yaml *value, bool negated)
{
	struct tw_spec_condition it = {
		.of = of,
		.is = is,
		.negated = negated,
		.name = tw_manifest_keep(r, name),
		.origin = tw_manifest_origin(r, value, NULL),
	};

	if (is != TW_CONDITION_PRESENT &&
		!tw_manifest_text(r, value, &it.value))
		return;
	/* A pattern that is not understood stays: its rule matches nothing. */
	if (is != TW_CONDITION_REGEX || pattern_is_fine(r, value))
		tw_yaml_use(value);
	tw_vec_push_in(&r->spec->arena, &rule->policy.conditions, it);
}

void tw_rule_string_match(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, const char *name, struct tw_yaml *match,
	bool negated)
{
	static const struct {
		const char *word;
		enum tw_condition_is is;
	} words[] = {{"exact", TW_CONDITION_EXACT},
		{"prefix", TW_CONDITION_PREFIX}, {"regex", TW_CONDITION_REGEX}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct tw_yaml *value = tw_yaml_get(match, words[i].word);

		if (!value)
			continue;
		tw_rule_condition(
			r, rule, of, name, words[i].is, value, negated);
		return;
	}
	tw_yaml_use_all(match);
	tw_rule_condition(
		r, rule, of, name, TW_CONDITION_PRESENT, match, negated);
}

void tw_rule_value_matches(struct tw_manifest_reader *r, struct tw_rule *rule,
	enum tw_condition_of of, struct tw_yaml *list)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *name = tw_yaml_use(tw_yaml_get(it, "name"));
		struct tw_yaml *type = tw_yaml_use(tw_yaml_get(it, "type"));
		const char *kind = tw_yaml_text(type);
		bool regex = kind && !strcmp(kind, "RegularExpression");

		if (!tw_yaml_text(name)) {
			tw_manifest_error(r, it, "a match has no 'name'");
			continue;
		}
		tw_rule_condition(r, rule, of, tw_yaml_text(name),
			regex ? TW_CONDITION_REGEX : TW_CONDITION_EXACT,
			tw_yaml_get(it, "value"), false);
	}
}

void tw_rule_percent(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_real *to)
{
	double v;

	if (tw_yaml_is_null(node))
		return;
	if (!tw_yaml_text(node) || !tw_parse_real(tw_yaml_str(node), &v) ||
		!(v >= 0 && v <= 100)) {
		tw_manifest_error(r, node, "'%s' is not a percentage",
			tw_yaml_text(node) ? tw_yaml_text(node)
					   : tw_yaml_kind_name(node));
		return;
	}
	tw_set_real(to, v / 100, tw_manifest_origin(r, node, NULL));
	tw_yaml_use(node);
}

void tw_rule_mirror(struct tw_manifest_reader *r, struct tw_rule *rule,
	const char *service, struct tw_yaml *subset, struct tw_real share,
	const struct tw_yaml *at)
{
	struct tw_spec_mirror it = {.share = share};

	tw_set_text(&it.service, tw_manifest_keep(r, service),
		tw_manifest_origin(r, at, NULL));
	tw_manifest_text(r, tw_yaml_use(subset), &it.subset);
	tw_vec_push_in(&r->spec->arena, &rule->policy.mirrors, it);
}
