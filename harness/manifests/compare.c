/*
 * Calls of the baseline whose addresses the candidate no longer has.
 */
#include "harness/manifests/link.h"

#include <stdarg.h>
#include <stdio.h>

struct compare {
	const struct tw_manifests *a;
	const struct tw_spec *a_spec;
	struct tw_manifests *b;
	struct tw_spec *b_spec;
	struct tw_arena *arena;
	struct tw_manifest_doubts *doubts;
	size_t severed;
	/* The call that is looked at. */
	const struct tw_spec_service *from_a;
	struct tw_spec_service *from;
	const char *to;
};

/* What an address has become, from the best to the worst. */
enum fate {
	SAME,	 /* it still leads there */
	GONE,	 /* no such variable or argument any more */
	HIDDEN,	 /* its value is not in the manifests */
	MOVED,	 /* it leads to another service */
	OUTSIDE, /* it leads out of the cluster, or is no address */
	UNSURE,	 /* it leads to a new port, of which nothing is known */
	BROKEN,	 /* it leads nowhere */
};

struct finding {
	enum fate fate;
	const char *text; /* "env X is empty" */
	const char *to;	  /* MOVED: key of the service */
	struct tw_pos pos;
};

__attribute__((format(printf, 2, 3))) static void doubt(
	struct compare *c, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (size_t i = 0; i < c->doubts->list.n; i++)
		if (!strcmp(c->doubts->list.v[i], text))
			return;
	tw_vec_push_in(
		c->arena, &c->doubts->list, tw_arena_strdup(c->arena, text));
}

static bool leads_there(const struct tw_manifest_address *it)
{
	return it->state == TW_ADDRESS_GOOD || it->state == TW_ADDRESS_UNSURE;
}

/* The variable "env NAME" of the workloads behind a service, or NULL. */
static const struct tw_spec_env *find_env(
	const struct tw_spec_service *from, const char *name)
{
	if (strncmp(name, "env ", 4))
		return NULL;
	for (size_t w = 0; w < from->workloads.n; w++) {
		const struct tw_spec_workload *workload = from->workloads.v[w];

		for (size_t i = 0; i < workload->containers.n; i++) {
			const struct tw_spec_container *it =
				workload->containers.v[i];

			for (size_t k = 0; !it->is_init && k < it->env.n; k++)
				if (!strcmp(it->env.v[k].name, name + 4))
					return &it->env.v[k];
		}
	}
	return NULL;
}

/* No address of that name is left. */
static struct finding without_address(
	struct compare *c, const struct tw_manifest_address *was)
{
	const struct tw_spec_env *env = find_env(c->from, was->name);
	struct finding is = {.fate = GONE, .pos = was->pos};

	if (!env) {
		is.text = tw_arena_printf(
			c->arena, "%s is not there any more", was->name);
		return is;
	}
	if (env->value.origin)
		is.pos = env->value.origin->pos;
	if (!env->value.v) {
		is.fate = HIDDEN;
		is.text = tw_arena_printf(c->arena,
			"the value of %s is not in the manifests", was->name);
	} else if (!env->value.v[strspn(env->value.v, " ")]) {
		is.fate = BROKEN;
		is.text = tw_arena_printf(c->arena, "%s is empty", was->name);
	} else {
		is.fate = OUTSIDE;
		is.text = tw_arena_printf(c->arena,
			"%s names no Service of these manifests any more",
			was->name);
	}
	return is;
}

static struct finding fate_of(struct compare *c,
	const struct tw_manifest_address *was,
	const struct tw_manifest_address *is)
{
	struct finding found = {.fate = SAME, .pos = is->pos};

	switch (is->state) {
	case TW_ADDRESS_NO_SERVICE:
		found.fate = BROKEN;
		found.text = tw_arena_printf(c->arena,
			"%s leads to '%s', and there is no such Service",
			is->name, is->host);
		return found;
	case TW_ADDRESS_NO_PORT:
		found.fate = BROKEN;
		found.text = tw_arena_printf(c->arena,
			"%s leads to port %lld of %s, which nobody opens",
			is->name, (long long)is->port, is->service);
		return found;
	case TW_ADDRESS_OWNED:
		found.fate = OUTSIDE;
		found.text = tw_arena_printf(c->arena,
			"%s leads to '%s', which an operator makes", is->name,
			is->host);
		return found;
	case TW_ADDRESS_GOOD:
	case TW_ADDRESS_UNSURE:
		break;
	}
	if (strcmp(is->service, c->to) != 0) {
		found.fate = MOVED;
		found.to = is->service;
		found.text = tw_arena_printf(
			c->arena, "%s leads to %s", is->name, is->service);
	} else if (is->state == TW_ADDRESS_UNSURE && was->port != is->port) {
		/* The same port is compare_ports()'s. */
		found.fate = UNSURE;
		found.text = tw_arena_printf(c->arena,
			"%s leads to port %lld of %s, and no container "
			"declares what is behind it",
			is->name, (long long)is->port, is->service);
	}
	return found;
}

