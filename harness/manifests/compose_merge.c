#include "harness/manifests/compose.h"

/* Lists that a later file replaces; every other list is added to. */
static bool is_replaced(const char *key)
{
	static const char *const keys[] = {"command", "entrypoint", "test"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static bool holds(const struct tw_yaml *list, const struct tw_yaml *item)
{
	for (size_t i = 0; i < list->items.n; i++)
		if (tw_yaml_equal(list->items.v[i], item))
			return true;
	return false;
}

static void merge_value(struct tw_arena *arena, struct tw_yaml *base,
	const char *key, struct tw_yaml *value)
{
	struct tw_yaml *old = tw_yaml_get(base, key);

	/* `!reset` and `!override` of the Compose specification. */
	if (value->tag && !strcmp(value->tag, "!reset")) {
		tw_yaml_remove(base, key);
	} else if (value->tag && !strcmp(value->tag, "!override")) {
		tw_yaml_put(arena, base, key, value);
	} else if (tw_yaml_is(old, TW_YAML_MAPPING) &&
		   tw_yaml_is(value, TW_YAML_MAPPING)) {
		tw_compose_merge(arena, old, value);
	} else if (tw_yaml_is(old, TW_YAML_SEQUENCE) &&
		   tw_yaml_is(value, TW_YAML_SEQUENCE) && !is_replaced(key)) {
		for (size_t i = 0; i < value->items.n; i++)
			if (!holds(old, value->items.v[i]))
				tw_yaml_append(arena, old, value->items.v[i]);
	} else {
		tw_yaml_put(arena, base, key, value);
	}
}

void tw_compose_merge(
	struct tw_arena *arena, struct tw_yaml *base, struct tw_yaml *over)
{
	for (size_t i = 0; i < over->pairs.n; i++) {
		const char *key = tw_yaml_text(over->pairs.v[i].key);

		if (key)
			merge_value(arena, base, key, over->pairs.v[i].value);
	}
}
