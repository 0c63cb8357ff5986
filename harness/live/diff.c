/*
 * While two bodies are walked, `shown` is the path for people and `plain` the
 * same with '/' between names, which is what ignored paths, made globs, are
 * matched against.
 */
#include "harness/live/diff.h"

#include "harness/live/json_tree.h"
#include "twins/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLE	     120 /* bytes shown of a value */
#define MAP_KEYS     50
#define MAP_KEY_SIZE 100

struct walk {
	struct tw_diff *diff;
	struct tw_arena arena; /* of this comparison */
	const char *endpoint;
	uint64_t position;
	struct tw_buf shown, plain;
	bool differs;
};

const char *tw_diff_kind_name(enum tw_diff_kind kind)
{
	static const char *const names[] = {
		[TW_DIFF_STATUS] = "status",
		[TW_DIFF_MISSING] = "missing",
		[TW_DIFF_EXTRA] = "extra",
		[TW_DIFF_TYPE] = "type",
		[TW_DIFF_VALUE] = "value",
		[TW_DIFF_SIZE] = "size",
		[TW_DIFF_ORDER] = "order",
		[TW_DIFF_BYTES] = "bytes",
		[TW_DIFF_NO_ANSWER] = "no answer",
	};

	return names[kind];
}

/* ---- ignored paths --------------------------------------------------- */

/* "$.items[*].id" -> "$/items/#/id"; an index written out fits no path, so
 * "[3]" is any index too. "$..id" -> "$/ ** /id" (without the blanks). */
static const char *glob_of(struct tw_arena *arena, const char *path)
{
	struct tw_buf glob = {0};
	const char *kept;

	if (strncmp(path, "body.", 5) == 0 || strcmp(path, "body") == 0) {
		tw_buf_add_char(&glob, '$');
		path += 4;
	} else if (strncmp(path, "header.", 7) == 0) {
		tw_buf_add_text(&glob, "headers");
		path += 6;
	}
	for (; *path; path++) {
		if (*path == '.' && path[1] == '.') {
			tw_buf_add_text(&glob, "/**/");
			path++;
		} else if (*path == '.') {
			tw_buf_add_char(&glob, '/');
		} else if (*path == '[') {
			tw_buf_add_text(&glob, "/#");
			while (path[1] && *path != ']')
				path++;
		} else {
			tw_buf_add_char(&glob, *path);
		}
	}
	kept = tw_arena_strdup(arena, tw_buf_text(&glob));
	tw_buf_release(&glob);
	return kept;
}

/* "a / ** / b" fits "a/b" too. */
static bool fits(const char *glob, const char *path)
{
	const char *deep = strstr(glob, "/**/");
	struct tw_buf direct = {0};
	bool does = tw_glob_match(glob, path);

	if (!does && deep) {
		tw_buf_add(&direct, glob, (size_t)(deep - glob));
		tw_buf_add_text(&direct, deep + 3);
		does = tw_glob_match(tw_buf_text(&direct), path);
		tw_buf_release(&direct);
	}
	return does;
}

static bool is_ignored(const struct tw_diff *diff, const char *path)
{
	for (size_t i = 0; i < diff->ignored.n; i++)
		if (fits(diff->ignored.v[i], path))
			return true;
	return false;
}

/* ---- groups ---------------------------------------------------------- */

static struct tw_diff_group *group_of(
	struct walk *walk, enum tw_diff_kind kind, bool *fresh)
{
	struct tw_diff *diff = walk->diff;
	const char *path = tw_buf_text(&walk->shown);
	struct tw_diff_group *group;
	struct tw_buf key = {0};

	tw_buf_printf(&key, "%s\n%s\n%d", walk->endpoint, path, (int)kind);
	group = tw_map_get(&diff->by_key, tw_buf_text(&key));
	*fresh = !group;
	if (!group) {
		group = tw_new(&diff->arena, struct tw_diff_group);
		group->endpoint = tw_arena_strdup(&diff->arena, walk->endpoint);
		group->path = tw_arena_strdup(&diff->arena, path);
		group->kind = kind;
		tw_vec_push(&diff->groups, group);
		tw_map_put(&diff->by_key, tw_buf_text(&key), group);
	}
	tw_buf_release(&key);
	return group;
}

