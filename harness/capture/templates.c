#include "harness/capture/templates.h"

#include "twins/base/assert.h"
#include "twins/base/map.h"
#include "twins/base/vector.h"

#include <stdlib.h>

enum class {
	LITERAL,
	ID,
	UUID,
	HASH,
	DATE,
	TOKEN,
	EMAIL,
	NAME,
};

static const char *const class_names[] = {"", "{id}", "{uuid}", "{hash}",
	"{date}", "{token}", "{email}", "{name}"};

struct leaf { /* a method at a node */
	const char *method;
	uint32_t number;
};

struct node {
	struct tw_map literal; /* segment -> struct node * */
	struct node *any;
	enum class any_class; /* joined of all that fell into `any` */
	bool collapsed;	      /* every literal falls into `any` */
	TW_VEC(struct leaf) leaves;
};

struct number {		   /* provisional */
	uint32_t into;	   /* merged into that number; itself: a root */
	uint32_t template; /* of a root, after finish() */
	uint64_t requests;
};

struct template
{
	const char *name;
	uint32_t number;
	uint64_t requests;
};

struct tw_templates {
	struct tw_arena arena;
	struct node root;
	size_t nodes;
	TW_VEC(struct number) numbers;
	TW_VEC(struct template) list;
};

struct tw_templates *tw_templates_new(void)
{
	struct tw_templates *templates = tw_calloc(1, sizeof *templates);

	tw_arena_init(&templates->arena);
	tw_map_init(&templates->root.literal, &templates->arena);
	return templates;
}

void tw_templates_free(struct tw_templates *templates)
{
	if (!templates)
		return;
	tw_vec_release(&templates->numbers);
	tw_vec_release(&templates->list);
	tw_arena_release(&templates->arena);
	tw_free(templates);
}

/* ---- what a segment is by its form ------------------------------------ */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct tw_str s)
{
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-' : !is_hex(s.p[i]))
			return false;
	}
	return true;
}

static bool is_date(struct tw_str s)
{
	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	for (size_t i = 0; i < 10; i++)
		if (i != 4 && i != 7 && !is_digit(s.p[i]))
			return false;
	return true;
}

/* "order-1001", "user_12345": a word, a dash, three digits or more. */
static bool is_word_and_number(struct tw_str s)
{
	size_t i = 0, digits;

	while (i < s.n && is_letter(s.p[i]))
		i++;
	if (!i || i == s.n || (s.p[i] != '-' && s.p[i] != '_'))
		return false;
	digits = s.n - i - 1;
	while (++i < s.n)
		if (!is_digit(s.p[i]))
			return false;
	return digits >= 3;
}

static enum class classify(struct tw_str s) {
	size_t digits = 0, letters = 0, hex = 0; bool email = false;

	for (size_t i = 0; i < s.n; i++){
		digits += is_digit(s.p[i]); letters += is_letter(s.p[i]);
		hex += is_hex(s.p[i]);
		email |= s.p[i] == '@' && i && i + 1 < s.n;}
if (!s.n) return LITERAL;
if (digits == s.n)
	return ID;
if (!digits)
	return email ? EMAIL : LITERAL;
if (email)
	return EMAIL;
if (hex == s.n && s.n >= 8)
	return HASH;
if (is_uuid(s))
	return UUID;
if (is_date(s))
	return DATE;
if (is_word_and_number(s))
	return ID;
if (s.n >= 20 && digits + letters + 2 >= s.n && digits >= 3 && letters >= 3)
	return TOKEN;
return LITERAL;
}

/* ---- the tree --------------------------------------------------------- */

static struct node *node_new(struct tw_templates *templates)
{
	struct node *node = tw_new(&templates->arena, struct node);

	templates->nodes++;
	tw_map_init(&node->literal, &templates->arena);
	return node;
}

static uint32_t root_of(const struct tw_templates *templates, uint32_t number)
{
	while (templates->numbers.v[number].into != number)
		number = templates->numbers.v[number].into;
	return number;
}

