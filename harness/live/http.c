#include "harness/live/http.h"

static bool listed(struct tw_str name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tw_str_equal_nocase(name, tw_str_of(list[i])))
			return true;
	return false;
}

#define LISTED(name, list) listed(name, list, sizeof(list) / sizeof *(list))

const struct tw_http_header *tw_http_find(
	const struct tw_http_headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->n; i++)
		if (tw_str_equal_nocase(headers->v[i].name, tw_str_of(name)))
			return &headers->v[i];
	return NULL;
}

bool tw_http_hop_by_hop(struct tw_str name)
{
	static const char *const list[] = {
		"connection",
		"content-length",
		"keep-alive",
		"proxy-authenticate",
		"proxy-authorization",
		"proxy-connection",
		"te",
		"trailer",
		"transfer-encoding",
		"upgrade",
	};

	return LISTED(name, list);
}

/* RFC 9110, 5.6.2: the characters of a token. */
static bool token_char(unsigned char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		(c >= 'a' && c <= 'z'))
		return true;
	return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

bool tw_http_header_valid(const struct tw_http_header *header)
{
	if (header->name.n == 0)
		return false;
	for (size_t i = 0; i < header->name.n; i++)
		if (!token_char((unsigned char)header->name.p[i]))
			return false;
	for (size_t i = 0; i < header->value.n; i++) {
		unsigned char c = (unsigned char)header->value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* RFC 9110, section 15; what servers behind a mesh really send. */
const char *tw_http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} list[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (list[i].status == status)
			return list[i].reason;
	return "";
}
