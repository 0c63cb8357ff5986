/*
 * Distributions of times, as people write them:
 *	5ms				constant
 *	{p50: 2ms, p99: 9ms}		lognormal through both
 *	{mean: 2ms, cv: 0.5}		lognormal
 *	{mean: 2ms, dist: exponential}
 *	{mean: 2ms, shape: 4}		gamma; dist: erlang wants a whole shape
 *	{min: 1ms, max: 3ms}		uniform
 *	{min: 1ms, alpha: 2.5}		Pareto
 *	{p10: 1ms, p50: 2ms, p99: 9ms}	empirical; also quantiles: {0.1: 1ms}
 */
#ifndef TW_HARNESS_CONFIG_LAW_H
#define TW_HARNESS_CONFIG_LAW_H

#include "harness/config/schema.h"

extern const struct tw_table tw_law_table;

void tw_law_read(struct tw_schema_reader *reader, const char *name,
	struct tw_law *law, struct tw_yaml *node);

#endif
