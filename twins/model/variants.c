/*
 * Routes that depend on the request: each policy with conditions that fits a
 * call makes a variant of its channel; which of them a request takes is told
 * by its traits. And what the caller's proxy does before it routes: mirrors,
 * injected faults, answers of its own. And where a rewritten path leads.
 */
#include "twins/model/build.h"

#include <string.h>

/* ---- rewrites --------------------------------------------------------- */

static void add_tail(struct tw_buf *to, const char *tail)
{
	if (to->n && tw_buf_text(to)[to->n - 1] == '/' && *tail == '/')
		tail++;
	else if (*tail && *tail != '/' &&
		 (!to->n || tw_buf_text(to)[to->n - 1] != '/'))
		tw_buf_add_char(to, '/');
	tw_buf_add_text(to, tail);
}

/* The endpoint's name with the path rewritten. Istio: a prefix that matched is
 * replaced, or else the whole path; Gateway API ReplacePrefixMatch the same. */
static void rewritten(const char *endpoint, const struct tw_spec_policy *policy,
	struct tw_buf *to)
{
	const char *space = strchr(endpoint, ' ');
	const char *path = space ? space + 1 : endpoint;
	const char *prefix = policy->path_prefix.v;
	size_t n = prefix ? strlen(prefix) : 0;

	while (n && prefix[n - 1] == '/')
		n--;
	tw_buf_printf(to, "%.*s", (int)(path - endpoint), endpoint);
	tw_buf_add_text(to, policy->rewrite.v);
	if (!policy->path_exact.v && n && !strncmp(path, prefix, n))
		add_tail(to, path + n);
	else if (!policy->path_exact.v && !n && *path == '/')
		add_tail(to, path);
}

static uint32_t named(
	const struct tw_model *model, uint32_t service, const char *name)
{
	const struct tw_service *to = &model->services[service];

	for (uint32_t e = 0; e < to->n_endpoints; e++)
		if (!strcmp(model->endpoints[to->first_endpoint + e].name,
			    name))
			return to->first_endpoint + e;
	return TW_NONE;
}

/* A rewritten path may be an example of a template: "/v1/{id}" -> "/{id}". */
static uint32_t of_template(
	const struct tw_model *model, uint32_t service, struct tw_str name)
{
	const struct tw_service *to = &model->services[service];
	struct tw_routes *routes = tw_routes_new();
	const char *space = memchr(name.p, ' ', name.n);
	struct tw_str method = {name.p, space ? (size_t)(space - name.p) : 0};
	struct tw_str path = name;
	uint32_t found = TW_NONE;

	if (space)
		path = (struct tw_str){
			space + 1, name.n - (size_t)(space + 1 - name.p)};
	for (uint32_t e = 0; e < to->n_endpoints; e++)
		tw_routes_add_endpoint(routes,
			model->endpoints[to->first_endpoint + e].name, e);
	if (tw_routes_match(routes, (struct tw_str){0}, method, path, &found))
		found += to->first_endpoint;
	tw_routes_free(routes);
	return found;
}

/* The endpoint of the same (or the rewritten) name, or the service's first. */
uint32_t build_same_endpoint(const struct tw_model *model, uint32_t service,
	uint32_t endpoint, const struct tw_spec_policy *policy)
{
	const char *name = model->endpoints[endpoint].name;
	uint32_t found;

	if (policy && policy->rewrite.v) {
		struct tw_buf text = {0};

		rewritten(name, policy, &text);
		found = named(model, service, tw_buf_text(&text));
		if (found == TW_NONE)
			found = of_template(model, service,
				(struct tw_str){tw_buf_text(&text), text.n});
		tw_buf_release(&text);
		if (found != TW_NONE)
			return found;
	}
	if (model->endpoints[endpoint].service == service)
		return endpoint;
	found = named(model, service, name);
	return found != TW_NONE ? found
				: model->services[service].first_endpoint;
}

/* ---- what the proxy does first ---------------------------------------- */

const struct tw_aside *build_aside(
	struct tw_arena *arena, const struct tw_spec_policy *policy)
{
	struct tw_aside *aside;

