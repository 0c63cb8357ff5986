/*
 * `twinrig run --watch`: what `kubectl get WHAT --watch` would have shown, with
 * the time of the run in front. Columns and ages are kubectl's (kubernetes/
 * pkg/printers/internalversion/printers.go; apimachinery/pkg/util/duration,
 * HumanDuration); a row is printed again whenever its object changes. What is
 * there when the run begins is as old as the run.
 */
#ifndef TW_COMMANDS_RUN_WATCH_H
#define TW_COMMANDS_RUN_WATCH_H

#include "twins/base/error.h"
#include "twins/observe/watch.h"

#include <stdio.h>

/* An age as kubectl prints it: "45s", "3m12s", "17m", "2d3h". */
#define TW_AGE_TEXT 24
char *tw_age_text(tw_time age, char to[static TW_AGE_TEXT]);

/* `what`: "pods", "nodes", "deployments", "events". -1: it is none of these. */
int tw_watch_init(struct tw_watcher *watcher, const char *what, FILE *out,
	struct tw_error *error);
/* The heading of the table. */
void tw_watch_begin(const struct tw_watcher *watcher, const char *what);

#endif
