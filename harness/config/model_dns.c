/* The keys of twin models: the cluster's DNS server, and who asks it. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* Where Kubernetes' own manifests put it: Service and Deployment. */
static const char *const usual[] = {
	"kube-system/kube-dns", "kube-system/coredns"};

/*
 * Datagrams that wait for a server which is busy: the socket's buffer,
 * net.core.rmem_default = 212992 bytes, at the 768 that Linux counts for a
 * small one (skb truesize). More are dropped.
 */
#define QUEUE 277

/* With what belongs to the server itself. */
struct server {
	struct tw_spec_dns dns;
	struct tw_law work, upstream;
	struct tw_int replicas, workers, queue, in_flight;
};

static void add_endpoint(struct tw_schema_reader *reader,
	struct tw_spec_service *to, const char *name, const struct tw_law *work,
	const struct tw_law *wait)
{
	struct tw_spec *spec = reader->context;
	struct tw_spec_endpoint *endpoint =
		tw_spec_endpoint(spec, to, name, work->origin);
	struct tw_spec_step *step =
		tw_spec_step(spec, TW_STEP_CPU, work->origin);

	endpoint->steps.n = 0;
	tw_set_law(&step->law, &work->v, work->origin);
	tw_vec_push_in(reader->arena, &endpoint->steps, step);
	if (!wait->origin)
		return;
	step = tw_spec_step(spec, TW_STEP_WAIT, wait->origin);
	tw_set_law(&step->law, &wait->v, wait->origin);
	tw_vec_push_in(reader->arena, &endpoint->steps, step);
}

static struct tw_spec_service *find_server(
	struct tw_schema_reader *reader, struct tw_spec_dns *dns)
{
	struct tw_spec *spec = reader->context;

	for (size_t i = 0; !dns->service.v && i < 2; i++) {
		const struct tw_spec_service *it =
			tw_spec_find_service(spec, NULL, usual[i]);

		if (it && it->has_object)
			dns->service = (struct tw_text){it->key, dns->origin};
	}
	if (!dns->service.v)
		dns->service = (struct tw_text){usual[1], dns->origin};
	return tw_spec_service(spec, NULL, dns->service.v, dns->origin);
}

/* A question that waits for another server holds no core (a goroutine); the
 * Corefile of kubeadm has `forward … { max_concurrent 1000 }`. */
#define IN_FLIGHT 1000

static void set_server(struct tw_schema_reader *reader, struct tw_spec_dns *dns,
	const struct server *from)
{
	static const struct tw_law none;
	struct tw_spec_service *to = find_server(reader, dns);

	dns->service.v = to->key;
	if (from->upstream.origin) {
		tw_set_int(&to->concurrency, TW_ASYNC, from->upstream.origin);
		tw_set_int(&to->in_flight,
			tw_int_or(from->in_flight, IN_FLIGHT),
			from->in_flight.origin ? from->in_flight.origin
					       : from->upstream.origin);
	}
	tw_set_int(&to->workers, tw_int_or(from->workers, 2),
		from->workers.origin ? from->workers.origin : dns->origin);
	tw_set_int(&to->queue, tw_int_or(from->queue, QUEUE),
		from->queue.origin ? from->queue.origin : dns->origin);
	tw_set_int(&to->replicas, tw_int_or(from->replicas, 2),
		from->replicas.origin ? from->replicas.origin : dns->origin);
	add_endpoint(reader, to, TW_DNS_LOOKUP, &from->work, &none);
	add_endpoint(
		reader, to, TW_DNS_FORWARDED, &from->work, &from->upstream);
}

static const char *const caches[] = {
	[TW_DNS_NO_CACHE] = "none",
	[TW_DNS_POD_CACHE] = "pod",
	[TW_DNS_NODE_CACHE] = "node",
	NULL,
};

static void *add_name(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct server *to = base;

	(void)key;
	(void)value;
	tw_vec_push_in(reader->arena, &to->dns.names,
		((struct tw_spec_name){.caller = "*", .callee = "*"}));
	return &to->dns.names.v[to->dns.names.n - 1];
}

static const struct tw_row name_rows[] = {
	{.name = "caller",
		.type = TW_ROW_NAME,
		AT(tw_spec_name, caller),
		.help = "glob of the calling service; any if not given"},
	{.name = "callee",
		.type = TW_ROW_NAME,
		AT(tw_spec_name, callee),
		.required = true,
		.help = "glob of the service that is called"},
	{.name = "name",
		.type = TW_ROW_TEXT,
		AT(tw_spec_name, host),
		.required = true,
		.help = "such as cart.shop.svc.cluster.local. with the final "
			"dot"},
	{0},
};