/* Of a list of addresses in one variable the best counts. */
static struct finding find_fate(
	struct compare *c, const struct tw_manifest_address *was)
{
	struct finding best = {.fate = BROKEN};
	bool found = false;

	for (size_t i = 0; i < c->b->addresses.n; i++) {
		const struct tw_manifest_address *is = &c->b->addresses.v[i];
		struct finding one;

		if (strcmp(is->name, was->name) ||
			!tw_address_is_of(is, c->from))
			continue;
		one = fate_of(c, was, is);
		if (!found || one.fate < best.fate)
			best = one;
		found = true;
	}
	return found ? best : without_address(c, was);
}

/* Whether b's caller has an address of the callee under another name. */
static bool has_another(const struct compare *c, const char *name)
{
	for (size_t i = 0; i < c->b->addresses.n; i++) {
		const struct tw_manifest_address *it = &c->b->addresses.v[i];

		if (it->service && !strcmp(it->service, c->to) &&
			leads_there(it) && strcmp(it->name, name) != 0 &&
			tw_address_is_of(it, c->from))
			return true;
	}
	return false;
}

/* The callee that b's manifests no longer have, with the endpoints by which it
 * was known, so that the failing calls compare with those that it answered. */
static void keep_callee(struct compare *c, struct tw_pos pos)
{
	const struct tw_spec_service *was =
		tw_map_get(&c->a_spec->services, c->to);
	const struct tw_origin *origin =
		tw_spec_origin(c->b_spec, TW_FROM_ASSUMED, pos, NULL);
	struct tw_spec_service *is;

	if (tw_map_get(&c->b_spec->services, c->to))
		return;
	is = tw_spec_service(c->b_spec, was->namespace, was->name, origin);
	for (size_t i = 0; i < was->endpoints.n; i++)
		tw_spec_endpoint(c->b_spec, is,
			tw_arena_strdup(
				&c->b_spec->arena, was->endpoints.v[i].key),
			origin);
}

static void sever(struct compare *c, const struct finding *found)
{
	keep_callee(c, found->pos);
	if (!tw_link_calls(c->b_spec, c->from, c->to))
		tw_link_add_call(c->b, c->b_spec, c->from, c->to, found->pos);
	c->severed += tw_link_sever(
		c->b_spec, c->from->key, c->to, found->pos, found->text);
	tw_manifests_use(c->b, found->pos);
}

/* A service that a does not have may well be the old one under a new name. */
static bool is_new(const struct compare *c, const char *service)
{
	const struct tw_spec_service *it =
		tw_map_get(&c->a_spec->services, service);

	return !it || !it->has_object;
}

/* The calls of one service to another, of which a has an address. */
static void compare_address(
	struct compare *c, const struct tw_manifest_address *was)
{
	struct finding found = find_fate(c, was);
	bool calls = tw_link_calls(c->b_spec, c->from, c->to);
	/* Its calls are what its addresses say, so that they may be missing. */
	bool by_address = tw_map_get(&c->b->linked, c->from->key) ||
			  !c->from->endpoints.n;

	if (found.fate == SAME || (!calls && !by_address))
		return;
	if (has_another(c, was->name)) {
		if (calls)
			doubt(c,
				"%s has another address of %s, but %s: which "
				"of them its calls go by is not known",
				c->from->key, c->to, found.text);
		return;
	}
	if (found.fate == BROKEN)
		sever(c, &found);
	else if (calls)
		doubt(c, "%s calls %s in the model, but %s", c->from->key,
			c->to, found.text);
	else if (found.fate != MOVED || !is_new(c, found.to))
		doubt(c, "%s called %s, but %s", c->from->key, c->to,
			found.text);
}

/* ---- services that are gone ------------------------------------------- */

/* A Service of that name which a does not have: it moved with its callers. */
static const struct tw_spec_service *moved_to(
	const struct compare *c, const struct tw_spec_service *gone)
{
	for (size_t i = 0; i < c->b_spec->services.n; i++) {
		const struct tw_spec_service *it =
			c->b_spec->services.v[i].value;

		if (it->has_object && !strcmp(it->name, gone->name) &&
			!tw_map_get(&c->a_spec->services, it->key))
			return it;
	}
	return NULL;
}

static bool is_doubted(const struct compare *c, const char *caller)
{
	for (size_t i = 0; i < c->doubts->list.n; i++) {
		const char *text = c->doubts->list.v[i];

		if (!strncmp(text, caller, strlen(caller)) &&
			strstr(text, c->to))
			return true;
	}
	return false;
}

