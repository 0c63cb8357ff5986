#include "harness/config/grpc_config.h"

#include "twins/base/units.h"

#include <stdarg.h>
#include <stdio.h>

/* gRFC A6: more attempts than 5 are taken as 5. */
#define MAX_ATTEMPTS 5

/* How exactly an entry names a method; what is more exact stands first. */
enum rank { METHOD, SERVICE, ANY, RANKS };

struct rule {
	enum rank rank;
	struct tw_spec_policy *policy;
};

struct reading {
	const struct tw_grpc_config *by;
	TW_VEC(struct rule) rules;
};

bool tw_grpc_config_is(const struct tw_yaml *node)
{
	return tw_yaml_is(node, TW_YAML_MAPPING) &&
	       (tw_yaml_get(node, "methodConfig") ||
		       tw_yaml_get(node, "loadBalancingConfig"));
}

int tw_grpc_status(const char *word)
{
	static const struct {
		const char *name, *number;
		int status;
	} rows[] = {{"OK", "0", 200}, {"CANCELLED", "1", 499},
		{"UNKNOWN", "2", 500}, {"INVALID_ARGUMENT", "3", 400},
		{"DEADLINE_EXCEEDED", "4", 504}, {"NOT_FOUND", "5", 404},
		{"ALREADY_EXISTS", "6", 409}, {"PERMISSION_DENIED", "7", 403},
		{"RESOURCE_EXHAUSTED", "8", 429},
		{"FAILED_PRECONDITION", "9", 400}, {"ABORTED", "10", 409},
		{"OUT_OF_RANGE", "11", 400}, {"UNIMPLEMENTED", "12", 501},
		{"INTERNAL", "13", 500}, {"UNAVAILABLE", "14", 503},
		{"DATA_LOSS", "15", 500}, {"UNAUTHENTICATED", "16", 401}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(word, rows[i].name) ||
			!strcmp(word, rows[i].number))
			return rows[i].status;
	return 0;
}

/* ---- what is told ------------------------------------------------------ */

static struct tw_pos pos_of(
	const struct tw_grpc_config *by, const struct tw_yaml *node)
{
	return by->at ? by->at->pos : node->pos;
}

static const struct tw_origin *origin_of(
	const struct tw_grpc_config *by, const struct tw_yaml *node)
{
	return by->at ? by->at
		      : tw_spec_origin(by->spec, by->source, node->pos, NULL);
}

__attribute__((format(printf, 3, 4))) static void refuse(
	const struct tw_grpc_config *by, const struct tw_yaml *node,
	const char *format, ...)
{
	char text[256];
	struct tw_diag *diag;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	diag = tw_diag(by->diags, by->severity, pos_of(by, node), "%s", text);
	diag->rule = "grpc-config-refused";
	diag->why = "gRPC refuses the whole service config";
}

static void leave_out(const struct tw_grpc_config *by,
	const struct tw_yaml *node, const char *what)
{
	struct tw_diag *diag;

	if (!node)
		return;
	diag = tw_diag(by->diags, TW_WARNING, pos_of(by, node),
		"%s of a gRPC service config is not modelled", what);
	diag->rule = "grpc-not-modelled";
}

/* ---- values ------------------------------------------------------------ */

/* "1.5s": decimal seconds (google.protobuf.Duration as JSON). */
static bool take_duration(const struct tw_grpc_config *by,
	const struct tw_yaml *map, const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);
	struct tw_str text = tw_yaml_str(it);
	tw_time v;

	if (!it)
		return false;
	tw_yaml_use(it);
	if (text.n < 2 || text.p[text.n - 1] != 's' ||
		text.p[text.n - 2] < '0' || text.p[text.n - 2] > '9' ||
		!tw_parse_duration(text, &v) || v <= 0) {
		refuse(by, it, "%s: expected seconds such as \"0.5s\"", name);
		return false;
	}
	return tw_set_int(to, v, origin_of(by, it));
}

