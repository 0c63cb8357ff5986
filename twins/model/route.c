#include "twins/model/route.h"

#include "twins/base/map.h"
#include "twins/base/vector.h"

/*
 * A table a host; in it a tree of path segments. "/a/" has the segments "a"
 * and "", so that an exact "/a/" is not "/a". The root is no segment.
 */

struct end { /* a rule whose path ends at a node */
	const char *method;
	uint32_t value;
};

struct ends {
	TW_VEC(struct end) list;
};

struct node {
	struct tw_map literal; /* segment -> struct node * */
	struct node *any;      /* {name} */
	struct ends exact, template, prefix;
};

struct table {
	struct node root;
};

struct tw_routes {
	struct tw_arena arena;
	struct tw_map exact;	 /* host -> struct table * */
	struct tw_map wildcard;	 /* ".suffix" -> struct table * */
	struct table *any;	 /* rules without a host; NULL: none */
	struct table everything; /* all rules, for an unknown host */
};

#define HOST_MAX 253 /* RFC 1035, in text */

struct tw_routes *tw_routes_new(void)
{
	struct tw_routes *routes = tw_calloc(1, sizeof *routes);

	tw_arena_init(&routes->arena);
	tw_map_init(&routes->exact, &routes->arena);
	tw_map_init(&routes->wildcard, &routes->arena);
	tw_map_init(&routes->everything.root.literal, &routes->arena);
	return routes;
}

void tw_routes_free(struct tw_routes *routes)
{
	if (!routes)
		return;
	tw_arena_release(&routes->arena);
	tw_free(routes);
}

static struct table *table_new(struct tw_routes *routes)
{
	struct table *table = tw_new(&routes->arena, struct table);

	tw_map_init(&table->root.literal, &routes->arena);
	return table;
}

static struct table *table_in(
	struct tw_routes *routes, struct tw_map *map, struct tw_str name)
{
	struct table *table = tw_map_get_n(map, name.p, name.n);

	if (!table) {
		table = table_new(routes);
		tw_map_put_n(map, name.p, name.n, table);
	}
	return table;
}

/* Lower case, without port and final dot; n 0 where it cannot be a host. */
static struct tw_str normal_host(struct tw_str host, char to[HOST_MAX + 1])
{
	const char *colon = host.n ? memrchr(host.p, ':', host.n) : NULL;
	size_t n = host.n;

	if (colon && !memchr(colon, ']', (size_t)(host.p + n - colon)))
		n = (size_t)(colon - host.p);
	if (n && host.p[n - 1] == '.')
		n--;
	if (n > HOST_MAX)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		char c = host.p[i];

		to[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return (struct tw_str){to, n};
}

static struct table *table_of_rule(struct tw_routes *routes, const char *host)
{
	char lower[HOST_MAX + 1];
	struct tw_str name;

	if (!host || !*host || !strcmp(host, "*")) {
		if (!routes->any)
			routes->any = table_new(routes);
		return routes->any;
	}
	name = normal_host(tw_str_of(host), lower);
	if (name.n > 1 && name.p[0] == '*' && name.p[1] == '.')
		return table_in(routes, &routes->wildcard,
			(struct tw_str){name.p + 1, name.n - 1});
	return table_in(routes, &routes->exact, name);
}

static struct tw_str path_only(struct tw_str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '?' || path.p[i] == '#')
			return (struct tw_str){path.p, i};
	return path;
}

/* Takes the next segment off a path that begins with '/'. */
static struct tw_str next_segment(struct tw_str *path)
{
	const char *p = path->p + 1, *end = path->p + path->n;
	const char *slash = memchr(p, '/', (size_t)(end - p));
	struct tw_str segment = {p, (size_t)((slash ? slash : end) - p)};

	path->n = (size_t)(end - (p + segment.n));
	path->p = p + segment.n;
	return segment;
}

static bool is_name(struct tw_str segment)
{
	return segment.n > 2 && segment.p[0] == '{' &&
	       segment.p[segment.n - 1] == '}';
}

static struct node *child(
	struct tw_routes *routes, struct node *node, struct tw_str segment)
{
	struct node *next = tw_map_get_n(&node->literal, segment.p, segment.n);

	if (next)
		return next;
	next = tw_new(&routes->arena, struct node);
	tw_map_init(&next->literal, &routes->arena);
	tw_map_put_n(&node->literal, segment.p, segment.n, next);
	return next;
}

static struct node *any_child(struct tw_routes *routes, struct node *node)
{
	if (!node->any) {
		node->any = tw_new(&routes->arena, struct node);
		tw_map_init(&node->any->literal, &routes->arena);
	}
	return node->any;
}

static void add_to(struct tw_routes *routes, struct table *table,
	struct tw_str path, const struct tw_route_rule *rule)
{
	struct node *node = &table->root;
	struct end end = {
		rule->method ? tw_arena_strdup(&routes->arena, rule->method)
			     : NULL,
		rule->value};
	struct ends *ends;

	while (path.n) {
		struct tw_str segment = next_segment(&path);

		if (rule->match == TW_PATH_TEMPLATE && is_name(segment))
			node = any_child(routes, node);
		else
			node = child(routes, node, segment);
	}
	ends = rule->match == TW_PATH_PREFIX  ? &node->prefix
	       : rule->match == TW_PATH_EXACT ? &node->exact
					      : &node->template;
	tw_vec_push_in(&routes->arena, &ends->list, end);
}

