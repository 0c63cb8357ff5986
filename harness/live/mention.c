#include "harness/live/mention.h"

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Cuts off what every Service's name may end with (DNS for Services). */
static struct tw_str without_domain(struct tw_str host)
{
	static const char *const ends[] = {".", ".cluster.local", ".svc", NULL};

	for (size_t i = 0; ends[i]; i++) {
		size_t n = strlen(ends[i]);

		if (host.n > n && memcmp(host.p + host.n - n, ends[i], n) == 0)
			host.n -= n;
	}
	return host;
}

static const struct tw_spec_service *service_of(
	const struct tw_spec *spec, const char *namespace, struct tw_str host)
{
	const char *dot = memchr(host.p, '.', host.n);
	const struct tw_spec_service *service = NULL;
	char name[64], space[64]; /* DNS labels have at most 63 bytes */
	size_t n = dot ? (size_t)(dot - host.p) : host.n;

	if (n == 0 || n >= sizeof name || host.n - n > sizeof space)
		return NULL;
	memcpy(name, host.p, n);
	name[n] = '\0';
	if (!dot)
		return tw_spec_find_service(spec, namespace, name);
	memcpy(space, dot + 1, host.n - n - 1);
	space[host.n - n - 1] = '\0';
	if (!strchr(space, '.'))
		service = tw_spec_find_service(spec, space, name);
	return service;
}

static size_t read_port(const char *p, int64_t *port)
{
	size_t n = 1;

	*port = 0;
	if (*p != ':')
		return 0;
	for (; p[n] >= '0' && p[n] <= '9' && n < 6; n++)
		*port = *port * 10 + (p[n] - '0');
	return *port > 0 ? n : 0;
}

bool tw_mention_next(const struct tw_spec *spec, const char *namespace,
	const char *text, size_t from, struct tw_mention *mention)
{
	size_t i = from;

	while (text[i]) {
		size_t end = i;
		struct tw_str host;

		while (name_char(text[end]))
			end++;
		if (end == i) {
			i++;
			continue;
		}
		host = without_domain((struct tw_str){text + i, end - i});
		mention->service = service_of(spec, namespace, host);
		mention->begin = i;
		mention->end = end + read_port(text + end, &mention->port);
		mention->bare = !memchr(host.p, '.', host.n) &&
				!mention->port &&
				(i < 2 || memcmp(text + i - 2, "//", 2) != 0);
		/* "/catalog" is a path, "//catalog" a host. */
		if (mention->service && i > 0 && text[i - 1] == '/' &&
			(i < 2 || text[i - 2] != '/'))
			mention->service = NULL;
		if (mention->service)
			return true;
		i = mention->end;
	}
	return false;
}