static bool take_number(const struct tw_grpc_config *by,
	const struct tw_yaml *map, const char *name, double least, double *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);

	if (!it)
		return false;
	tw_yaml_use(it);
	if (tw_yaml_real(it, to) && *to >= least && *to > 0)
		return true;
	refuse(by, it, "%s: expected a number%s", name,
		least > 1 ? " from 2 on" : " above 0");
	return false;
}

/* ---- retries ----------------------------------------------------------- */

static void take_codes(const struct tw_grpc_config *by,
	const struct tw_yaml *retry, struct tw_spec_policy *to)
{
	struct tw_yaml *codes = tw_yaml_get(retry, "retryableStatusCodes");

	tw_yaml_use_all(codes);
	if (!tw_yaml_count(codes))
		refuse(by, codes ? codes : retry,
			"retryPolicy: 'retryableStatusCodes' names no status");
	for (size_t i = 0; i < tw_yaml_count(codes); i++) {
		struct tw_yaml *it = tw_yaml_item(codes, i);
		const char *word = tw_yaml_text(it);
		int status = word ? tw_grpc_status(word) : 0;

		if (!status)
			refuse(by, it, "'%s' is no status of gRPC",
				word ? word : "");
		else
			tw_vec_push_in(
				&by->spec->arena, &to->retry_codes, status);
	}
}

static void take_retries(const struct tw_grpc_config *by,
	const struct tw_yaml *retry, struct tw_spec_policy *to)
{
	const struct tw_origin *origin = origin_of(by, retry);
	double attempts, multiplier;
	int on = 0;

	if (!take_number(by, retry, "maxAttempts", 2, &attempts)) {
		if (!tw_yaml_get(retry, "maxAttempts"))
			refuse(by, retry, "retryPolicy: no 'maxAttempts'");
		return;
	}
	if (attempts > MAX_ATTEMPTS)
		attempts = MAX_ATTEMPTS;
	tw_set_int(&to->retries, (int64_t)attempts - 1, origin);
	if (!take_duration(by, retry, "initialBackoff", &to->backoff_base) ||
		!take_duration(by, retry, "maxBackoff", &to->backoff_max) ||
		!take_number(by, retry, "backoffMultiplier", 0, &multiplier)) {
		refuse(by, retry,
			"retryPolicy needs initialBackoff, maxBackoff and "
			"backoffMultiplier");
		return;
	}
	tw_set_real(&to->backoff_multiplier, multiplier, origin);
	tw_set_int(&to->push_back, 1, origin);
	if (take_duration(by, retry, "perAttemptRecvTimeout", &to->try_timeout))
		on = TW_RETRY_TIMEOUT;
	tw_set_int(&to->retry_on, on, origin);
	take_codes(by, retry, to);
}

static void take_throttling(
	const struct tw_grpc_config *by, struct tw_yaml *config)
{
	struct tw_yaml *it = tw_yaml_get(config, "retryThrottling");
	struct tw_spec_policy *to;
	double tokens, ratio;

	if (!it)
		return;
	tw_yaml_use(it);
	if (!take_number(by, it, "maxTokens", 1, &tokens) || tokens > 1000 ||
		!take_number(by, it, "tokenRatio", 0, &ratio)) {
		refuse(by, it,
			"retryThrottling needs maxTokens, up to 1000, and "
			"tokenRatio");
		return;
	}
	to = tw_new(&by->spec->arena, struct tw_spec_policy);
	to->origin = origin_of(by, it);
	to->caller = by->caller;
	to->callee = by->callee;
	to->grpc = true;
	tw_set_int(&to->throttle.max_tokens, (int64_t)tokens, to->origin);
	tw_set_real(&to->throttle.token_ratio, ratio, to->origin);
	tw_vec_push_in(&by->spec->arena, &by->spec->policies, to);
}

/* ---- balancers --------------------------------------------------------- */

