/* What the cases of the autoscaler have in common. */
#ifndef TW_TESTS_CONFORMANCE_HPA_H
#define TW_TESTS_CONFORMANCE_HPA_H

#include "tests/conformance/conformance.h"
#include "twins/cluster/hpa.h"

/* The key is there and not null. */
bool hpa_given(const struct tw_yaml *map, const char *key);
bool hpa_text_is(const struct tw_yaml *map, const char *key, const char *v);
tw_time hpa_seconds(const struct tw_yaml *map, const char *key);

/* `in.pods` with `in.samples`, and samples of pods that are not there. */
struct tw_hpa_pod *hpa_pods(
	struct conformance *c, const char *container, size_t *n);
int64_t *hpa_values(struct conformance *c, size_t *n);
struct tw_hpa_timing hpa_timing(const struct tw_yaml *in);
bool hpa_request_of(struct conformance *c, const struct tw_yaml *pod,
	const char *resource, const char *container, bool pod_level,
	int64_t *to);

/* At most so many policies in a case. */
struct hpa_rules {
	struct tw_hpa_rules it;
	struct tw_hpa_policy policies[8];
};

/* null: the defaults. */
const struct tw_hpa_rules *hpa_rules(
	const struct tw_yaml *it, bool up, struct hpa_rules *to);
void hpa_recommendations(
	const struct tw_yaml *list, struct tw_hpa_recommendations *to);

#endif
