#include "harness/judges/argo.h"

const char *const tw_argo_phase_names[7] = {"", "Pending", "Running",
	"Successful", "Inconclusive", "Error", "Failed"};

/* 0: there is no end. */
static int64_t effective_count(const struct tw_argo_limits *limits)
{
	if (limits->count > 0)
		return limits->count;
	return limits->interval > 0 ? 0 : 1;
}

/* A limit that is passed; of several the later one here wins. */
static struct tw_argo_assessed beyond(const struct tw_argo_limits *limits,
	const struct tw_argo_counts *counts)
{
	struct tw_argo_assessed found = {TW_ARGO_NONE, NULL};

	if (limits->failure >= 0 && counts->failed > limits->failure)
		found = (struct tw_argo_assessed){
			TW_ARGO_FAILED, "failureLimit"};
	if (counts->inconclusive > limits->inconclusive)
		found = (struct tw_argo_assessed){
			TW_ARGO_INCONCLUSIVE, "inconclusiveLimit"};
	if (counts->consecutive_error > limits->consecutive_error)
		found = (struct tw_argo_assessed){
			TW_ARGO_ERROR, "consecutiveErrorLimit"};
	return found;
}

struct tw_argo_assessed tw_argo_assess(const struct tw_argo_limits *limits,
	const struct tw_argo_counts *counts, bool terminating)
{
	struct tw_argo_assessed found = {counts->phase, NULL};
	int64_t end = effective_count(limits);

	if (tw_argo_is_complete(counts->phase))
		return found;
	found.phase = terminating ? TW_ARGO_SUCCESSFUL : TW_ARGO_PENDING;
	if (counts->last == TW_ARGO_NONE)
		return found;
	found.phase = TW_ARGO_RUNNING;
	if (!tw_argo_is_complete(counts->last))
		return found;
	found = beyond(limits, counts);
	if (found.phase != TW_ARGO_NONE)
		return found;
	if (limits->consecutive_success > 0 &&
		counts->consecutive_success >= limits->consecutive_success)
		found.phase = TW_ARGO_SUCCESSFUL;
	else if (end && counts->count >= end)
		found.phase = limits->consecutive_success <= 0
				      ? TW_ARGO_SUCCESSFUL
			      : limits->failure < 0 ? TW_ARGO_FAILED
						    : TW_ARGO_INCONCLUSIVE;
	else
		found.phase =
			terminating ? TW_ARGO_SUCCESSFUL : TW_ARGO_RUNNING;
	return found;
}

enum tw_argo_phase tw_argo_evaluate(
	enum tw_argo_truth success, enum tw_argo_truth failure)
{
	if (success == TW_ARGO_BROKEN || failure == TW_ARGO_BROKEN)
		return TW_ARGO_ERROR;
	if (failure == TW_ARGO_TRUE)
		return TW_ARGO_FAILED;
	if (success == TW_ARGO_FALSE)
		return failure == TW_ARGO_ABSENT ? TW_ARGO_FAILED
						 : TW_ARGO_INCONCLUSIVE;
	return TW_ARGO_SUCCESSFUL;
}

void tw_argo_count(struct tw_argo_counts *counts, enum tw_argo_phase phase)
{
	counts->last = phase;
	if (phase == TW_ARGO_ERROR) {
		counts->consecutive_error++;
		counts->consecutive_success = 0;
		return;
	}
	counts->count++;
	counts->consecutive_error = 0;
	counts->successful += phase == TW_ARGO_SUCCESSFUL;
	counts->failed += phase == TW_ARGO_FAILED;
	counts->inconclusive += phase == TW_ARGO_INCONCLUSIVE;
	counts->consecutive_success = phase == TW_ARGO_SUCCESSFUL
					      ? counts->consecutive_success + 1
					      : 0;
}

/* Successful < Running < Pending < Inconclusive < Error < Failed. */
static int rank_of(enum tw_argo_phase phase)
{
	static const int ranks[7] = {-1, 2, 1, 0, 3, 4, 5};

	return ranks[phase];
}

bool tw_argo_is_worse(enum tw_argo_phase a, enum tw_argo_phase b)
{
	return rank_of(b) > rank_of(a);
}

enum tw_argo_phase tw_argo_worst(enum tw_argo_phase a, enum tw_argo_phase b)
{
	return tw_argo_is_worse(a, b) ? b : a;
}

bool tw_argo_terminates(bool asked, enum tw_argo_phase run,
	const struct tw_argo_part *parts, size_t n)
{
	if (asked || tw_argo_is_complete(run))
		return true;
	for (size_t i = 0; i < n; i++)
		if (!parts[i].dry_run &&
			(parts[i].phase == TW_ARGO_FAILED ||
				parts[i].phase == TW_ARGO_ERROR ||
				parts[i].phase == TW_ARGO_INCONCLUSIVE))
			return true;
	return false;
}