bool tw_routes_add(struct tw_routes *routes, const struct tw_route_rule *rule)
{
	struct tw_str path = tw_str_of(rule->path ? rule->path : "/");
	size_t segments = 0;

	if (!path.n || path.p[0] != '/')
		return false;
	for (size_t i = 0; i < path.n; i++)
		segments += path.p[i] == '/';
	if (segments > TW_ROUTE_SEGMENTS)
		return false;
	/* "/a/" as a prefix is "/a", and "/" is the root. */
	if (rule->match == TW_PATH_PREFIX && path.p[path.n - 1] == '/')
		path.n--;
	add_to(routes, table_of_rule(routes, rule->host), path, rule);
	add_to(routes, &routes->everything, path, rule);
	return true;
}

bool tw_routes_add_endpoint(
	struct tw_routes *routes, const char *name, uint32_t value)
{
	struct tw_route_rule rule = {.match = TW_PATH_TEMPLATE, .value = value};
	const char *space = strchr(name, ' ');
	char method[32], *path;
	bool added;

	if (name[0] == '/') {
		rule.path = name;
		return tw_routes_add(routes, &rule);
	}
	if (space) {
		size_t n = (size_t)(space - name);

		if (n >= sizeof method)
			return false;
		memcpy(method, name, n);
		method[n] = '\0';
		rule.method = method;
		rule.path = space + 1;
		return tw_routes_add(routes, &rule);
	}
	if (!strchr(name, '/'))
		return false;
	path = tw_malloc(strlen(name) + 2);
	path[0] = '/';
	memcpy(path + 1, name, strlen(name) + 1);
	rule.method = "POST";
	rule.path = path;
	rule.match = TW_PATH_EXACT;
	added = tw_routes_add(routes, &rule);
	tw_free(path);
	return added;
}

/* What is looked for on the way through a tree. */
struct wanted {
	struct tw_str method;
	const struct tw_route_filter *filter; /* NULL: all rules */
};

static const struct end *pick(
	const struct ends *ends, const struct wanted *wanted)
{
	const struct tw_route_filter *filter = wanted->filter;
	const struct end *any = NULL;

	for (size_t i = 0; i < ends->list.n; i++) {
		const struct end *end = &ends->list.v[i];

		if (end->method ? !tw_str_equal(wanted->method, end->method)
				: any != NULL)
			continue;
		if (filter && !filter->fits(filter->context, end->value))
			continue;
		if (end->method)
			return end;
		any = end;
	}
	return any;
}

/* A rule for the whole path below `node`; depth is that of the rules. */
static const struct end *find_whole(const struct node *node,
	const struct wanted *wanted, struct tw_str path, bool template)
{
	const struct end *end;
	const struct node *next;
	struct tw_str segment;

	if (!path.n)
		return pick(template ? &node->template : &node->exact, wanted);
	segment = next_segment(&path);
	next = tw_map_get_n(&node->literal, segment.p, segment.n);
	if (next) {
		end = find_whole(next, wanted, path, template);
		if (end)
			return end;
	}
	if (!template || !node->any || !segment.n)
		return NULL;
	return find_whole(node->any, wanted, path, template);
}

static const struct end *find_prefix(const struct node *node,
	const struct wanted *wanted, struct tw_str path)
{
	const struct end *best = NULL;

	while (node) {
		const struct end *end = pick(&node->prefix, wanted);
		struct tw_str segment;

		if (end)
			best = end;
		if (!path.n)
			break;
		segment = next_segment(&path);
		node = tw_map_get_n(&node->literal, segment.p, segment.n);
	}
	return best;
}

static const struct table *table_of_request(
	const struct tw_routes *routes, struct tw_str host)
{
	char lower[HOST_MAX + 1];
	const struct table *table;

	if (!host.p)
		return &routes->everything;
	host = normal_host(host, lower);
	table = tw_map_get_n(&routes->exact, host.p, host.n);
	for (size_t i = 1; !table && i < host.n; i++)
		if (host.p[i] == '.')
			table = tw_map_get_n(
				&routes->wildcard, host.p + i, host.n - i);
	return table ? table : routes->any;
}

bool tw_routes_match_if(const struct tw_routes *routes, struct tw_str host,
	struct tw_str method, struct tw_str path,
	const struct tw_route_filter *filter, uint32_t *value)
{
	const struct table *table = table_of_request(routes, host);
	const struct wanted wanted = {method, filter};
	const struct end *end;

	path = path_only(path);
	if (!table || !path.n || path.p[0] != '/')
		return false;
	end = find_whole(&table->root, &wanted, path, false);
	if (!end)
		end = find_whole(&table->root, &wanted, path, true);
	if (!end)
		end = find_prefix(&table->root, &wanted, path);
	if (!end)
		return false;
	*value = end->value;
	return true;
}

bool tw_routes_match(const struct tw_routes *routes, struct tw_str host,
	struct tw_str method, struct tw_str path, uint32_t *value)
{
	return tw_routes_match_if(routes, host, method, path, NULL, value);
}
