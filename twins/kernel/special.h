/*
 * Special functions of statistics: incomplete gamma and beta, their
 * inverses, normal and Student. Same rules as fmath.h. Microseconds a call:
 * for tables, tests of hypotheses and confidence intervals, not for events.
 *
 * Errors seen against 60-digit values (tests/unit/kernel): 1e-12 relative in
 * probabilities and quantiles, in both tails, for parameters from 1e-2 to 1e4;
 * 1e-10 up to 1e6. Each tail has its own function where 1 - p would lose it.
 */
#ifndef TW_KERNEL_SPECIAL_H
#define TW_KERNEL_SPECIAL_H

/* log of the gamma function, x > 0; 1e-13 relative, near 1 and 2 absolute. */
double tw_lgamma(double x);

/* P(X <= x) and P(X > x) for X of the gamma distribution of shape a > 0 and
 * scale 1: the regularised incomplete gamma functions (DLMF 8.2.4). */
double tw_gamma_lower(double a, double x);
double tw_gamma_upper(double a, double x);
/* log of the x with P(X <= x) = p and P(X > x) = q, where p + q = 1 and each
 * is above 0: the log, since x underflows for small shapes. */
double tw_gamma_inverse_log(double a, double p, double q);
/* 0 < p < 1. */
double tw_gamma_inverse(double a, double p);

/* P(X <= x) for X ~ Beta(a, b): DLMF 8.17.2. a, b > 0, x in [0, 1]. */
double tw_beta_lower(double a, double b, double x);
double tw_beta_inverse(double a, double b, double p);

double tw_normal_cdf(double z);

/* Student's t with df > 0 degrees of freedom (not only whole ones). */
double tw_student_cdf(double t, double df);
double tw_student_inverse(double p, double df);

#endif
