#include "harness/live/json_tree.h"

#include "twins/base/hash.h"
#include "twins/base/units.h"

static struct tw_str keep(struct tw_arena *arena, struct twinrig_text text)
{
	return (struct tw_str){tw_arena_strndup(arena, text.p, text.n), text.n};
}

/* 2^53: up to there a whole double is the same number as its int64_t. */
#define EXACT 9007199254740992.0

static uint64_t number_hash(struct tw_value *value)
{
	uint64_t bits;

	if (!value->is_integer && value->real >= -EXACT &&
		value->real <= EXACT &&
		(double)(int64_t)value->real == value->real) {
		value->is_integer = true;
		value->integer = (int64_t)value->real;
	}
	if (value->is_integer)
		return tw_hash_mix((uint64_t)value->integer);
	memcpy(&bits, &value->real, sizeof bits);
	return tw_hash_mix(bits);
}

static void read_number(
	struct tw_arena *arena, const struct tw_json *json, struct tw_value *to)
{
	to->text = keep(arena, json->text);
	to->is_integer = json->is_integer;
	to->integer = json->integer;
	/* Out of a double's range: compared as it is written. */
	if (json->is_integer)
		to->real = (double)json->integer;
	else if (!tw_parse_real(to->text, &to->real))
		to->hash = tw_hash_bytes(to->text.p, to->text.n);
	if (!to->hash)
		to->hash = number_hash(to);
}

static struct tw_value *read_value(
	struct tw_arena *arena, struct tw_json *json);

static bool read_members(
	struct tw_arena *arena, struct tw_json *json, struct tw_value *to)
{
	uint64_t sum = 0;

	tw_map_init(&to->members, arena);
	while (tw_json_next(json) == TW_JSON_KEY) {
		struct tw_str name = keep(arena, json->text);
		struct tw_value *member;

		tw_json_next(json);
		member = read_value(arena, json);
		if (!member)
			return false;
		tw_map_put_n(&to->members, name.p, name.n, member);
	}
	for (size_t i = 0; i < to->members.n; i++) {
		const struct tw_map_entry *entry = &to->members.v[i];
		const struct tw_value *member = entry->value;

		sum += tw_hash_combine(
			tw_hash_bytes(entry->key, entry->key_size),
			member->hash);
	}
	to->hash = tw_hash_combine(to->hash, sum);
	return json->type == TW_JSON_OBJECT_END;
}

static bool read_items(
	struct tw_arena *arena, struct tw_json *json, struct tw_value *to)
{
	while (tw_json_next(json) != TW_JSON_ARRAY_END) {
		struct tw_value *item = read_value(arena, json);

		if (!item)
			return false;
		tw_vec_push_in(arena, &to->items, item);
		to->hash = tw_hash_combine(to->hash, item->hash);
	}
	return true;
}

/* The value that begins with the token at hand. */
static struct tw_value *read_value(struct tw_arena *arena, struct tw_json *json)
{
	struct tw_value *value = tw_new(arena, struct tw_value);
	bool good = true;

	switch (json->type) {
	case TW_JSON_NULL:
		value->type = TW_VALUE_NULL;
		break;
	case TW_JSON_FALSE:
	case TW_JSON_TRUE:
		value->type = TW_VALUE_BOOL;
		value->boolean = json->type == TW_JSON_TRUE;
		value->hash = 1 + value->boolean;
		break;
	case TW_JSON_NUMBER:
		value->type = TW_VALUE_NUMBER;
		read_number(arena, json, value);
		break;
	case TW_JSON_STRING:
		value->type = TW_VALUE_STRING;
		value->text = keep(arena, json->text);
		value->hash = tw_hash_bytes(value->text.p, value->text.n);
		break;
	case TW_JSON_ARRAY:
		value->type = TW_VALUE_ARRAY;
		good = read_items(arena, json, value);
		break;
	case TW_JSON_OBJECT:
		value->type = TW_VALUE_OBJECT;
		good = read_members(arena, json, value);
		break;
	default:
		return NULL;
	}
	value->hash = tw_hash_combine((uint64_t)value->type, value->hash);
	return good ? value : NULL;
}

const struct tw_value *tw_value_parse(
	struct tw_arena *arena, struct tw_str text)
{
	struct tw_json json;
	const struct tw_value *value;

	tw_json_init_text(&json, text.p, text.n);
	tw_json_next(&json);
	value = read_value(arena, &json);
	if (value && tw_json_next(&json) != TW_JSON_END)
		value = NULL;
	tw_json_release(&json);
	return value;
}

/* By the hash alone: 64 bits of two bodies that nobody made to collide. */
bool tw_value_equal(const struct tw_value *a, const struct tw_value *b)
{
	return a->type == b->type && a->hash == b->hash;
}
