/*
 * Routes by what they ask for: those that nothing reaches, and retries and
 * timeouts that say what cannot be meant.
 */
#include "harness/lint/rules.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* ---- timeouts of a try ------------------------------------------------ */

void tw_lint_try_timeouts(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *p = c->spec->policies.v[i];
		char all[TW_TIME_TEXT], one[TW_TIME_TEXT];

		if (!p->timeout.origin || !p->timeout.v ||
			!p->try_timeout.origin ||
			p->try_timeout.v <= p->timeout.v)
			continue;
		/* One finding for the rules that a match list makes. */
		tw_lint_find(c, "try-longer-than-all", "try-longer-than-all",
			p->try_timeout.origin,
			"one try may take %s, but all tries together %s: the "
			"try's own timeout never ends one",
			tw_time_text(p->try_timeout.v, one),
			tw_time_text(p->timeout.v, all))
			->hint = "the Gateway API refuses a backendRequest "
				 "longer than request";
	}
}

/* ---- retries of what has effects -------------------------------------- */

/* RFC 9110, 9.2.2: POST and PATCH are not idempotent. */
static bool has_effects(const char *endpoint)
{
	return !strncmp(endpoint, "POST ", 5) ||
	       !strncmp(endpoint, "PATCH ", 6);
}

/* Conditions that hold when the callee may be through with the work. */
#define AFTER_WORK                                                             \
	(TW_RETRY_5XX | TW_RETRY_GATEWAY_ERROR | TW_RETRY_RESET |              \
		TW_RETRY_TIMEOUT)

void tw_lint_effects(const struct tw_lint_context *c)
{
	for (uint32_t i = 0; c->model && i < c->model->n_channels; i++) {
		const struct tw_channel *it = &c->model->channels[i];
		const char *endpoint = c->model->endpoints[it->endpoint].name;
		struct tw_diag *diag;

		if (!it->policy || !it->retries || !has_effects(endpoint) ||
			!(it->retry_on & AFTER_WORK))
			continue;
		diag = tw_lint_find(c, "retries-repeat-effects",
			"retries-repeat-effects",
			it->policy->retries.origin ? it->policy->retries.origin
						   : it->policy->origin,
			"calls of '%s' of %s are tried again after an error or "
			"a timeout, when they may have been done already",
			endpoint,
			c->model->services[c->model->endpoints[it->endpoint]
						   .service]
				.key);
		diag->hint = "retry on connect-failure and refused alone, or "
			     "make the request idempotent";
	}
}

/* ---- routes that nothing reaches -------------------------------------- */

/* What the first takes of paths, the second does not get. */
static bool path_covers(
	const struct tw_spec_policy *a, const struct tw_spec_policy *b)
{
	const char *path = b->path_exact.v ? b->path_exact.v : b->path_prefix.v;

	if (a->path_exact.v)
		return b->path_exact.v &&
		       !strcmp(a->path_exact.v, b->path_exact.v);
	if (a->path_prefix.v)
		return path && tw_str_starts(tw_str_of(path), a->path_prefix.v);
	return true;
}

static bool asks(const struct tw_spec_conditions *conditions,
	const struct tw_spec_condition *for_)
{
	for (size_t i = 0; i < conditions->n; i++) {
		const struct tw_spec_condition *it = &conditions->v[i];

		if (it->of == for_->of && it->is == for_->is &&
			it->negated == for_->negated &&
			same(it->name, for_->name) &&
			same(it->value.v, for_->value.v))
			return true;
	}
	return false;
}

static bool asks_all(const struct tw_spec_conditions *conditions,
	const struct tw_spec_conditions *for_)
{
	for (size_t i = 0; i < for_->n; i++)
		if (!asks(conditions, &for_->v[i]))
			return false;
	return true;
}

static bool covers(
	const struct tw_spec_policy *a, const struct tw_spec_policy *b)
{
	return same(a->callee, b->callee) && same(a->subset, b->subset) &&
	       (!a->caller || same(a->caller, b->caller)) &&
	       (!a->endpoint || same(a->endpoint, b->endpoint)) &&
	       path_covers(a, b) && asks_all(&b->conditions, &a->conditions);
}

/* Rules of groups alone (breakers and such) take nothing from routes. */
static bool is_route(const struct tw_spec_policy *p)
{
	return p->destinations.n || p->respond.origin || p->conditions.n ||
	       p->path_prefix.v || p->path_exact.v;
}

