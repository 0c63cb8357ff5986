/*
 * NetflixACAJudge-v1.0 of Kayenta (github.com/spinnaker/kayenta, v2.46.0): the
 * classification of one metric and the score of all, by a canary config.
 *
 * What its users complain of is kept, since it is what they have: the
 * tolerance is a share of the shift itself, so that small true regressions
 * pass and a tight null does not; runs of zeros hide errors; the solver's 1e-4
 * makes the answer hang on the unit (set `unit: ms`).
 */
#ifndef TW_JUDGES_KAYENTA_H
#define TW_JUDGES_KAYENTA_H

#include "harness/judges/kayenta_stats.h"
#include "twins/base/memory.h"
#include "twins/base/vector.h"

enum tw_kayenta_class {
	TW_KAYENTA_PASS,
	TW_KAYENTA_HIGH,
	TW_KAYENTA_LOW,
	TW_KAYENTA_NODATA,
	TW_KAYENTA_NODATA_FAIL,
};
extern const char *const tw_kayenta_class_names[5];

enum tw_kayenta_direction {
	TW_KAYENTA_EITHER,
	TW_KAYENTA_INCREASE,
	TW_KAYENTA_DECREASE,
};

/* Of one metric: analysisConfigurations.canary. */
struct tw_kayenta_rule {
	enum tw_kayenta_direction direction;
	bool replace_nan; /* nanStrategy: replace; else remove */
	bool critical, must_have_data, muted;
	bool drop_outliers;		 /* outliers.strategy: remove */
	double outlier_factor;		 /* 3 */
	bool cles;			 /* effectSize.measure */
	double tolerance;		 /* 0.25: of the estimated shift */
	double confidence;		 /* 0.98 */
	double allowed[2], criticals[2]; /* [decrease, increase] */
};

struct tw_kayenta_found {
	enum tw_kayenta_class class;
	bool critical; /* past the critical thresholds as well */
	double effect; /* NaN: there is none */
};

void tw_kayenta_rule_init(struct tw_kayenta_rule *rule);

/* Values may hold NaN; neither array is changed. */
struct tw_kayenta_found tw_kayenta_classify(const struct tw_kayenta_rule *rule,
	const double *experiment, size_t n, const double *control, size_t m);
/* MeanInequalityClassifier: the means alone. */
enum tw_kayenta_class tw_kayenta_mean_inequality(
	enum tw_kayenta_direction direction, const double *experiment, size_t n,
	const double *control, size_t m);

struct tw_kayenta_scored {
	enum tw_kayenta_class class;
	bool critical;
	const char *const *groups; /* names */
	size_t n_groups;
};

struct tw_kayenta_weight {
	const char *group;
	double weight;
};

/* The summary score, 0 to 100, of metrics that are not muted. */
double tw_kayenta_score(const struct tw_kayenta_scored *metrics, size_t n,
	const struct tw_kayenta_weight *weights, size_t n_weights);

#endif
