/*
 * Path templates inferred from traffic: what is an id becomes {id}, so that
 * requests fall into few endpoints ("GET /product/{id}").
 *
 * A segment collapses by its form: digits {id} (also "order-1001"), UUID
 * {uuid}, 8 or more hexadecimal digits {hash}, a date {date}, 20 or more
 * letters mixed with digits {token}, an address {email}. Beyond that, where a
 * place in the tree of paths has more than TW_TEMPLATES_CHILDREN literal
 * values (TW_TEMPLATES_ROOT at the top), all of them become one {name}.
 *
 * The result is a function of the set of requests: their order does not
 * matter (up to TW_TEMPLATES_NODES places; beyond, new literals collapse at
 * once). So one pass is enough: add() gives a provisional number, and after
 * finish() tw_templates_final() says which template it came to be.
 */
#ifndef TW_HARNESS_CAPTURE_TEMPLATES_H
#define TW_HARNESS_CAPTURE_TEMPLATES_H

#include "twins/base/text.h"

#define TW_TEMPLATES_CHILDREN 64
#define TW_TEMPLATES_ROOT     256
#define TW_TEMPLATES_NODES    200000
#define TW_TEMPLATES_DEPTH    16 /* what lies deeper is {name} throughout */

struct tw_templates;

struct tw_templates *tw_templates_new(void);
void tw_templates_free(struct tw_templates *templates);

/* One request; `path` may carry a query. Returns its provisional number. */
uint32_t tw_templates_add(struct tw_templates *templates, struct tw_str method,
	struct tw_str path);

/* After it nothing is added. The templates are sorted by name. */
void tw_templates_finish(struct tw_templates *templates);

size_t tw_templates_count(const struct tw_templates *templates);
/* "GET /product/{id}". */
const char *tw_templates_name(
	const struct tw_templates *templates, size_t index);
uint64_t tw_templates_requests(
	const struct tw_templates *templates, size_t index);
/* Provisional number -> index. */
uint32_t tw_templates_final(
	const struct tw_templates *templates, uint32_t provisional);

#endif