/* Rules whose order somebody decided: of one VirtualService, or of a model. */
static bool is_ordered(
	const struct tw_spec_policy *a, const struct tw_spec_policy *b)
{
	if (a->group || b->group)
		return a->group == b->group;
	return a->origin && b->origin && a->origin->source == TW_FROM_MODEL &&
	       b->origin->source == TW_FROM_MODEL &&
	       same(a->origin->pos.file, b->origin->pos.file);
}

static void tell_shadow(const struct tw_lint_context *c, const char *to,
	const struct tw_origin *first, const struct tw_origin *later)
{
	tw_lint_find(c, "route-shadowed", "route-shadowed", later,
		"nothing takes this route to %s: the one in line %d takes all "
		"that it asks for",
		to, first->pos.line)
		->hint = "the first that fits applies: put what asks for more "
			 "first";
}

/* Ways in of an ordered list; others go by what is most particular. */
static void check_entries(const struct tw_lint_context *c)
{
	struct tw_spec_entry *const *v = c->spec->entries.v;

	for (size_t b = 1; b < c->spec->entries.n; b++) {
		for (size_t a = 0; a < b && v[b]->group; a++) {
			bool whole =
				v[a]->match == TW_PATH_PREFIX
					? tw_str_starts(tw_str_of(v[b]->path),
						  v[a]->path)
					: v[a]->match == v[b]->match &&
						  same(v[a]->path, v[b]->path);

			if (v[a]->group != v[b]->group || !whole ||
				v[a]->origin == v[b]->origin ||
				!same(v[a]->host, v[b]->host) ||
				(v[a]->method &&
					!same(v[a]->method, v[b]->method)) ||
				!asks_all(&v[b]->conditions, &v[a]->conditions))
				continue;
			tell_shadow(c,
				v[b]->service.v ? v[b]->service.v : "an answer",
				v[a]->origin, v[b]->origin);
			break;
		}
	}
}

/* What comes from outside is told apart by its way in. */
void tw_lint_shadows(const struct tw_lint_context *c)
{
	check_entries(c);
	for (size_t b = 1; b < c->spec->policies.n; b++) {
		const struct tw_spec_policy *later = c->spec->policies.v[b];

		for (size_t a = 0; a < b && is_route(later); a++) {
			const struct tw_spec_policy *first =
				c->spec->policies.v[a];

			if (first->origin == later->origin ||
				!is_route(first) ||
				(later->caller &&
					!strcmp(later->caller, "outside")) ||
				!is_ordered(first, later) ||
				!covers(first, later))
				continue;
			tell_shadow(
				c, later->callee, first->origin, later->origin);
			break;
		}
	}
}

/* ---- headers that nobody sends ---------------------------------------- */

static bool is_set(const struct tw_spec_steps *steps, const char *name)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *it = steps->v[i];

		for (size_t k = 0; k < it->headers.n; k++)
			if (tw_str_equal_nocase(tw_str_of(it->headers.v[k].key),
				    tw_str_of(name)))
				return true;
		if (is_set(&it->children, name))
			return true;
	}
	return false;
}

static bool somebody_sets(const struct tw_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		for (size_t e = 0; e < it->endpoints.n; e++)
			if (is_set(&((struct tw_spec_endpoint *)it->endpoints
						   .v[e]
						   .value)
					    ->steps,
				    name))
				return true;
	}
	return false;
}

static void check_header(const struct tw_lint_context *c,
	const struct tw_spec_policy *policy, const struct tw_spec_condition *it)
{
	struct tw_diag *diag;

	if (it->of != TW_CONDITION_HEADER || it->negated ||
		tw_header_goes_on(c->spec, it->name) ||
		somebody_sets(c->spec, it->name))
		return;
	diag = tw_lint_find(c, "header-not-passed-on", "header-not-passed-on",
		it->origin,
		"a route to %s asks for the header '%s', which no call inside "
		"has",
		policy->callee, it->name);
	diag->why = "the twin does not know that services pass it on: no call "
		    "takes this route";
	tw_diag_hint(c->diags, diag,
		"in a model: defaults: {propagate: %s}, or headers: of a call",
		it->name);
}

/* Where services call at all: what comes from outside has its headers. */
void tw_lint_headers(const struct tw_lint_context *c)
{
	for (uint32_t i = 0; c->model && i < c->model->n_channels; i++) {
		const struct tw_channel *it = &c->model->channels[i];

		if (it->caller == TW_NONE || !it->policy)
			continue;
		for (size_t k = 0; k < it->policy->conditions.n; k++)
			check_header(
				c, it->policy, &it->policy->conditions.v[k]);
	}
}
