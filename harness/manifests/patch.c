#include "harness/manifests/patch.h"

#include "twins/base/units.h"

/* The merge keys of lists in Kubernetes' own kinds (patchMergeKey in the API
 * types). A list of ports has one of two, by what its items hold. */
static const struct {
	const char *list, *key;
} merge_keys[] = {
	{"containers", "name"},
	{"initContainers", "name"},
	{"ephemeralContainers", "name"},
	{"env", "name"},
	{"volumes", "name"},
	{"volumeMounts", "mountPath"},
	{"volumeDevices", "devicePath"},
	{"imagePullSecrets", "name"},
	{"hostAliases", "ip"},
	{"topologySpreadConstraints", "topologyKey"},
	{"ports", "containerPort"},
	{"ports", "port"},
	{"conditions", "type"},
	{"secrets", "name"},
	{"ownerReferences", "uid"},
};

static const char *merge_key(const char *list, const struct tw_yaml *items)
{
	for (size_t i = 0; i < sizeof merge_keys / sizeof *merge_keys; i++)
		if (!strcmp(merge_keys[i].list, list) &&
			tw_yaml_get(tw_yaml_item(items, 0), merge_keys[i].key))
			return merge_keys[i].key;
	return NULL;
}

static bool directive_is(const struct tw_yaml *patch, const char *word)
{
	const char *text = tw_yaml_text(tw_yaml_get(patch, "$patch"));

	return text && !strcmp(text, word);
}

/* A copy without directives and without what is null. */
static struct tw_yaml *clean_copy(
	struct tw_arena *arena, const struct tw_yaml *patch)
{
	struct tw_yaml *copy = tw_yaml_copy(arena, patch);
	size_t kept = 0;

	for (size_t i = 0; i < copy->items.n; i++)
		copy->items.v[i] = clean_copy(arena, copy->items.v[i]);
	for (size_t i = 0; i < copy->pairs.n; i++) {
		struct tw_yaml_pair pair = copy->pairs.v[i];
		const char *key = tw_yaml_text(pair.key);

		if (tw_yaml_is_null(pair.value) || (key && *key == '$'))
			continue;
		pair.value = clean_copy(arena, pair.value);
		copy->pairs.v[kept++] = pair;
	}
	copy->pairs.n = kept;
	copy->index = NULL;
	return copy;
}

static void remove_item(struct tw_yaml *list, size_t at)
{
	memmove(list->items.v + at, list->items.v + at + 1,
		(list->items.n - at - 1) * sizeof *list->items.v);
	list->items.n--;
}

static size_t find_item(const struct tw_yaml *list, const char *key,
	const struct tw_yaml *value)
{
	size_t i = value ? 0 : list->items.n;

	while (i < list->items.n &&
		!tw_yaml_equal(tw_yaml_get(list->items.v[i], key), value))
		i++;
	return i;
}

/* The patch's items first, in its order, then those that it does not name:
 * kustomize's order. */
static void merge_list(struct tw_arena *arena, struct tw_yaml *target,
	const struct tw_yaml *patch, const char *key)
{
	struct tw_yaml *merged = tw_yaml_new(arena, TW_YAML_SEQUENCE);

	for (size_t i = 0; i < patch->items.n; i++) {
		const struct tw_yaml *item = patch->items.v[i];
		size_t at = find_item(target, key, tw_yaml_get(item, key));
		struct tw_yaml *old;

		if (at == target->items.n) {
			if (!directive_is(item, "delete"))
				tw_yaml_append(
					arena, merged, clean_copy(arena, item));
			continue;
		}
		old = target->items.v[at];
		remove_item(target, at);
		if (tw_patch_merge(arena, old, item, true))
			tw_yaml_append(arena, merged, old);
	}
	for (size_t i = 0; i < target->items.n; i++)
		tw_yaml_append(arena, merged, target->items.v[i]);
	merged->pos = target->pos;
	*target = *merged;
}

static void merge_value(struct tw_arena *arena, struct tw_yaml *target,
	const char *key, const struct tw_yaml *value, bool builtin)
{
	struct tw_yaml *old = tw_yaml_get(target, key);
	const char *by;

	if (tw_yaml_is_null(value)) {
		tw_yaml_remove(target, key);
		return;
	}
	if (tw_yaml_is(value, TW_YAML_MAPPING) &&
		tw_yaml_is(old, TW_YAML_MAPPING)) {
		if (!tw_patch_merge(arena, old, value, builtin))
			tw_yaml_remove(target, key);
		return;
	}
	by = builtin ? merge_key(key, value) : NULL;
	if (by && tw_yaml_is(value, TW_YAML_SEQUENCE) &&
		tw_yaml_is(old, TW_YAML_SEQUENCE))
		merge_list(arena, old, value, by);
	else if (!directive_is(value, "delete"))
		tw_yaml_put(arena, target, key, clean_copy(arena, value));
}

bool tw_patch_merge(struct tw_arena *arena, struct tw_yaml *target,
	const struct tw_yaml *patch, bool builtin)
{
	if (directive_is(patch, "delete"))
		return false;
	if (directive_is(patch, "replace")) {
		struct tw_pos pos = target->pos;

		*target = *clean_copy(arena, patch);
		target->pos = pos;
		return true;
	}
	for (size_t i = 0; i < patch->pairs.n; i++) {
		const char *key = tw_yaml_text(patch->pairs.v[i].key);

		if (key && *key != '$')
			merge_value(arena, target, key, patch->pairs.v[i].value,
				builtin);
	}
	return true;
}

/* ---- RFC 6902 --------------------------------------------------------- */

