#include "twins/model/pod.h"

/* Most names are the same literal, or differ in their first letter. */
static bool is_name(const char *a, const char *b)
{
	return a == b || (*a == *b && !strcmp(a, b));
}

static struct tw_resource *find(
	const struct tw_resources *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_name(all->v[i].name, name))
			return &all->v[i];
	return NULL;
}

int64_t tw_resource_amount(const struct tw_resources *all, const char *name)
{
	const struct tw_resource *it = find(all, name);

	return it ? it->amount : 0;
}

static struct tw_resource *find_or_add(
	struct tw_arena *arena, struct tw_resources *to, const char *name)
{
	struct tw_resource *it = find(to, name);

	if (it)
		return it;
	tw_vec_push_in(arena, to, ((struct tw_resource){name, 0}));
	return &to->v[to->n - 1];
}

void tw_resource_add(struct tw_arena *arena, struct tw_resources *to,
	const char *name, int64_t amount)
{
	find_or_add(arena, to, name)->amount += amount;
}

void tw_resource_raise(struct tw_arena *arena, struct tw_resources *to,
	const char *name, int64_t amount)
{
	struct tw_resource *it = find_or_add(arena, to, name);

	if (amount > it->amount)
		it->amount = amount;
}