/* One line, printable, at most SAMPLE bytes. */
static const char *sample(struct tw_arena *arena, struct tw_str text)
{
	char line[SAMPLE];
	size_t n = text.n < SAMPLE ? text.n : SAMPLE;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		line[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	while (text.n > n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--; /* not within a character */
	return tw_arena_printf(
		arena, "%.*s%s", (int)n, line, text.n > n ? "..." : "");
}

/* Once an answer, however often the path differs in it. */
static void found(struct walk *walk, enum tw_diff_kind kind,
	struct tw_str expected, struct tw_str actual)
{
	struct tw_diff *diff = walk->diff;
	struct tw_diff_group *group;
	bool fresh;

	if (is_ignored(diff, tw_buf_text(&walk->plain)))
		return;
	walk->differs = true;
	group = group_of(walk, kind, &fresh);
	if (fresh || walk->position < group->position) {
		group->position = walk->position;
		group->expected = sample(&diff->arena, expected);
		group->actual = sample(&diff->arena, actual);
	}
	if (group->seen == diff->compared)
		return;
	group->seen = diff->compared;
	group->count++;
}

/* ---- JSON ------------------------------------------------------------ */

static void value_text(const struct tw_value *value, struct tw_buf *to)
{
	switch (value->type) {
	case TW_VALUE_NULL:
		tw_buf_add_text(to, "null");
		break;
	case TW_VALUE_BOOL:
		tw_buf_add_text(to, value->boolean ? "true" : "false");
		break;
	case TW_VALUE_NUMBER:
		tw_buf_add(to, value->text.p, value->text.n);
		break;
	case TW_VALUE_STRING:
		tw_buf_printf(to, "\"%.*s\"",
			(int)(value->text.n < SAMPLE ? value->text.n : SAMPLE),
			value->text.p);
		break;
	case TW_VALUE_ARRAY:
		tw_buf_printf(to, "array of %zu", value->items.n);
		break;
	case TW_VALUE_OBJECT:
		tw_buf_printf(to, "object of %zu", value->members.n);
		break;
	}
}

static struct tw_str text_of(struct walk *walk, const struct tw_value *value)
{
	struct tw_buf text = {0};
	const char *kept;

	if (!value)
		return TW_STR("nothing");
	value_text(value, &text);
	kept = tw_arena_strdup(&walk->arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return tw_str_of(kept);
}

static void found_values(struct walk *walk, enum tw_diff_kind kind,
	const struct tw_value *expected, const struct tw_value *actual)
{
	found(walk, kind, text_of(walk, expected), text_of(walk, actual));
}

static bool is_field(const char *name, size_t n)
{
	if (n == 0 || n > MAP_KEY_SIZE || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '-' ||
			    c == '$' || c == '@'))
			return false;
	}
	return true;
}

static bool is_map(const struct tw_value *object)
{
	if (object->members.n > MAP_KEYS)
		return true;
	for (size_t i = 0; i < object->members.n; i++)
		if (!is_field(object->members.v[i].key,
			    object->members.v[i].key_size))
			return true;
	return false;
}

static void walk_values(struct walk *walk, const struct tw_value *expected,
	const struct tw_value *actual);

/* One step down; the paths are as before afterwards. */
static void walk_into(struct walk *walk, const char *shown, const char *plain,
	const struct tw_value *expected, const struct tw_value *actual)
{
	size_t shown_n = walk->shown.n, plain_n = walk->plain.n;

	tw_buf_add_text(&walk->shown, shown);
	tw_buf_printf(&walk->plain, "/%s", plain);
	if (!expected)
		found_values(walk, TW_DIFF_EXTRA, NULL, actual);
	else if (!actual)
		found_values(walk, TW_DIFF_MISSING, expected, NULL);
	else if (!is_ignored(walk->diff, tw_buf_text(&walk->plain)))
		walk_values(walk, expected, actual);
	walk->shown.n = shown_n;
	walk->plain.n = plain_n;
	walk->shown.p[shown_n] = walk->plain.p[plain_n] = '\0';
}

static void walk_member(struct walk *walk, bool map,
	const struct tw_map_entry *entry, const struct tw_value *expected,
	const struct tw_value *actual)
{
	struct tw_buf shown = {0};

	if (map) {
		walk_into(walk, ".*", "*", expected, actual);
		return;
	}
	tw_buf_printf(&shown, ".%s", entry->key);
	walk_into(walk, tw_buf_text(&shown), entry->key, expected, actual);
	tw_buf_release(&shown);
}

static void walk_objects(struct walk *walk, const struct tw_value *expected,
	const struct tw_value *actual)
{
	bool map = is_map(expected) || is_map(actual);

	for (size_t i = 0; i < expected->members.n; i++) {
		const struct tw_map_entry *e = &expected->members.v[i];

		walk_member(walk, map, e, e->value,
			tw_map_get_n(&actual->members, e->key, e->key_size));
	}
	for (size_t i = 0; i < actual->members.n; i++) {
		const struct tw_map_entry *e = &actual->members.v[i];

		if (!tw_map_find(&expected->members, e->key, e->key_size))
			walk_member(walk, map, e, NULL, e->value);
	}
}

static int by_hash(const void *a, const void *b)
{
	const struct tw_value *x = *(const struct tw_value *const *)a;
	const struct tw_value *y = *(const struct tw_value *const *)b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static const struct tw_value **sorted(
	struct walk *walk, const struct tw_value *array)
{
	const struct tw_value **to = tw_new_array(
		&walk->arena, array->items.n, const struct tw_value *);

	memcpy(to, array->items.v, array->items.n * sizeof *to);
	qsort(to, array->items.n, sizeof *to, by_hash);
	return to;
}

/* Of the same size, and not equal. */
static bool same_items(struct walk *walk, const struct tw_value *expected,
	const struct tw_value *actual)
{
	const struct tw_value **a = sorted(walk, expected);
	const struct tw_value **b = sorted(walk, actual);

	for (size_t i = 0; i < expected->items.n; i++)
		if (!tw_value_equal(a[i], b[i]))
			return false;
	return true;
}

static void walk_arrays(struct walk *walk, const struct tw_value *expected,
	const struct tw_value *actual)
{
	if (expected->items.n != actual->items.n) {
		found_values(walk, TW_DIFF_SIZE, expected, actual);
	} else if (same_items(walk, expected, actual)) {
		found(walk, TW_DIFF_ORDER, TW_STR("one order"),
			TW_STR("the same items in another"));
	} else {
		for (size_t i = 0; i < expected->items.n; i++)
			walk_into(walk, "[*]", "#", expected->items.v[i],
				actual->items.v[i]);
	}
}

static void walk_values(struct walk *walk, const struct tw_value *expected,
	const struct tw_value *actual)
{
	if (tw_value_equal(expected, actual))
		return;
	if (expected->type != actual->type)
		found_values(walk, TW_DIFF_TYPE, expected, actual);
	else if (expected->type == TW_VALUE_OBJECT)
		walk_objects(walk, expected, actual);
	else if (expected->type == TW_VALUE_ARRAY)
		walk_arrays(walk, expected, actual);
	else
		found_values(walk, TW_DIFF_VALUE, expected, actual);
}

/* ---- one answer ------------------------------------------------------ */

static void at_path(struct walk *walk, const char *shown, const char *plain)
{
	tw_buf_clear(&walk->shown);
	tw_buf_clear(&walk->plain);
	tw_buf_add_text(&walk->shown, shown);
	tw_buf_add_text(&walk->plain, plain);
}

static void compare_status(struct walk *walk,
	const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual)
{
	char want[16], got[16];

	at_path(walk, "status", "status");
	snprintf(want, sizeof want, "%d", expected->status);
	snprintf(got, sizeof got, "%d", actual->status);
	found(walk, TW_DIFF_STATUS, tw_str_of(want), tw_str_of(got));
}

/* "text/html; charset=utf-8" -> "text/html". */
static struct tw_str media_type(struct tw_str value)
{
	const char *semicolon = memchr(value.p, ';', value.n);

	if (semicolon)
		value.n = (size_t)(semicolon - value.p);
	return tw_str_trim(value);
}

static void compare_header(struct walk *walk, const char *name, bool media,
	const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual)
{
	const struct tw_http_header *a = tw_http_find(&expected->headers, name);
	const struct tw_http_header *b = tw_http_find(&actual->headers, name);
	struct tw_str want = a ? a->value : TW_STR("nothing");
	struct tw_str got = b ? b->value : TW_STR("nothing");
	char shown[64], plain[64];

	if (media) {
		want = media_type(want);
		got = media_type(got);
	}
	/* A capture without it says nothing. */
	if (!a || (b && tw_str_equal_nocase(want, got)))
		return;
	snprintf(shown, sizeof shown, "headers.%s", name);
	snprintf(plain, sizeof plain, "headers/%s", name);
	at_path(walk, shown, plain);
	found(walk, b ? TW_DIFF_VALUE : TW_DIFF_MISSING, want, got);
}

static void compare_bytes(struct walk *walk,
	const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual)
{
	uint64_t a = expected->body_hash, b = actual->body_hash;

	if (expected->body_size == expected->body.n)
		a = tw_hash_bytes(expected->body.p, expected->body.n);
	if (actual->body_size == actual->body.n)
		b = tw_hash_bytes(actual->body.p, actual->body.n);
	if (expected->body_size != actual->body_size || a != b)
		found(walk, TW_DIFF_BYTES, expected->body, actual->body);
}

static void compare_bodies(struct walk *walk,
	const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual)
{
	const struct tw_value *a = NULL, *b = NULL;

	if (!expected->body.p) {
		walk->diff->bodiless++;
		return;
	}
	at_path(walk, "$", "$");
	if (is_ignored(walk->diff, "$"))
		return;
	if (expected->body_size == expected->body.n &&
		actual->body_size == actual->body.n) {
		a = tw_value_parse(&walk->arena, expected->body);
		b = tw_value_parse(&walk->arena, actual->body);
	}
	if (a && b)
		walk_values(walk, a, b);
	else if (a)
		found(walk, TW_DIFF_TYPE, TW_STR("JSON"), actual->body);
	else
		compare_bytes(walk, expected, actual);
}

static struct tw_diff_endpoint *endpoint_of(
	struct tw_diff *diff, const char *name)
{
	struct tw_diff_endpoint *e = tw_map_get(&diff->by_endpoint, name);

	if (!e) {
		e = tw_new(&diff->arena, struct tw_diff_endpoint);
		e->name = tw_arena_strdup(&diff->arena, name);
		tw_vec_push(&diff->endpoints, e);
		tw_map_put(&diff->by_endpoint, name, e);
	}
	return e;
}

bool tw_diff_compare(struct tw_diff *diff, const char *endpoint,
	uint64_t position, const struct tw_diff_answer *expected,
	const struct tw_diff_answer *actual)
{
	struct tw_diff_endpoint *counts = endpoint_of(diff, endpoint);
	struct walk walk = {
		.diff = diff, .endpoint = endpoint, .position = position};

	diff->compared++;
	counts->compared++;
	tw_arena_init(&walk.arena);
	if (actual->status == 0) {
		at_path(&walk, "status", "status");
		found(&walk, TW_DIFF_NO_ANSWER, TW_STR("an answer"),
			actual->body);
	} else if (expected->status != actual->status) {
		/* Another status has another body: that is one finding. */
		compare_status(&walk, expected, actual);
	} else {
		compare_header(&walk, "content-type", true, expected, actual);
		compare_header(&walk, "location", false, expected, actual);
		compare_bodies(&walk, expected, actual);
	}
	diff->differing += walk.differs;
	counts->differing += walk.differs;
	tw_buf_release(&walk.shown);
	tw_buf_release(&walk.plain);
	tw_arena_release(&walk.arena);
	return !walk.differs;
}

/* ---- the whole ------------------------------------------------------- */

void tw_diff_init(struct tw_diff *diff, const char *const *ignored, size_t n)
{
	memset(diff, 0, sizeof *diff);
	tw_arena_init(&diff->arena);
	tw_map_init(&diff->by_key, NULL);
	tw_map_init(&diff->by_endpoint, NULL);
	for (size_t i = 0; i < n; i++)
		tw_vec_push(&diff->ignored, glob_of(&diff->arena, ignored[i]));
}

void tw_diff_release(struct tw_diff *diff)
{
	tw_vec_release(&diff->groups);
	tw_vec_release(&diff->endpoints);
	tw_vec_release(&diff->ignored);
	tw_map_release(&diff->by_key);
	tw_map_release(&diff->by_endpoint);
	tw_arena_release(&diff->arena);
}

static int group_order(const void *a, const void *b)
{
	const struct tw_diff_group *x = *(struct tw_diff_group *const *)a;
	const struct tw_diff_group *y = *(struct tw_diff_group *const *)b;
	int order = strcmp(x->endpoint, y->endpoint);

	if (!order)
		order = (x->count < y->count) - (x->count > y->count);
	if (!order)
		order = strcmp(x->path, y->path);
	return order ? order : (int)x->kind - (int)y->kind;
}

static int endpoint_order(const void *a, const void *b)
{
	const struct tw_diff_endpoint *x = *(struct tw_diff_endpoint *const *)a;
	const struct tw_diff_endpoint *y = *(struct tw_diff_endpoint *const *)b;

	return strcmp(x->name, y->name);
}

void tw_diff_sort(struct tw_diff *diff)
{
	if (diff->groups.n)
		qsort(diff->groups.v, diff->groups.n, sizeof *diff->groups.v,
			group_order);
	if (diff->endpoints.n)
		qsort(diff->endpoints.v, diff->endpoints.n,
			sizeof *diff->endpoints.v, endpoint_order);
}
