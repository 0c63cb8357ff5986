/*
 * Events to a tree. A stack holds the collections that are open. What breaks
 * a document (libyaml's error, the depth) ends it, and a new parser goes on at
 * the next line that starts with `---`; what breaks a limit of the file ends
 * it all; any other finding is noted and reading goes on.
 */
#include "harness/yaml/tree.h"

#include "twins/base/assert.h"

struct level {
	struct tw_yaml *node;
	struct tw_yaml *key; /* of a mapping: waits for its value */
	bool merge;	     /* the key is `<<` */
	TW_VEC(struct tw_yaml *) merges;
};

struct anchor {
	struct tw_yaml *node;
	bool open; /* an alias to it would be a cycle */
};

struct reader {
	struct tw_arena *arena;
	struct tw_diags *diags;
	const char *file;
	struct tw_yaml_options options;
	struct tw_yaml_docs *docs;
	int line; /* of the file, where the parser's text starts */
	size_t nodes, expanded;

	struct tw_map anchors; /* of the document: name -> struct anchor * */
	TW_VEC(struct level) open;
	struct tw_yaml *root;
};

enum outcome {
	GO_ON,
	END,	/* of the stream */
	BROKEN, /* this document */
	STOP,	/* a limit of the file */
};

static struct tw_pos position(
	const struct reader *reader, const yaml_event_t *event)
{
	const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;
	struct tw_pos pos = {reader->file, reader->line + (int)start->line,
		(int)start->column + 1, 1};

	if (end->line == start->line && end->column > start->column)
		pos.width = (int)(end->column - start->column);
	return pos;
}

static enum outcome limit(
	struct reader *reader, struct tw_pos pos, const char *what, size_t most)
{
	tw_diag(reader->diags, TW_ERROR, pos, "%s: the limit is %zu", what,
		most);
	return STOP;
}

static struct tw_yaml *new_node(struct reader *reader,
	const yaml_event_t *event, enum tw_yaml_kind kind,
	const yaml_char_t *tag)
{
	struct tw_yaml *node = tw_yaml_new(reader->arena, kind);

	node->pos = position(reader, event);
	if (kind != TW_YAML_SCALAR)
		node->pos.width = 1;
	if (tag)
		node->tag = tw_arena_strdup(reader->arena, (const char *)tag);
	return node;
}

static void set_anchor(
	struct reader *reader, struct tw_yaml *node, const yaml_char_t *name)
{
	struct anchor *anchor;

	if (!name)
		return;
	anchor = tw_new(reader->arena, struct anchor);
	anchor->node = node;
	anchor->open = node->kind != TW_YAML_SCALAR;
	node->anchor = tw_arena_strdup(reader->arena, (const char *)name);
	tw_map_put(&reader->anchors, node->anchor, anchor);
}

static void duplicate(struct reader *reader, const struct tw_yaml *key,
	const struct tw_yaml *first)
{
	bool warn = reader->options.duplicates;
	struct tw_diag *diag =
		tw_diag(reader->diags, warn ? TW_WARNING : TW_ERROR, key->pos,
			"key '%s' is here a second time", key->value);

	diag->rule = "duplicate-key";
	tw_diag_hint(reader->diags, diag, "the first is in line %d%s",
		first->pos.line, warn ? ", and this one wins" : "");
}

static void odd_key(struct reader *reader, const struct tw_yaml *key)
{
	struct tw_diag *diag = tw_diag(reader->diags,
		reader->options.duplicates ? TW_WARNING : TW_ERROR, key->pos,
		"a key must be text, not %s", tw_yaml_kind_name(key));

	if (key->flow)
		diag->hint = "a value that begins with '{' or '[' needs "
			     "quotes; a template must be rendered first";
}

static void add_pair(struct reader *reader, struct tw_yaml *map,
	struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_yaml_pair pair = {key, value, false};
	size_t at = map->pairs.n;

	if (key->kind == TW_YAML_SCALAR)
		at = tw_yaml_find_n(map, key->value, key->n);
	else
		odd_key(reader, key);
	if (at < map->pairs.n) {
		duplicate(reader, key, map->pairs.v[at].key);
		map->pairs.v[at] = pair;
	} else {
		tw_yaml_add_pair(reader->arena, map, pair);
	}
}

static bool is_merge_key(const struct tw_yaml *key)
{
	if (key->kind != TW_YAML_SCALAR || key->n != 2 ||
		memcmp(key->value, "<<", 2))
		return false;
	return key->tag ? !strcmp(key->tag, "tag:yaml.org,2002:merge")
			: key->style == TW_YAML_PLAIN;
}

/* Puts the node where the stream is. */
static void place(struct reader *reader, struct tw_yaml *node)
{
	struct level *level;

	if (!reader->open.n) {
		reader->root = node;
		return;
	}
	level = &reader->open.v[reader->open.n - 1];
	if (level->node->kind == TW_YAML_SEQUENCE) {
		tw_yaml_append(reader->arena, level->node, node);
	} else if (!level->key) {
		level->key = node;
		level->merge = is_merge_key(node);
		if (node->pos.line == level->node->pos.line &&
			node->pos.column == level->node->pos.column)
			level->node->pos.width = node->pos.width;
	} else {
		if (level->merge)
			tw_vec_push_in(reader->arena, &level->merges, node);
		else
			add_pair(reader, level->node, level->key, node);
		level->key = NULL;
	}
}

