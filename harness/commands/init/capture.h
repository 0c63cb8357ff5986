/* Private to init: the endpoints of an entry, as a capture has them. */
#ifndef TW_COMMANDS_INIT_CAPTURE_H
#define TW_COMMANDS_INIT_CAPTURE_H

#include "harness/commands/init/draft.h"

#define TW_INIT_ENDPOINTS 60 /* the busiest; the others become "default" */

struct tw_init_log {
	struct tw_arena arena;
	TW_VEC(struct tw_draft_endpoint) endpoints;
	bool more;	   /* there were more */
	uint64_t requests; /* from outside */
	uint64_t malformed;
};

void tw_init_log_init(struct tw_init_log *log);
void tw_init_log_release(struct tw_init_log *log);
int tw_init_log_read(
	struct tw_init_log *log, const char *path, struct tw_error *error);

#endif
