/*
 * A streaming JSON reader (RFC 8259): one token a call, constant memory.
 *
 *	struct tw_json json;
 *	tw_json_init(&json, source);          or tw_json_init_text(...)
 *	while (tw_json_next(&json) > TW_JSON_END)
 *		...
 *	if (json.type == TW_JSON_ERROR) ... json.error, .line, .column
 *	tw_json_release(&json);
 *
 * It validates all: grammar, UTF-8, control characters, nesting (at most
 * TW_JSON_DEPTH). A byte order mark at the front is skipped. Half a surrogate
 * pair reads as U+FFFD. Numbers are kept as text; whole ones that fit are
 * given as int64_t too, exactly. Nothing depends on the locale.
 *
 * It needs nothing but libc and the source of twinrig-plugin.h, so that
 * plugins and the program share it.
 */
#ifndef TW_PLUGINS_COMMON_JSON_H
#define TW_PLUGINS_COMMON_JSON_H

#include "plugins/twinrig-plugin.h"

#include <stdbool.h>

#define TW_JSON_DEPTH 512u

enum tw_json_type {
	TW_JSON_ERROR, /* sticky: every later call says so too */
	TW_JSON_END,   /* the one value is complete and nothing follows */
	TW_JSON_NULL,
	TW_JSON_FALSE,
	TW_JSON_TRUE,
	TW_JSON_NUMBER,
	TW_JSON_STRING,
	TW_JSON_KEY, /* of the value that the next call gives */
	TW_JSON_OBJECT,
	TW_JSON_OBJECT_END,
	TW_JSON_ARRAY,
	TW_JSON_ARRAY_END,
};

struct tw_json {
	/* The token: valid until the next call. */
	enum tw_json_type type;
	/* STRING, KEY: decoded, may hold NULs; NUMBER: as written. */
	struct twinrig_text text;
	bool is_integer; /* NUMBER without fraction or exponent, in range */
	int64_t integer;
	unsigned depth;	 /* of containers open after this token */
	uint64_t line;	 /* where the token, or the error, is; from 1 */
	uint64_t column; /* of an error only: bytes, from 1 */
	const char *error;
	/* The host's failure rather than the text's (source->more: -1). */
	bool failed;
	/* The raw token is at offset begin..end of the text given to
	 * tw_json_init_text(); a KEY's ends before its colon. */
	size_t begin, end;

	/* The reader's own. */
	struct twinrig_source *source;
	const char *data;
	size_t size, at;
	uint64_t base, line_base;
	unsigned state;
	bool ended;
	uint64_t stack[TW_JSON_DEPTH / 64];
	char *decoded;
	size_t decoded_cap;
};

/* Reads from where the source's window begins. */
void tw_json_init(struct tw_json *json, struct twinrig_source *source);
void tw_json_init_text(struct tw_json *json, const char *text, size_t size);
/* A new text with the memory of the old. */
void tw_json_reset(struct tw_json *json, const char *text, size_t size);
void tw_json_release(struct tw_json *json);

enum tw_json_type tw_json_next(struct tw_json *json);

/* After OBJECT or ARRAY: reads past its end; after KEY: past its value; else
 * nothing. false: the text is broken (type is TW_JSON_ERROR). */
bool tw_json_skip(struct tw_json *json);

static inline bool tw_json_is(const struct tw_json *json, const char *text)
{
	size_t i = 0;

	while (i < json->text.n && text[i] && json->text.p[i] == text[i])
		i++;
	return i == json->text.n && !text[i];
}

/*
 * Escapes for the inside of a JSON string: quotes, backslashes and controls;
 * UTF-8 stays as it is. Takes from *p as much as fits into `room` bytes (at
 * least 6) and returns how many it wrote; done when *p is `end`.
 */
size_t tw_json_escape(const char **p, const char *end, char *to, size_t room);

#endif