static const struct tw_table name_table = {
	.name = "dns-name",
	.help = "the name that callers have of a callee",
	.rows = name_rows,
};

static const struct tw_row rows[] = {
	{.name = "work",
		.type = TW_ROW_LAW,
		AT(server, work),
		.required = true,
		.help = "of the server's CPU for a question"},
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(server, dns.service),
		.help = "the server; if not given kube-system/kube-dns or "
			"coredns of the manifests, else kube-system/coredns"},
	{.name = "replicas",
		.type = TW_ROW_INT,
		AT(server, replicas),
		.otherwise = "2",
		.max = 100000,
		.help = "of it, where no manifest says"},
	{.name = "workers",
		.type = TW_ROW_INT,
		AT(server, workers),
		.otherwise = "2",
		.min = 1,
		.max = 1e6,
		.help = "cores that a replica uses at once"},
	{.name = "queue",
		.type = TW_ROW_INT,
		AT(server, queue),
		.otherwise = "277",
		.max = 1e7,
		.help = "questions that wait in a replica; more are dropped "
			"(Linux: 212992 bytes of 768)"},
	{.name = "upstream",
		.type = TW_ROW_LAW,
		AT(server, upstream),
		.help = "what it waits for another server where a name is not "
			"of the cluster; if not given it has them in a cache"},
	{.name = "in-flight",
		.type = TW_ROW_INT,
		AT(server, in_flight),
		.otherwise = "1000",
		.min = 1,
		.max = 1e9,
		.help = "with `upstream`: questions at work in a replica at "
			"once, those that wait for it included"},
	{.name = "cache",
		.type = TW_ROW_ENUM,
		AT(server, dns.cache),
		.choices = caches,
		.otherwise = "none",
		.help = "of callers: pod: results, in each replica (a JVM); "
			"node: records, on each node (NodeLocal DNSCache)"},
	{.name = "ttl",
		.type = TW_ROW_DURATION,
		AT(server, dns.ttl),
		.otherwise = "30s",
		.help = "how long a cache keeps what is there"},
	{.name = "negative-ttl",
		.type = TW_ROW_DURATION,
		AT(server, dns.negative_ttl),
		.otherwise = "5s",
		.help = "how long a cache keeps that there is nothing"},
	{.name = "reuse",
		.type = TW_ROW_RATIO,
		AT(server, dns.reuse),
		.otherwise = "0%",
		.help = "of calls that go over a connection which is there, "
			"where no policy has `connections`"},
	{.name = "ipv6",
		.type = TW_ROW_SWITCH,
		AT(server, dns.ipv6),
		.otherwise = "true",
		.help = "the AAAA record is asked for beside the A record"},
	{.name = "ndots",
		.type = TW_ROW_INT,
		AT(server, dns.ndots),
		.otherwise = "5",
		.max = 15,
		.help = "names with fewer dots are tried with each search "
			"domain first; where no dnsConfig says"},
	{.name = "search",
		.type = TW_ROW_TEXTS,
		AT(server, dns.search),
		.help = "search domains of the nodes, beside the cluster's"},
	{.name = "timeout",
		.type = TW_ROW_DURATION,
		AT(server, dns.timeout),
		.otherwise = "5s",
		.min = TW_MS,
		.help = "after which a question is asked again; where no "
			"dnsConfig says"},
	{.name = "attempts",
		.type = TW_ROW_INT,
		AT(server, dns.attempts),
		.otherwise = "2",
		.min = 1,
		.max = 5,
		.help = "for a question; where no dnsConfig says"},
	{.name = "names",
		.type = TW_ROW_LIST,
		.table = &name_table,
		.add = add_name,
		.help = "of callees, as their callers have them, where no "
			"manifest shows it"},
	{0},
};

static void check(
	struct tw_schema_reader *reader, void *base, const struct tw_yaml *node)
{
	const struct server *it = base;

	if (it->in_flight.origin && !it->upstream.origin)
		tw_diag(reader->diags, TW_ERROR,
			tw_yaml_find(node, "in-flight")->key->pos,
			"'in-flight' is for a server with `upstream`");
}

const struct tw_table tw_dns_table = {
	.name = "dns",
	.help = "the cluster's DNS server, and who asks it",
	.rows = rows,
	.as_text = "work",
	.check = check,
};

void tw_dns_read(
	struct tw_schema_reader *reader, void *base, struct tw_yaml *node)
{
	struct tw_spec *spec = base;
	struct server it = {0};

	it.dns.origin = tw_schema_origin(reader, node);
	tw_schema_read(reader, &tw_dns_table, &it, node);
	if (!it.work.origin)
		return; /* told by the table: it is required */
	set_server(reader, &it.dns, &it);
	spec->dns = it.dns;
}
