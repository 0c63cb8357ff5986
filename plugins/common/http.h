/*
 * One HTTP/1 message that was captured whole, taken apart: the plain ones by
 * tw_http_plain(), all others by llhttp.
 *
 * Slices point into the message, but for a chunked body, which is decoded
 * into memory of the parser's. All is valid until the next parse.
 */
#ifndef TW_PLUGINS_COMMON_HTTP_H
#define TW_PLUGINS_COMMON_HTTP_H

#include "plugins/common/scratch.h"

#include <stdbool.h>

enum tw_http_kind { TW_HTTP_REQUEST, TW_HTTP_RESPONSE };

struct tw_http {
	struct twinrig_text method, target; /* of a request */
	struct twinrig_text protocol;	    /* "HTTP/1.1" */
	int status;			    /* of a response */
	struct tw_header_list headers;
	struct twinrig_text body;
	bool truncated; /* the body is shorter than its headers say: cut by
			 * the recorder, or an answer to HEAD */
	const char *error;
	char protocol_text[16];

	/* The parser's own. */
	bool in_name, complete, chunked;
	size_t body_cap;
	char *decoded;
};

void tw_http_init(struct tw_http *http);
void tw_http_release(struct tw_http *http);

/* Interim answers (1xx, but 101) before the final one are passed over. -1:
 * http->error says why it is no such message. */
int tw_http_parse(struct tw_http *http, enum tw_http_kind kind,
	const char *data, size_t size);

/* The halves of it. tw_http_plain(): false, it is not so plain, and *http is
 * as good as empty; tw_http_full() reads all. */
bool tw_http_plain(struct tw_http *http, enum tw_http_kind kind,
	const char *data, size_t size);
int tw_http_full(struct tw_http *http, enum tw_http_kind kind, const char *data,
	size_t size);

#endif
