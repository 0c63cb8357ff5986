/*
 * What users are told apart by: Istio's DestinationRule consistentHash, the
 * sessionAffinity of a Service, and the annotations of ingress-nginx.
 */
#include "harness/manifests/rule.h"
#include "twins/model/keys.h"

/* Kubernetes, core/v1, DefaultClientIPServiceAffinitySeconds. */
#define AFFINITY_SECONDS 10800

/* ---- Istio ------------------------------------------------------------ */

static bool set_text(
	struct tw_manifest_reader *r, struct tw_yaml *at, struct tw_text *to)
{
	if (!tw_manifest_text(r, at, to))
		return false;
	tw_yaml_use(at);
	return true;
}

static void set_size(struct tw_manifest_reader *r, struct tw_yaml *at,
	int64_t max, struct tw_int *to)
{
	if (tw_manifest_int(r, at, 1, max, to))
		tw_yaml_use(at);
}

/* One of the keys; Istio allows no more (ConsistentHashLB.hash_key). */
static void read_key(struct tw_manifest_reader *r, struct tw_yaml *from,
	struct tw_spec_balancing *to)
{
	struct tw_yaml *source = tw_yaml_get(from, "useSourceIp");
	bool on = false;

	if (set_text(
		    r, tw_yaml_get(from, "httpHeaderName"), &to->hash_header) ||
		set_text(r, tw_yaml_path(from, "httpCookie", "name", NULL),
			&to->hash_cookie) ||
		set_text(r, tw_yaml_get(from, "httpQueryParameterName"),
			&to->hash_query))
		return;
	if (tw_yaml_bool(tw_yaml_use(source), &on) && on)
		tw_set_int(&to->hash_source_ip, 1,
			tw_manifest_origin(r, source, NULL));
}

/* networking/v1, LoadBalancerSettings.ConsistentHashLB: a ring, of at least
 * 1024 places, unless `maglev` is given. */
void tw_consistent_hash(struct tw_manifest_reader *r, struct tw_yaml *from,
	struct tw_spec_policy *to)
{
	struct tw_yaml *maglev = tw_yaml_get(from, "maglev");
	struct tw_spec_balancing *it = &to->balancing;

	if (!tw_yaml_is(from, TW_YAML_MAPPING))
		return;
	read_key(r, from, it);
	tw_set_int(&to->balancer,
		maglev ? TW_BALANCE_MAGLEV : TW_BALANCE_RING_HASH,
		tw_manifest_origin(r, from, NULL));
	set_size(r, tw_yaml_path(from, "ringHash", "minimumRingSize", NULL),
		8 * 1024 * 1024, &it->minimum_ring_size);
	set_size(r, tw_yaml_get(from, "minimumRingSize"), 8 * 1024 * 1024,
		&it->minimum_ring_size);
	set_size(r, tw_yaml_get(maglev, "tableSize"), 5000011, &it->table_size);
}

/* ---- Services --------------------------------------------------------- */

void tw_session_affinity(
	struct tw_manifest_reader *r, struct tw_spec_service *service)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *kind = tw_yaml_get(spec, "sessionAffinity");
	struct tw_yaml *seconds = tw_yaml_path(spec, "sessionAffinityConfig",
		"clientIP", "timeoutSeconds", NULL);

	if (!tw_yaml_text(tw_yaml_use(kind)) ||
		strcmp(tw_yaml_text(kind), "ClientIP") != 0)
		return;
	if (tw_manifest_seconds(r, seconds, 1, &service->session_affinity))
		tw_yaml_use(seconds);
	else
		tw_set_int(&service->session_affinity, AFFINITY_SECONDS * TW_S,
			tw_manifest_origin(r, kind, NULL));
}

/* ---- ingress-nginx ---------------------------------------------------- */

#define NGINX "nginx.ingress.kubernetes.io/"

/* "$cookie_session", "$http_x_user", "$arg_id", "$remote_addr". */
static bool read_variable(struct tw_manifest_reader *r, struct tw_yaml *at,
	struct tw_spec_balancing *to)
{
	const struct tw_origin *origin = tw_manifest_origin(r, at, NULL);
	const char *text = tw_yaml_text(at);
	char *name = tw_arena_strdup(&r->spec->arena, text);

	if (tw_str_starts(tw_str_of(text), "$cookie_")) {
		tw_set_text(&to->hash_cookie, name + 8, origin);
	} else if (tw_str_starts(tw_str_of(text), "$arg_")) {
		tw_set_text(&to->hash_query, name + 5, origin);
	} else if (tw_str_starts(tw_str_of(text), "$http_")) {
		for (char *p = name; *p; p++)
			*p = *p == '_' ? '-' : *p;
		tw_set_text(&to->hash_header, name + 6, origin);
	} else if (!strcmp(text, "$remote_addr") ||
		   !strcmp(text, "$binary_remote_addr")) {
		tw_set_int(&to->hash_source_ip, 1, origin);
	} else {
		tw_manifest_note(
			r, at, "hashing by '%s' is not modelled", text);
		return false;
	}
	tw_yaml_use(at);
	return true;
}

/* A cookie: "balanced" hashes it, as upstream-hash-by does; "persistent"
 * remembers the pod in it. */
static void read_cookie(struct tw_manifest_reader *r, struct tw_yaml *affinity,
	struct tw_spec_policy *to)
{
	struct tw_yaml *mode = tw_manifest_annotation(r, NGINX "affinity-mode");
	struct tw_yaml *name =
		tw_manifest_annotation(r, NGINX "session-cookie-name");
	const struct tw_origin *origin = tw_manifest_origin(r, affinity, NULL);

	if (!set_text(r, name, &to->balancing.hash_cookie))
		tw_set_text(
			&to->balancing.hash_cookie, "INGRESSCOOKIE", origin);
	tw_yaml_use(affinity);
	tw_yaml_use(mode);
	if (tw_yaml_text(mode) && !strcmp(tw_yaml_text(mode), "persistent"))
		tw_set_int(&to->balancing.session_timeout, 0, origin);
	else
		tw_set_int(&to->balancer, TW_BALANCE_RING_HASH, origin);
}

void tw_ingress_affinity(struct tw_manifest_reader *r, const char *callee)
{
	struct tw_yaml *affinity = tw_manifest_annotation(r, NGINX "affinity");
	struct tw_yaml *by =
		tw_manifest_annotation(r, NGINX "upstream-hash-by");
	struct tw_spec_policy *to;
	bool cookie = tw_yaml_text(affinity) &&
		      !strcmp(tw_yaml_text(affinity), "cookie");

	if (!callee || (!cookie && !tw_yaml_text(by)))
		return;
	to = tw_new(&r->spec->arena, struct tw_spec_policy);
	to->caller = TW_CALLER_OUTSIDE;
	to->callee = tw_manifest_keep(r, callee);
	to->origin = tw_manifest_origin(r, cookie ? affinity : by, NULL);
	if (cookie)
		read_cookie(r, affinity, to);
	else if (read_variable(r, by, &to->balancing))
		tw_set_int(&to->balancer, TW_BALANCE_RING_HASH, to->origin);
	else
		return;
	tw_vec_push_in(&r->spec->arena, &r->spec->policies, to);
}