static struct leaf *find_leaf(struct node *node, struct tw_str method)
{
	for (size_t i = 0; i < node->leaves.n; i++)
		if (tw_str_equal(method, node->leaves.v[i].method))
			return &node->leaves.v[i];
	return NULL;
}

static void merge(struct tw_templates *templates, struct node *into,
	struct node *from, size_t depth);

static void join_any(struct tw_templates *templates, struct node *node,
	struct node *from, enum class class, size_t depth)
{
	if (!node->any) {
		node->any = from;
		node->any_class = class;
		return;
	}
	node->any_class = node->any_class == class ? class : NAME;
	merge(templates, node->any, from, depth + 1);
}

/* Every literal becomes a value, but for "" (a final slash), which is none. */
static void collapse(
	struct tw_templates *templates, struct node *node, size_t depth)
{
	struct tw_map literal = node->literal;

	node->collapsed = true;
	tw_map_init(&node->literal, &templates->arena);
	for (size_t i = 0; i < literal.n; i++) {
		if (literal.v[i].key_size)
			join_any(templates, node, literal.v[i].value, NAME,
				depth);
		else
			tw_map_put(&node->literal, "", literal.v[i].value);
	}
	node->any_class = NAME;
}

static void collapse_if_many(
	struct tw_templates *templates, struct node *node, size_t depth)
{
	size_t limit = depth ? TW_TEMPLATES_CHILDREN : TW_TEMPLATES_ROOT;

	if (node->collapsed || node->literal.n <= limit ||
		node->literal.n - (tw_map_get(&node->literal, "") != NULL) <=
			limit)
		return;
	collapse(templates, node, depth);
}

static void merge_leaves(
	struct tw_templates *templates, struct node *into, struct node *from)
{
	for (size_t i = 0; i < from->leaves.n; i++) {
		struct leaf *leaf = &from->leaves.v[i];
		struct leaf *same = find_leaf(into, tw_str_of(leaf->method));

		if (same)
			templates->numbers.v[root_of(templates, leaf->number)]
				.into = root_of(templates, same->number);
		else
			tw_vec_push_in(&templates->arena, &into->leaves, *leaf);
	}
}

static void merge(struct tw_templates *templates, struct node *into,
	struct node *from, size_t depth)
{
	merge_leaves(templates, into, from);
	if (from->collapsed && !into->collapsed)
		collapse(templates, into, depth);
	if (from->any)
		join_any(templates, into, from->any, from->any_class, depth);
	for (size_t i = 0; i < from->literal.n; i++) {
		const struct tw_map_entry *entry = &from->literal.v[i];
		struct node *same = tw_map_get_n(
			&into->literal, entry->key, entry->key_size);

		if (into->collapsed && entry->key_size)
			join_any(templates, into, entry->value, NAME, depth);
		else if (same)
			merge(templates, same, entry->value, depth + 1);
		else
			tw_map_put_n(&into->literal, entry->key,
				entry->key_size, entry->value);
	}
	collapse_if_many(templates, into, depth);
}

static struct node *step(struct tw_templates *templates, struct node *node,
	struct tw_str segment, size_t depth)
{
	enum class class =
		depth < TW_TEMPLATES_DEPTH ? classify(segment) : NAME;
	struct node *next;

	if (class == LITERAL) {
		next = tw_map_get_n(&node->literal, segment.p, segment.n);
		if (next)
			return next;
		if (segment.n &&
			(node->collapsed ||
				templates->nodes >= TW_TEMPLATES_NODES))
			class = NAME;
	}
	if (class == LITERAL) {
		next = node_new(templates);
		tw_map_put_n(&node->literal, segment.p, segment.n, next);
		collapse_if_many(templates, node, depth);
		return tw_map_get_n(&node->literal, segment.p, segment.n)
			       ? next
			       : node->any;
	}
	if (!node->any)
		join_any(templates, node, node_new(templates), class, depth);
	else if (node->any_class != class)
		node->any_class = NAME;
	return node->any;
}

