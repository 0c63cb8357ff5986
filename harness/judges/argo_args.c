#include "harness/judges/argo_args.h"

#include <string.h>

/* NULL: it has none. */
static const char *value_of(const struct tw_argo_args *args, struct tw_str name)
{
	for (size_t i = 0; i < tw_yaml_count(args->list); i++) {
		const struct tw_yaml *it = tw_yaml_item(args->list, i);

		const char *its = tw_yaml_text(tw_yaml_get(it, "name"));

		if (its && tw_str_equal(name, its))
			return tw_yaml_text(tw_yaml_get(it, "value"));
	}
	return NULL;
}

static const char *unknown(const struct tw_argo_args *args, struct tw_str name,
	const struct tw_yaml *node, struct tw_diags *diags)
{
	TW_VEC(const char *) known = {0};
	const char *wanted = tw_arena_strndup(args->arena, name.p, name.n);
	struct tw_diag *diag = tw_diag(diags, TW_ERROR, node->pos,
		"nothing says what {{args.%s}} is", wanted);

	for (size_t i = 0; i < tw_yaml_count(args->list); i++) {
		const char *text = tw_yaml_text(
			tw_yaml_get(tw_yaml_item(args->list, i), "name"));

		if (text && strcmp(text, wanted) != 0)
			tw_vec_push(&known, text);
	}
	diag->hint = "give it a `value:` in spec.args, as a Rollout would";
	if (known.n)
		tw_diag_nearest(diags, diag, wanted, known.v, known.n);
	tw_vec_release(&known);
	return NULL;
}

const char *tw_argo_resolved(const struct tw_argo_args *args,
	const struct tw_yaml *node, struct tw_diags *diags)
{
	const char *text = tw_yaml_text(node), *at, *found;
	struct tw_buf out = {0};
	const char *kept = NULL;

	if (!text) {
		tw_diag(diags, TW_ERROR, node->pos, "expected text, not %s",
			tw_yaml_kind_name(node));
		return NULL;
	}
	for (at = text; (found = strstr(at, "{{"));) {
		const char *end = strstr(found, "}}"), *value;
		struct tw_str name;

		if (!end)
			break;
		name = tw_str_trim(
			(struct tw_str){found + 2, (size_t)(end - found - 2)});
		if (name.n < 5 || memcmp(name.p, "args.", 5) != 0)
			break;
		name = (struct tw_str){name.p + 5, name.n - 5};
		value = value_of(args, name);
		if (!value) {
			tw_buf_release(&out);
			return unknown(args, name, node, diags);
		}
		tw_buf_add(&out, at, (size_t)(found - at));
		tw_buf_add_text(&out, value);
		at = end + 2;
	}
	tw_buf_add_text(&out, at);
	kept = tw_arena_strdup(args->arena, tw_buf_text(&out));
	tw_buf_release(&out);
	return kept;
}
