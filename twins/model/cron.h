/*
 * Schedules of CronJobs: "M H DAY MONTH WEEKDAY", each `*`, a number, a range
 * "1-5", a list "1,3", a step "0-30/10"; months and weekdays also by name, 7 as
 * Sunday; and "@yearly", "@annually", "@monthly", "@weekly", "@daily",
 * "@midnight", "@hourly". Where both the day and the weekday are not `*`,
 * either is enough.
 *
 * Source: Kubernetes' CronJob (batch/v1, spec.schedule) and the parser that it
 * uses, github.com/robfig/cron v3, parser.go and spec.go. "@every" and time
 * zones are not read: the clock of a run is in the schedule's zone.
 */
#ifndef TW_MODEL_CRON_H
#define TW_MODEL_CRON_H

#include "twins/base/error.h"
#include "twins/base/units.h"

struct tw_cron {
	uint64_t minutes, hours, days, months, weekdays; /* bits */
	bool any_day, any_weekday;			 /* `*` or `?` */
};

int tw_cron_parse(
	struct tw_cron *cron, const char *text, struct tw_error *error);

/* The first start after `after`, ns since a Monday that is the first of
 * January of a common year, 00:00; TW_NEVER: there is none in four years. */
tw_time tw_cron_next(const struct tw_cron *cron, tw_time after);

#endif