uint32_t tw_templates_add(struct tw_templates *templates, struct tw_str method,
	struct tw_str path)
{
	const char *p = path.p, *end = p + path.n;
	struct node *node = &templates->root;
	struct leaf *leaf;

	for (const char *q = p; q < end; q++)
		if (*q == '?' || *q == '#')
			end = q;
	for (size_t depth = 0; p < end && *p == '/'; depth++) {
		const char *slash = memchr(p + 1, '/', (size_t)(end - p - 1));
		const char *stop = slash ? slash : end;

		node = step(templates, node,
			(struct tw_str){p + 1, (size_t)(stop - p - 1)}, depth);
		p = stop;
	}
	leaf = find_leaf(node, method);
	if (!leaf) {
		uint32_t number = (uint32_t)templates->numbers.n;

		tw_vec_push(
			&templates->numbers, (struct number){.into = number});
		tw_vec_push_in(&templates->arena, &node->leaves,
			(struct leaf){tw_arena_strndup(&templates->arena,
					      method.p, method.n),
				number});
		leaf = &node->leaves.v[node->leaves.n - 1];
	}
	templates->numbers.v[leaf->number].requests++;
	return leaf->number;
}

/* ---- the result ------------------------------------------------------- */

/* Names are shown: nothing of a capture may steer a terminal. */
static const char *plain(char *name)
{
	for (char *c = name; *c; c++)
		if (tw_is_control(*c))
			*c = '?';
	return name;
}

static void gather(
	struct tw_templates *templates, struct node *node, struct tw_buf *path)
{
	size_t n = path->n;

	for (size_t i = 0; i < node->leaves.n; i++) {
		struct leaf *leaf = &node->leaves.v[i];

		tw_vec_push(&templates->list,
			(struct template){
				.name = plain(tw_arena_printf(&templates->arena,
					"%s %s", leaf->method,
					n ? tw_buf_text(path) : "/")),
				.number = root_of(templates, leaf->number)});
	}
	for (size_t i = 0; i < node->literal.n; i++) {
		tw_buf_add_char(path, '/');
		tw_buf_add(path, node->literal.v[i].key,
			node->literal.v[i].key_size);
		gather(templates, node->literal.v[i].value, path);
		path->p[path->n = n] = '\0';
	}
	if (!node->any)
		return;
	tw_buf_printf(path, "/%s", class_names[node->any_class]);
	gather(templates, node->any, path);
	path->p[path->n = n] = '\0';
}

static int by_name(const void *a, const void *b)
{
	const struct template *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void tw_templates_finish(struct tw_templates *templates)
{
	struct tw_buf path = {0};

	tw_buf_add_text(&path, "");
	gather(templates, &templates->root, &path);
	tw_buf_release(&path);
	if (templates->list.n)
		qsort(templates->list.v, templates->list.n,
			sizeof *templates->list.v, by_name);
	for (size_t i = 0; i < templates->list.n; i++)
		templates->numbers.v[templates->list.v[i].number].template =
			(uint32_t)i;
	for (uint32_t i = 0; i < templates->numbers.n; i++)
		templates->list.v[tw_templates_final(templates, i)].requests +=
			templates->numbers.v[i].requests;
}

size_t tw_templates_count(const struct tw_templates *templates)
{
	return templates->list.n;
}

const char *tw_templates_name(
	const struct tw_templates *templates, size_t index)
{
	tw_assert(index < templates->list.n);
	return templates->list.v[index].name;
}

uint64_t tw_templates_requests(
	const struct tw_templates *templates, size_t index)
{
	tw_assert(index < templates->list.n);
	return templates->list.v[index].requests;
}

uint32_t tw_templates_final(
	const struct tw_templates *templates, uint32_t provisional)
{
	tw_assert(provisional < templates->numbers.n);
	return templates->numbers.v[root_of(templates, provisional)].template;
}