	if (!policy || (!policy->respond.origin && !policy->mirrors.n &&
			       !policy->inject.delay.origin &&
			       !policy->inject.abort.origin))
		return NULL;
	aside = tw_new(arena, struct tw_aside);
	aside->respond = (int)tw_int_or(policy->respond, 0);
	if (policy->inject.delay.origin) {
		aside->delay = policy->inject.delay.v;
		aside->delay_share = tw_real_or(policy->inject.delay_share, 1);
	}
	if (policy->inject.abort.origin) {
		aside->abort = (int)policy->inject.abort.v;
		aside->abort_share = tw_real_or(policy->inject.abort_share, 1);
	}
	return aside;
}

static void mirror_to_nowhere(
	struct build *b, const struct tw_spec_mirror *mirror)
{
	const struct tw_text *at =
		mirror->subset.v ? &mirror->subset : &mirror->service;
	struct tw_diag *diag =
		tw_diag(b->diags, TW_WARNING, build_pos(at->origin),
			"mirror to what is not here: '%s'", at->v ? at->v : "");

	diag->rule = "mirror-to-nowhere";
	diag->why = "its copies are thrown away: what would get them is "
		    "untested";
}

static bool told_already(const struct build *b, const struct tw_origin *origin)
{
	for (size_t i = 0; origin && i < b->diags->list.n; i++) {
		const struct tw_diag *it = b->diags->list.v[i];

		if (it->rule && !strcmp(it->rule, "mirror-to-nowhere") &&
			it->pos.line == origin->pos.line &&
			it->pos.column == origin->pos.column)
			return true;
	}
	return false;
}

/* Envoy's shadow requests (RouteAction.request_mirror_policies) are sent by
 * the proxy itself: no retries; the route's timeout. */
void build_mirrors(struct build *b, uint32_t at)
{
	struct tw_channel channel = b->channels.v[at];
	const struct tw_spec_policy *policy = channel.policy;
	struct tw_mirror *mirrors;
	struct tw_aside *aside;
	uint32_t n = 0;

	if (!policy || !policy->mirrors.n)
		return;
	mirrors = tw_new_array(
		&b->model->arena, policy->mirrors.n, struct tw_mirror);
	for (size_t i = 0; i < policy->mirrors.n; i++) {
		const struct tw_spec_mirror *from = &policy->mirrors.v[i];
		struct tw_target *target =
			tw_new(&b->model->arena, struct tw_target);
		struct tw_channel to;

		*target = build_target(b->model, channel.endpoint,
			from->service.v, from->subset.v, policy);
		if (target->endpoint == TW_NONE || target->pool == TW_NONE) {
			if (!told_already(b, from->subset.v
						     ? from->subset.origin
						     : from->service.origin))
				mirror_to_nowhere(b, from);
			continue;
		}
		build_resolve(b->model, &b->model->arena, channel.caller,
			target->endpoint, NULL, &to);
		target->share = 1;
		build_upstream(b->model, &b->model->arena, &to, target);
		to.targets = target;
		to.n_targets = 1;
		to.timeout = channel.timeout;
		to.retries = 0;
		build_push(b, channels, to);
		mirrors[n++] = (struct tw_mirror){(uint32_t)b->channels.n - 1,
			tw_real_or(from->share, 1)};
	}
	aside = tw_new(&b->model->arena, struct tw_aside);
	*aside = *channel.aside;
	aside->mirrors = mirrors;
	aside->n_mirrors = n;
	b->channels.v[at].aside = aside;
}

/* ---- variants --------------------------------------------------------- */

void build_variants(struct build *b, uint32_t at)
{
	struct tw_channel base = b->channels.v[at];
	TW_VEC(struct tw_variant) variants = {0};
	const struct tw_spec_policy *policy;
	size_t from = 0;

	while ((policy = build_next_policy(
			b->model, base.caller, base.endpoint, &from)) &&
		policy->conditions.n) {
		struct tw_variant it = {.channel = TW_NONE};
		struct tw_channel channel;

		if (!tw_conditions_wanted(&b->model->conditions,
			    &policy->conditions, &it.wanted))
			continue;
		build_resolve(b->model, &b->model->arena, base.caller,
			base.endpoint, policy, &channel);
		build_push(b, channels, channel);
		it.channel = (uint32_t)b->channels.n - 1;
		build_mirrors(b, it.channel);
		tw_vec_push_in(&b->model->arena, &variants, it);
	}
	b->channels.v[at].variants = variants.v;
	b->channels.v[at].n_variants = (uint32_t)variants.n;
}
