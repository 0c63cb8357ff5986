#include "harness/live/answers.h"

#include "harness/live/json_tree.h"
#include "harness/plugin/plugin.h"
#include "twins/base/hash.h"
#include "twins/base/vector.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct list {
	TW_VEC(const struct twinrig_exchange *) exchanges;
	size_t next;
};

const char *tw_answer_name(enum tw_answer kind)
{
	static const char *const names[TW_ANSWER_KINDS] = {
		[TW_ANSWER_EXACT] = "exact",
		[TW_ANSWER_QUERY] = "same path",
		[TW_ANSWER_TEMPLATE] = "same endpoint",
		[TW_ANSWER_MISS] = "missing",
		[TW_ANSWER_SYNTHETIC] = "synthetic",
	};

	return names[kind];
}

/* ---- keys ------------------------------------------------------------ */

static int by_bytes(const void *a, const void *b)
{
	const struct tw_str *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = memcmp(x->p, y->p, n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* The query's parameters in order of their bytes. */
static void add_query(struct tw_buf *key, struct tw_str query)
{
	TW_VEC(struct tw_str) parts = {0};
	const char *end = query.p + query.n;

	for (const char *p = query.p; p <= end;) {
		const char *stop = memchr(p, '&', (size_t)(end - p));

		if (!stop)
			stop = end;
		tw_vec_push(&parts, (struct tw_str){p, (size_t)(stop - p)});
		p = stop + 1;
	}
	qsort(parts.v, parts.n, sizeof *parts.v, by_bytes);
	for (size_t i = 0; i < parts.n; i++) {
		tw_buf_add_char(key, i ? '&' : '?');
		tw_buf_add(key, parts.v[i].p, parts.v[i].n);
	}
	tw_vec_release(&parts);
}

static uint64_t digest(struct tw_str body)
{
	struct tw_arena arena;
	const struct tw_value *value;
	uint64_t hash;

	if (body.n == 0)
		return 0;
	tw_arena_init(&arena);
	value = tw_value_parse(&arena, body);
	hash = value ? value->hash : tw_hash_bytes(body.p, body.n);
	tw_arena_release(&arena);
	return hash;
}

static void make_key(
	struct tw_buf *key, enum tw_answer kind, const struct tw_asked *asked)
{
	struct tw_str method = asked->method, target = asked->target;
	const char *mark = target.n ? memchr(target.p, '?', target.n) : NULL;
	size_t path = mark ? (size_t)(mark - target.p) : target.n;

	tw_buf_clear(key);
	tw_buf_printf(key, "%d %" PRIu32 " ", (int)kind, asked->service);
	if (kind == TW_ANSWER_TEMPLATE) {
		tw_buf_printf(key, "%" PRIu32, asked->endpoint);
		return;
	}
	tw_buf_add(key, method.p, method.n);
	tw_buf_add_char(key, ' ');
	tw_buf_add(key, target.p, path);
	if (kind != TW_ANSWER_EXACT)
		return;
	if (mark)
		add_query(key, (struct tw_str){mark + 1, target.n - path - 1});
	tw_buf_printf(key, " %016" PRIx64, digest(asked->body));
}

/* ---- the index ------------------------------------------------------- */

static void put(struct tw_answers *answers, const struct tw_buf *key,
	const struct twinrig_exchange *exchange)
{
	struct list *list = tw_map_get_n(&answers->lists, key->p, key->n);

	if (!list) {
		list = tw_new(&answers->arena, struct list);
		tw_map_put_n(&answers->lists, key->p, key->n, list);
	}
	tw_vec_push_in(&answers->arena, &list->exchanges, exchange);
}

static void mark_service(struct tw_answers *answers, uint32_t service)
{
	char name[16];

	snprintf(name, sizeof name, "%" PRIu32, service);
	tw_map_put(&answers->services, name, answers);
}

static bool knows_service(const struct tw_answers *answers, uint32_t service)
{
	char name[16];

	snprintf(name, sizeof name, "%" PRIu32, service);
	return tw_map_get(&answers->services, name) != NULL;
}

void tw_answers_init(struct tw_answers *answers,
	const struct tw_live_exchange *exchanges, size_t n)
{
	struct tw_buf key = {0};

	tw_arena_init(&answers->arena);
	tw_map_init(&answers->lists, &answers->arena);
	tw_map_init(&answers->services, &answers->arena);
	for (size_t i = 0; i < n; i++) {
		const struct tw_live_exchange *e = &exchanges[i];
		const struct tw_asked asked = {e->service, e->endpoint,
			tw_plugin_text(e->exchange.method),
			tw_plugin_text(e->exchange.target),
			tw_plugin_text(e->exchange.body)};

		if (!e->exchange.has_response || e->exchange.status == 0)
			continue;
		mark_service(answers, e->service);
		for (int kind = 0; kind <= TW_ANSWER_TEMPLATE; kind++) {
			if (kind == TW_ANSWER_TEMPLATE &&
				e->endpoint == TW_NONE)
				continue;
			make_key(&key, (enum tw_answer)kind, &asked);
			put(answers, &key, &e->exchange);
		}
	}
	tw_buf_release(&key);
}

void tw_answers_release(struct tw_answers *answers)
{
	tw_arena_release(&answers->arena);
}

const struct twinrig_exchange *tw_answers_find(struct tw_answers *answers,
	const struct tw_asked *asked, enum tw_answer *kind)
{
	struct list *list = NULL;
	struct tw_buf key = {0};

	for (int k = 0; k <= TW_ANSWER_TEMPLATE && !list; k++) {
		if (k == TW_ANSWER_TEMPLATE && asked->endpoint == TW_NONE)
			break;
		*kind = (enum tw_answer)k;
		make_key(&key, *kind, asked);
		list = tw_map_get_n(&answers->lists, key.p, key.n);
	}
	tw_buf_release(&key);
	if (!list) {
		*kind = knows_service(answers, asked->service)
				? TW_ANSWER_MISS
				: TW_ANSWER_SYNTHETIC;
		return NULL;
	}
	if (list->next < list->exchanges.n)
		return list->exchanges.v[list->next++];
	return list->exchanges.v[list->exchanges.n - 1];
}
