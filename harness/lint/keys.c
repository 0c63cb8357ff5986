/*
 * Balancing by a key of the request (twins/model/keys.h), and by weights:
 * where it cannot be what somebody meant.
 */
#include "harness/lint/budget.h"

static const struct tw_spec_policy *rule_of(
	const struct tw_lint_context *c, uint32_t key)
{
	struct tw_key_source source;

	for (size_t i = 0; i < c->spec->policies.n; i++)
		if (tw_key_source_of(
			    &c->spec->policies.v[i]->balancing, &source) &&
			tw_key_number(&c->model->keys, source) == key)
			return c->spec->policies.v[i];
	return NULL;
}

static const struct tw_origin *place_of(const struct tw_spec_balancing *by)
{
	return by->hash_header.origin	? by->hash_header.origin
	       : by->hash_cookie.origin ? by->hash_cookie.origin
	       : by->hash_query.origin	? by->hash_query.origin
					: by->hash_source_ip.origin;
}

/* A call inside that has no such key, whatever the request has. */
static void check_step(void *to, uint32_t program, const struct tw_step *step)
{
	static const char *const words[] = {[TW_KEY_HEADER] = "header",
		[TW_KEY_COOKIE] = "cookie",
		[TW_KEY_QUERY] = "parameter"};
	const struct tw_lint_context *c = to;
	const struct tw_model *m = c->model;
	const struct tw_channel *channel = &m->channels[step->channel];
	const struct tw_key_carry *carry = &m->key_carry[step - m->steps];
	const struct tw_spec_policy *rule;
	struct tw_diag *diag;
	uint32_t key;

	if (!channel->targets->upstream)
		return;
	key = channel->targets->upstream->balancing.key;
	if (key >= m->keys.n || m->keys.of[key].of == TW_KEY_SOURCE ||
		carry->keep >> key & 1 || carry->set[key])
		return;
	rule = rule_of(c, key);
	if (!rule)
		return;
	diag = tw_lint_find(c, "key-not-sent", "key-not-sent",
		place_of(&rule->balancing),
		"calls of %s to %s have no %s '%s' to be balanced by",
		tw_budget_caller(m, program), tw_budget_callee(m, step),
		words[m->keys.of[key].of], m->keys.of[key].name);
	diag->why = "each goes to any replica, as without a key";
	diag->hint = "where the caller passes it on, say so in a model: "
		     "defaults: {propagate: NAME}, or headers: of the call";
}

void tw_lint_keys(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *p = c->spec->policies.v[i];
		struct tw_key_source source;
		struct tw_diag *diag;

		if (!p->balancer.origin ||
			p->balancer.v < TW_BALANCE_RING_HASH ||
			tw_key_source_of(&p->balancing, &source))
			continue;
		diag = tw_lint_find(c, "key-not-sent", NULL, p->balancer.origin,
			"this hashes, and nothing says by which key");
		diag->why = "each request goes to any replica";
		diag->hint = "load-balancing: {hash: {header: NAME}}, or "
			     "another balancer";
	}
	if (c->model && c->model->keys.n)
		tw_budget_walk(c->model, check_step, (void *)(uintptr_t)c);
}

void tw_lint_affinity(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->entries.n; i++) {
		const struct tw_spec_entry *it = c->spec->entries.v[i];
		const struct tw_spec_service *to =
			tw_lint_service(c->spec, it->service.v);
		struct tw_diag *diag;

		if (!to || !to->session_affinity.origin)
			continue;
		diag = tw_lint_find(c, "affinity-not-used", "affinity-not-used",
			to->session_affinity.origin,
			"%s keeps its clients by their address, but what comes "
			"in by its route goes past it",
			to->key);
		diag->why = "an ingress controller or gateway sends to the "
			    "pods itself; only calls inside keep theirs";
		diag->hint = "affinity of the ingress itself, such as "
			     "nginx.ingress.kubernetes.io/affinity: cookie";
	}
}

void tw_lint_weights(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *p = c->spec->policies.v[i];
		struct tw_diag *diag;

		if (!p->balancing.weights.n || !p->balancer.origin ||
			p->balancer.v != TW_BALANCE_RANDOM)
			continue;
		diag = tw_lint_find(c, "weights-not-used", NULL,
			p->balancing.weights.v[0].weight.origin,
			"weights of replicas beside `balancer: random`");
		diag->why = "Envoy's random balancer knows no weights: they "
			    "change nothing";
		diag->hint = "round-robin, least-request, ring-hash or maglev";
	}
}