/* The next token of a pointer, ~1 and ~0 undone; false at its end. */
static bool next_token(const char **path, struct tw_buf *token)
{
	const char *at = *path;

	tw_buf_clear(token);
	if (*at != '/')
		return false;
	for (at++; *at && *at != '/'; at++) {
		char c = *at;

		if (c == '~' && (at[1] == '0' || at[1] == '1'))
			c = *++at == '1' ? '/' : '~';
		tw_buf_add_char(token, c);
	}
	*path = at;
	return true;
}

static bool item_index(
	const struct tw_yaml *list, const char *token, size_t *at)
{
	int64_t index;

	if (!strcmp(token, "-")) {
		*at = list->items.n;
		return true;
	}
	if (!tw_parse_int(tw_str_of(token), &index) || index < 0 ||
		(uint64_t)index > list->items.n)
		return false;
	*at = (size_t)index;
	return true;
}

static struct tw_yaml *child(struct tw_yaml *node, const char *token)
{
	size_t at;

	if (tw_yaml_is(node, TW_YAML_MAPPING))
		return tw_yaml_get(node, token);
	if (!tw_yaml_is(node, TW_YAML_SEQUENCE) ||
		!item_index(node, token, &at) || at == node->items.n)
		return NULL;
	return node->items.v[at];
}

/* The container that a pointer's last token is in; NULL where it is not
 * there. The token is left in `token`. */
static struct tw_yaml *parent_of(
	struct tw_yaml *root, const char *path, struct tw_buf *token)
{
	struct tw_yaml *node = root;

	if (!next_token(&path, token))
		return NULL;
	while (*path && node) {
		node = child(node, tw_buf_text(token));
		next_token(&path, token);
	}
	return node;
}

static bool add_at(struct tw_arena *arena, struct tw_yaml *parent,
	const char *token, struct tw_yaml *value)
{
	size_t at;

	if (tw_yaml_is(parent, TW_YAML_MAPPING)) {
		tw_yaml_put(arena, parent, token, value);
		return true;
	}
	if (!tw_yaml_is(parent, TW_YAML_SEQUENCE) ||
		!item_index(parent, token, &at))
		return false;
	tw_yaml_append(arena, parent, value);
	memmove(parent->items.v + at + 1, parent->items.v + at,
		(parent->items.n - 1 - at) * sizeof *parent->items.v);
	parent->items.v[at] = value;
	return true;
}

static bool remove_at(struct tw_yaml *parent, const char *token)
{
	size_t at;

	if (tw_yaml_is(parent, TW_YAML_MAPPING))
		return tw_yaml_remove(parent, token);
	if (!tw_yaml_is(parent, TW_YAML_SEQUENCE) ||
		!item_index(parent, token, &at) || at == parent->items.n)
		return false;
	remove_item(parent, at);
	return true;
}

static bool replace_at(struct tw_arena *arena, struct tw_yaml *parent,
	const char *token, struct tw_yaml *value)
{
	size_t at;

	if (!child(parent, token))
		return false;
	if (tw_yaml_is(parent, TW_YAML_MAPPING)) {
		tw_yaml_put(arena, parent, token, value);
		return true;
	}
	if (!item_index(parent, token, &at))
		return false;
	parent->items.v[at] = value;
	return true;
}

struct operation {
	const char *op, *path, *from;
	const struct tw_yaml *value;
};

static bool apply(struct tw_arena *arena, struct tw_yaml *target,
	const struct operation *it, struct tw_buf *token)
{
	struct tw_yaml *parent = parent_of(target, it->path, token);
	struct tw_yaml *value, *source;

	if (!parent)
		return false;
	value = it->value ? tw_yaml_copy(arena, it->value) : NULL;
	if (!strcmp(it->op, "remove"))
		return remove_at(parent, tw_buf_text(token));
	if (!strcmp(it->op, "test"))
		return value &&
		       tw_yaml_equal(child(parent, tw_buf_text(token)), value);
	if (!strcmp(it->op, "add") && value)
		return add_at(arena, parent, tw_buf_text(token), value);
	if (!strcmp(it->op, "replace") && value)
		return replace_at(arena, parent, tw_buf_text(token), value);
	if (!it->from || (strcmp(it->op, "move") && strcmp(it->op, "copy")))
		return false;
	source = parent_of(target, it->from, token);
	value = source ? child(source, tw_buf_text(token)) : NULL;
	if (!value)
		return false;
	value = tw_yaml_copy(arena, value);
	if (!strcmp(it->op, "move"))
		remove_at(source, tw_buf_text(token));
	parent = parent_of(target, it->path, token);
	return parent && add_at(arena, parent, tw_buf_text(token), value);
}

int tw_patch_json(struct tw_arena *arena, struct tw_yaml *target,
	const struct tw_yaml *operations, struct tw_error *error)
{
	struct tw_buf token = {0};
	int status = 0;

	for (size_t i = 0; i < tw_yaml_count(operations) && !status; i++) {
		const struct tw_yaml *node = tw_yaml_item(operations, i);
		struct operation it = {
			.op = tw_yaml_text(tw_yaml_get(node, "op")),
			.path = tw_yaml_text(tw_yaml_get(node, "path")),
			.from = tw_yaml_text(tw_yaml_get(node, "from")),
			.value = tw_yaml_get(node, "value")};

		if (!it.op || !it.path)
			status = tw_fail_at(error, node->pos,
				"an operation needs 'op' and 'path'");
		else if (!apply(arena, target, &it, &token))
			status = tw_fail_at(error, node->pos,
				"cannot %s at '%s'", it.op, it.path);
	}
	tw_buf_release(&token);
	return status;
}