static enum outcome add_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct tw_yaml *node =
		new_node(reader, event, TW_YAML_SCALAR, event->data.scalar.tag);

	switch (event->data.scalar.style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		node->style = TW_YAML_SINGLE;
		break;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		node->style = TW_YAML_DOUBLE;
		break;
	case YAML_LITERAL_SCALAR_STYLE:
		node->style = TW_YAML_LITERAL;
		break;
	case YAML_FOLDED_SCALAR_STYLE:
		node->style = TW_YAML_FOLDED;
		break;
	default:
		node->style = TW_YAML_PLAIN;
		break;
	}
	node->n = event->data.scalar.length;
	node->value = tw_arena_strndup(
		reader->arena, (const char *)event->data.scalar.value, node->n);
	set_anchor(reader, node, event->data.scalar.anchor);
	place(reader, node);
	return GO_ON;
}

static enum outcome open_level(struct reader *reader, const yaml_event_t *event,
	enum tw_yaml_kind kind)
{
	bool list = kind == TW_YAML_SEQUENCE;
	struct tw_yaml *node = new_node(reader, event, kind,
		list ? event->data.sequence_start.tag
		     : event->data.mapping_start.tag);

	node->flow = list ? event->data.sequence_start.style ==
				     YAML_FLOW_SEQUENCE_STYLE
			  : event->data.mapping_start.style ==
				     YAML_FLOW_MAPPING_STYLE;
	if (reader->open.n >= reader->options.max_depth) {
		limit(reader, node->pos, "nested too deep",
			reader->options.max_depth);
		return BROKEN;
	}
	set_anchor(reader, node,
		list ? event->data.sequence_start.anchor
		     : event->data.mapping_start.anchor);
	tw_vec_push(&reader->open, (struct level){.node = node});
	return GO_ON;
}

static void merge_map(
	struct reader *reader, struct tw_yaml *map, const struct tw_yaml *from)
{
	if (from->kind != TW_YAML_MAPPING) {
		tw_diag(reader->diags, TW_ERROR, from->pos,
			"'<<' takes a mapping or a list of mappings, not %s",
			tw_yaml_kind_name(from));
		return;
	}
	for (size_t i = 0; i < from->pairs.n; i++) {
		struct tw_yaml_pair pair = from->pairs.v[i];

		if (pair.key->kind != TW_YAML_SCALAR ||
			tw_yaml_find_n(map, pair.key->value, pair.key->n) <
				map->pairs.n)
			continue;
		pair.merged = true;
		tw_yaml_add_pair(reader->arena, map, pair);
	}
}

static void merge(
	struct reader *reader, struct tw_yaml *map, const struct tw_yaml *from)
{
	if (from->kind != TW_YAML_SEQUENCE) {
		merge_map(reader, map, from);
		return;
	}
	for (size_t i = 0; i < from->items.n; i++)
		merge_map(reader, map, from->items.v[i]);
}

static void weigh_in(struct tw_yaml *node, const struct tw_yaml *child)
{
	node->weight += child->weight;
	if (node->depth <= child->depth)
		node->depth = child->depth + 1;
}

static void weigh(struct tw_yaml *node)
{
	node->depth = 1;
	for (size_t i = 0; i < node->items.n; i++)
		weigh_in(node, node->items.v[i]);
	for (size_t i = 0; i < node->pairs.n; i++) {
		weigh_in(node, node->pairs.v[i].key);
		weigh_in(node, node->pairs.v[i].value);
	}
}

static enum outcome close_level(struct reader *reader)
{
	struct level level;
	struct anchor *anchor;

	tw_assert(reader->open.n);
	level = reader->open.v[--reader->open.n];
	for (size_t i = 0; i < level.merges.n; i++)
		merge(reader, level.node, level.merges.v[i]);
	weigh(level.node);
	if (level.node->anchor) {
		anchor = tw_map_get(&reader->anchors, level.node->anchor);
		if (anchor->node == level.node)
			anchor->open = false;
	}
	place(reader, level.node);
	return GO_ON;
}

static enum outcome add_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct anchor *anchor = tw_map_get(&reader->anchors, name);
	struct tw_pos pos = position(reader, event);

	if (!anchor || anchor->open) {
		tw_diag(reader->diags, TW_ERROR, pos,
			anchor ? "alias '*%s' is inside of what it stands for"
			       : "alias '*%s' has no anchor '&%s' before it",
			name, name);
		place(reader, new_node(reader, event, TW_YAML_SCALAR, NULL));
		return GO_ON;
	}
	reader->expanded += anchor->node->weight;
	if (reader->expanded > reader->options.max_expanded)
		return limit(reader, pos,
			"aliases make too many nodes of this file",
			reader->options.max_expanded);
	if (reader->open.n + anchor->node->depth > reader->options.max_depth) {
		limit(reader, pos, "nested too deep by aliases",
			reader->options.max_depth);
		return BROKEN;
	}
	place(reader, anchor->node);
	return GO_ON;
}

