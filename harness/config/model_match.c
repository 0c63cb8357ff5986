/* What routes of a twin model ask of requests: headers and query values. */
#include "harness/config/tables.h"

#include "twins/base/regex.h"

/* NAME: value, or one of these words with it. */
static const struct {
	const char *word;
	enum tw_condition_is is;
	bool negated;
} words[] = {
	{"exact", TW_CONDITION_EXACT, false},
	{"prefix", TW_CONDITION_PREFIX, false},
	{"regex", TW_CONDITION_REGEX, false},
	{"not", TW_CONDITION_EXACT, true},
};

#define N_WORDS (sizeof words / sizeof *words)

static void add(struct tw_schema_reader *reader, struct tw_spec_conditions *to,
	struct tw_spec_condition it, const struct tw_yaml *value)
{
	const char *why = NULL;
	size_t at = 0;

	it.origin = tw_schema_origin(reader, value);
	if (it.is != TW_CONDITION_PRESENT)
		it.value = tw_schema_text(reader, value);
	if (it.is == TW_CONDITION_REGEX &&
		!tw_regex_compile(
			reader->arena, tw_yaml_str(value), &at, &why)) {
		tw_diag(reader->diags, TW_ERROR, value->pos,
			"the pattern is wrong at character %zu: %s", at + 1,
			why);
		return;
	}
	tw_vec_push_in(reader->arena, to, it);
}

static void read_words(struct tw_schema_reader *reader,
	struct tw_spec_conditions *to, struct tw_spec_condition it,
	const struct tw_yaml *map)
{
	const char *names[N_WORDS + 1] = {"present"};
	struct tw_diag *diag;

	for (size_t i = 0; i < N_WORDS; i++)
		names[i + 1] = words[i].word;
	for (size_t i = 0; i < map->pairs.n; i++) {
		const char *word = tw_yaml_text(map->pairs.v[i].key);
		const struct tw_yaml *value = map->pairs.v[i].value;
		size_t k = 0;
		bool there;

		while (word && k < N_WORDS && strcmp(word, words[k].word))
			k++;
		if (word && k < N_WORDS && tw_yaml_text(value)) {
			it.is = words[k].is;
			it.negated = words[k].negated;
			add(reader, to, it, value);
			continue;
		}
		if (word && !strcmp(word, "present") &&
			tw_yaml_bool(value, &there)) {
			it.is = TW_CONDITION_PRESENT;
			it.negated = !there;
			add(reader, to, it, value);
			continue;
		}
		diag = tw_diag(reader->diags, TW_ERROR,
			map->pairs.v[i].key->pos,
			"expected exact, prefix, regex or not with a value, or "
			"present: true or false");
		if (word)
			tw_diag_nearest(
				reader->diags, diag, word, names, N_WORDS + 1);
	}
}

static void read(struct tw_schema_reader *reader, enum tw_condition_of of,
	const char *name, struct tw_spec_conditions *to, struct tw_yaml *node)
{
	tw_yaml_use_all(node);
	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		tw_schema_expected(
			reader, name, "a mapping of names to values", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml *value = node->pairs.v[i].value;
		const char *key = tw_yaml_text(node->pairs.v[i].key);
		struct tw_spec_condition it = {.of = of};

		if (!key)
			continue;
		it.name = tw_arena_strdup(reader->arena, key);
		if (value->kind == TW_YAML_MAPPING)
			read_words(reader, to, it, value);
		else if (tw_yaml_text(value))
			add(reader, to, it, value);
		else
			tw_schema_expected(reader, key, "a value", value);
	}
}

void tw_headers_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	read(reader, TW_CONDITION_HEADER, "headers", base, node);
}

void tw_query_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	read(reader, TW_CONDITION_QUERY, "query", base, node);
}

void tw_labels_read(struct tw_schema_reader *reader, const char *name,
	struct tw_yaml *node, struct tw_labels *to)
{
	tw_yaml_use_all(node);
	if (!tw_yaml_is(node, TW_YAML_MAPPING)) {
		tw_schema_expected(
			reader, name, "a mapping of names to values", node);
		return;
	}
	for (size_t i = 0; i < node->pairs.n; i++) {
		const char *key = tw_yaml_text(node->pairs.v[i].key);
		const char *value = tw_yaml_text(node->pairs.v[i].value);

		if (key && value)
			tw_vec_push_in(reader->arena, to,
				((struct tw_label){
					tw_arena_strdup(reader->arena, key),
					tw_arena_strdup(
						reader->arena, value)}));
		else
			tw_schema_expected(reader, name, "one value",
				node->pairs.v[i].value);
	}
}
