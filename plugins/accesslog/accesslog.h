/*
 * Access logs, one request a line. Each line is known by its first byte:
 *
 *  - Common and combined (nginx, Apache), with a virtual host in front, and
 *    with what is often added behind: `rt=`/`request_time=`/`urt=`…, nginx's
 *    bare $request_time ("0.012"), ingress-nginx's upstream fields, and
 *    `host=`. A whole number behind is not taken for a latency: it may be
 *    microseconds (Apache's %D) or a length;
 *  - Envoy's default text and Istio's longer form of it;
 *  - JSON: Envoy's, with strings (old) or typed values, and the usual names
 *    of nginx's `log_format … escape=json`.
 *
 * Times. nginx writes a line when the answer is done, with whole seconds: where
 * the line has a request time, the start is that much earlier. Envoy writes
 * the start, with milliseconds.
 */
#ifndef TW_PLUGINS_ACCESSLOG_H
#define TW_PLUGINS_ACCESSLOG_H

#include "plugins/accesslog/pairs.h"
#include "plugins/common/json.h"
#include "plugins/common/scratch.h"
#include "plugins/common/text.h"

/* Lines of a log are of few hours: the last hour is kept converted. */
struct tw_log_clock {
	char hour[14]; /* "23/Nov/2026:10" */
	char zone[5];  /* "+0000" */
	int64_t seconds;
};

struct tw_log {
	struct tw_log_clock clock;
	struct tw_json json;
	struct tw_scratch pool;
	enum tw_log_direction direction; /* of the line just read */
	struct tw_log_pairs pairs;
};

/* Each takes one line without its end and returns NULL, or why it cannot be
 * read. Slices point into the line or into the pool. */
const char *tw_log_combined(struct tw_log *log, const char *line, size_t n,
	struct twinrig_exchange *exchange);
const char *tw_log_envoy(struct tw_log *log, const char *line, size_t n,
	struct twinrig_exchange *exchange);
const char *tw_log_json(struct tw_log *log, const char *line, size_t n,
	struct twinrig_exchange *exchange);

/* "GET /a?b HTTP/1.1": false where it has no method and target. */
bool tw_log_request(
	struct twinrig_text text, struct twinrig_exchange *exchange);

/* A number of bytes; 0 where it is "-" or none. */
int64_t tw_log_bytes(struct twinrig_text text);

/* The first address of "10.0.0.1:1234, 10.0.0.2", without its port; absent
 * where it is "-". */
struct twinrig_text tw_log_address(struct twinrig_text text);

/* A cursor over the fields of a line: quoted, in brackets, or up to a blank. */
struct tw_log_cursor {
	const char *p, *end;
};

struct tw_log_field {
	struct twinrig_text text; /* without the quotes or brackets */
	char open;		  /* '"', '[' or 0 */
};

bool tw_log_next(struct tw_log_cursor *cursor, struct tw_log_field *field);

#endif