static void start_document(struct reader *reader)
{
	tw_map_init(&reader->anchors, reader->arena);
	reader->open.n = 0;
	reader->root = NULL;
}

static void end_document(struct reader *reader)
{
	const struct tw_yaml *root = reader->root;

	if (root && !(root->kind == TW_YAML_SCALAR && !root->n &&
			    root->style == TW_YAML_PLAIN && !root->tag))
		tw_vec_push_in(reader->arena, reader->docs, reader->root);
	reader->root = NULL;
}

static enum outcome handle(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_STREAM_END_EVENT:
		return END;
	case YAML_DOCUMENT_START_EVENT:
		start_document(reader);
		return GO_ON;
	case YAML_DOCUMENT_END_EVENT:
		end_document(reader);
		return GO_ON;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_level(reader);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
		return GO_ON;
	default:
		break;
	}
	if (++reader->nodes > reader->options.max_nodes)
		return limit(reader, position(reader, event),
			"too many nodes in one file",
			reader->options.max_nodes);
	if (event->type == YAML_ALIAS_EVENT)
		return add_alias(reader, event);
	if (event->type == YAML_SCALAR_EVENT)
		return add_scalar(reader, event);
	return open_level(reader, event,
		event->type == YAML_SEQUENCE_START_EVENT ? TW_YAML_SEQUENCE
							 : TW_YAML_MAPPING);
}

/* Reads from `text` on; *line: the one that broke it, counted from `text`. */
static enum outcome read_stream(
	struct reader *reader, struct tw_str text, size_t *line)
{
	enum outcome outcome = GO_ON;
	yaml_parser_t parser;
	yaml_event_t event;

	if (!yaml_parser_initialize(&parser))
		tw_unreachable(); /* out of memory */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)text.p, text.n);
	while (outcome == GO_ON) {
		if (!yaml_parser_parse(&parser, &event)) {
			tw_yaml_problem(reader->diags, reader->file, text,
				reader->line, &parser);
			*line = parser.problem_mark.line;
			outcome = BROKEN;
			break;
		}
		*line = event.start_mark.line;
		outcome = handle(reader, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return outcome;
}

static bool starts_document(struct tw_str s)
{
	return tw_str_starts(s, "---") &&
	       (s.n == 3 || strchr(" \t\r\n", s.p[3]));
}

/* Drops lines up to the next `---`, from line `from` on; false: no more. */
static bool skip_to_document(
	struct reader *reader, struct tw_str *text, size_t from)
{
	for (size_t line = 0; text->n; line++) {
		const char *end = memchr(text->p, '\n', text->n);
		size_t n = end ? (size_t)(end - text->p) + 1 : text->n;

		if (line && line >= from && starts_document(*text))
			return true;
		text->p += n;
		text->n -= n;
		reader->line++;
	}
	return false;
}

static struct tw_yaml_options defaults(const struct tw_yaml_options *given)
{
	struct tw_yaml_options options = {0};

	if (given)
		options = *given;
	if (!options.max_bytes)
		options.max_bytes = (size_t)32 << 20;
	if (!options.max_depth)
		options.max_depth = 100;
	if (!options.max_nodes)
		options.max_nodes = 2000000;
	if (!options.max_expanded)
		options.max_expanded = 1000000;
	return options;
}

static void read_all(struct reader *reader, struct tw_str text)
{
	size_t line = 0;

	while (read_stream(reader, text, &line) == BROKEN)
		if (!skip_to_document(reader, &text, line))
			break;
	tw_vec_release(&reader->open);
}

int tw_yaml_parse(struct tw_arena *arena, const char *file, const char *text,
	size_t n, const struct tw_yaml_options *options, struct tw_diags *diags,
	struct tw_yaml_docs *docs)
{
	struct reader reader = {.arena = arena,
		.diags = diags,
		.file = tw_arena_strdup(arena, file),
		.options = defaults(options),
		.docs = docs,
		.line = 1};
	size_t errors = diags->errors;
	struct tw_buf clean = {0};

	if (n > reader.options.max_bytes) {
		tw_diag(diags, TW_ERROR, (struct tw_pos){.file = reader.file},
			"the file has %zu bytes: the limit for YAML is %zu", n,
			reader.options.max_bytes);
		return -1;
	}
	tw_yaml_decode((struct tw_str){text, n}, &clean);
	tw_diags_source(diags, reader.file, tw_buf_text(&clean), clean.n);
	tw_yaml_mend(diags, reader.file, &clean);
	read_all(&reader, (struct tw_str){tw_buf_text(&clean), clean.n});
	tw_buf_release(&clean);
	return diags->errors > errors ? -1 : 0;
}