static void compare_gone(struct compare *c, const struct tw_spec_service *was,
	const struct tw_spec_service *is)
{
	const struct tw_spec_service *moved = moved_to(c, was);
	const char *why =
		tw_arena_printf(c->arena, "Service %s is gone", was->key);
	struct tw_pos pos = is->origin ? is->origin->pos : (struct tw_pos){0};

	c->to = is->key;
	if (moved) {
		doubt(c,
			"the models speak of %s, and the manifests now have "
			"it as %s",
			was->key, moved->key);
		return;
	}
	for (size_t i = 0; i < c->b_spec->services.n; i++) {
		const struct tw_spec_service *from =
			c->b_spec->services.v[i].value;

		if (from != is && !is_doubted(c, from->key) &&
			tw_link_calls(c->b_spec, from, is->key))
			c->severed += tw_link_sever(
				c->b_spec, from->key, is->key, pos, why);
	}
	c->severed += tw_link_sever(c->b_spec, "outside", is->key, pos, why);
}

/* ---- ports of services ------------------------------------------------ */

static const struct tw_spec_port *same_port(
	const struct tw_spec_service *service, const struct tw_spec_port *as)
{
	for (size_t i = 0; i < service->ports.n; i++)
		if (service->ports.v[i].port.v == as->port.v)
			return &service->ports.v[i];
	return NULL;
}

/* What stands behind the ports that both sides have. Where no address says
 * by which port a call comes, all ports count. */
static void compare_ports(struct compare *c, const struct tw_spec_service *was,
	const struct tw_spec_service *is)
{
	size_t open = 0, shut = 0;
	struct tw_pos pos = is->origin ? is->origin->pos : (struct tw_pos){0};
	int64_t last = 0;

	for (size_t i = 0; i < was->ports.n; i++) {
		const struct tw_spec_port *before = &was->ports.v[i];
		const struct tw_spec_port *now = same_port(is, before);
		enum tw_address_state state =
			tw_address_port(was, before->port.v);

		if (!now || state != TW_ADDRESS_GOOD)
			continue;
		state = tw_address_port(is, now->port.v);
		open += state != TW_ADDRESS_NO_PORT;
		shut += state == TW_ADDRESS_NO_PORT;
		if (state == TW_ADDRESS_UNSURE)
			doubt(c,
				"port %lld of %s leads to port %lld now, which "
				"no container behind it declares",
				(long long)now->port.v, is->key,
				(long long)tw_int_or(now->target, now->port.v));
		if (state != TW_ADDRESS_NO_PORT)
			continue;
		last = now->port.v;
		if (now->target_name.origin)
			pos = now->target_name.origin->pos;
	}
	if (!shut || open)
		return;
	for (size_t i = 0; i < c->b_spec->services.n; i++) {
		const struct tw_spec_service *from =
			c->b_spec->services.v[i].value;

		if (tw_link_calls(c->b_spec, from, is->key))
			c->severed += tw_link_sever(c->b_spec, from->key,
				is->key, pos,
				tw_arena_printf(c->arena,
					"nobody opens port %lld",
					(long long)last));
	}
	c->severed += tw_link_sever(c->b_spec, "outside", is->key, pos,
		tw_arena_printf(
			c->arena, "nobody opens port %lld", (long long)last));
	tw_manifests_use(c->b, pos);
}

size_t tw_manifests_compare(const struct tw_manifests *a,
	const struct tw_spec *a_spec, struct tw_manifests *b,
	struct tw_spec *b_spec, struct tw_arena *arena,
	struct tw_manifest_doubts *doubts)
{
	struct compare c = {
		a, a_spec, b, b_spec, arena, doubts, 0, NULL, NULL, NULL};

	for (size_t i = 0; i < a_spec->services.n; i++) {
		c.from_a = a_spec->services.v[i].value;
		c.from = tw_map_get(&b_spec->services, c.from_a->key);
		if (!c.from || !c.from->has_object)
			continue;
		for (size_t k = 0; k < a->addresses.n; k++) {
			c.to = a->addresses.v[k].service;
			if (c.to && leads_there(&a->addresses.v[k]) &&
				tw_address_is_of(
					&a->addresses.v[k], c.from_a) &&
				tw_link_calls(a_spec, c.from_a, c.to))
				compare_address(&c, &a->addresses.v[k]);
		}
	}
	for (size_t i = 0; i < a_spec->services.n; i++) {
		const struct tw_spec_service *was = a_spec->services.v[i].value;
		const struct tw_spec_service *is =
			tw_map_get(&b_spec->services, was->key);

		if (!was->has_object || !is)
			continue;
		if (is->has_object)
			compare_ports(&c, was, is);
		else
			compare_gone(&c, was, is);
	}
	return c.severed;
}