/* The first that is known counts. */
static void take_balancer(
	const struct tw_grpc_config *by, struct tw_yaml *config)
{
	struct tw_yaml *list = tw_yaml_get(config, "loadBalancingConfig");
	struct tw_yaml *old = tw_yaml_get(config, "loadBalancingPolicy");
	struct tw_yaml *first = tw_yaml_item(list, 0);
	const char *name = tw_yaml_text(old);
	struct tw_spec_policy *to;
	enum tw_balancer balancer;

	if (tw_yaml_count(first) && tw_yaml_is(first, TW_YAML_MAPPING))
		name = tw_yaml_text(first->pairs.v[0].key);
	if (!name)
		return;
	tw_yaml_use_all(list);
	tw_yaml_use(old);
	if (!strcmp(name, "round_robin") || !strcmp(name, "ROUND_ROBIN")) {
		balancer = TW_BALANCE_ROUND_ROBIN;
	} else if (!strncmp(name, "least_request", 13)) {
		balancer = TW_BALANCE_LEAST_REQUEST;
	} else {
		leave_out(by, list ? list : old,
			tw_arena_printf(
				&by->spec->arena, "the balancer %s", name));
		return;
	}
	to = tw_new(&by->spec->arena, struct tw_spec_policy);
	to->origin = origin_of(by, list ? list : old);
	to->caller = by->caller;
	to->callee = by->callee;
	to->grpc = true;
	tw_set_int(&to->balancer, balancer, to->origin);
	tw_vec_push_in(&by->spec->arena, &by->spec->policies, to);
}

/* ---- methods ----------------------------------------------------------- */

static void add_name(struct reading *r, const struct tw_spec_policy *like,
	struct tw_yaml *name)
{
	struct tw_arena *arena = &r->by->spec->arena;
	const char *service = tw_yaml_text(tw_yaml_get(name, "service"));
	const char *method = tw_yaml_text(tw_yaml_get(name, "method"));
	struct rule rule = {
		.rank = ANY, .policy = tw_new(arena, struct tw_spec_policy)};

	tw_yaml_use_all(name);
	*rule.policy = *like;
	if (service && *service) {
		rule.rank = method && *method ? METHOD : SERVICE;
		rule.policy->endpoint = tw_arena_printf(arena, "%s/%s", service,
			rule.rank == METHOD ? method : "*");
	} else if (method && *method) {
		refuse(r->by, name, "a method without its service");
		return;
	}
	tw_vec_push(&r->rules, rule);
}

static void read_method(struct reading *r, struct tw_yaml *it)
{
	const struct tw_grpc_config *by = r->by;
	struct tw_yaml *names = tw_yaml_get(it, "name");
	struct tw_yaml *retry = tw_yaml_get(it, "retryPolicy");
	struct tw_yaml *hedging = tw_yaml_get(it, "hedgingPolicy");
	struct tw_spec_policy like = {.origin = origin_of(by, it),
		.caller = by->caller,
		.callee = by->callee,
		.grpc = true};

	if (retry && hedging)
		refuse(by, hedging,
			"retryPolicy and hedgingPolicy exclude each other");
	leave_out(by, hedging, "hedgingPolicy");
	leave_out(by, tw_yaml_get(it, "waitForReady"), "waitForReady");
	if (take_duration(by, it, "timeout", &like.timeout))
		tw_set_int(&like.propagate_deadline, 1, like.timeout.origin);
	if (retry)
		take_retries(by, retry, &like);
	if (!like.timeout.origin && !like.retries.origin)
		return;
	for (size_t i = 0; i < tw_yaml_count(names); i++)
		add_name(r, &like, tw_yaml_item(names, i));
}

void tw_grpc_config_read(
	const struct tw_grpc_config *config, struct tw_yaml *node)
{
	struct tw_yaml *methods = tw_yaml_get(node, "methodConfig");
	struct reading r = {.by = config};

	for (size_t i = 0; i < tw_yaml_count(methods); i++)
		read_method(&r, tw_yaml_item(methods, i));
	for (int rank = 0; rank < RANKS; rank++)
		for (size_t i = 0; i < r.rules.n; i++)
			if (r.rules.v[i].rank == (enum rank)rank)
				tw_vec_push_in(&config->spec->arena,
					&config->spec->policies,
					r.rules.v[i].policy);
	tw_vec_release(&r.rules);
	take_throttling(config, node);
	take_balancer(config, node);
}
