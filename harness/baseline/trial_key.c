#include "harness/baseline/trial_key.h"

#include "harness/baseline/observed.h"

#include <stdio.h>

static void add_number(
	struct tw_digest *digest, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	tw_digest_part(digest, name, text);
}

char *tw_trial_key(const struct tw_trial_identity *identity,
	char to[static TW_DIGEST_TEXT])
{
	char format[TW_OBSERVED_FORMAT], factor[TW_REAL_TEXT];
	struct tw_digest digest;

	tw_digest_init(&digest);
	tw_digest_part(&digest, "twinrig", TW_VERSION);
	tw_digest_part(&digest, "semantics", tw_semantics);
	tw_digest_part(&digest, "format", tw_observed_format(format));
	tw_digest_part(&digest, "inputs", identity->inputs);
	tw_digest_part(&digest, "faults", identity->faults);
	tw_digest_part(&digest, "flow", identity->flow);
	tw_digest_part(
		&digest, "factor", tw_real_text(identity->factor, factor));
	add_number(&digest, "seed", identity->seed);
	add_number(&digest, "replication", identity->replication);
	return tw_digest_text(&digest, to);
}

char *tw_faults_digest(
	const struct tw_scenario *scenario, char to[static TW_DIGEST_TEXT])
{
	struct tw_digest digest;

	tw_digest_init(&digest);
	for (size_t i = 0; scenario && i < scenario->faults.n; i++) {
		const struct tw_fault *fault = scenario->faults.v[i];

		tw_digest_part(&digest, fault->kind->name, fault->label);
		tw_digest_u64(&digest, fault->hash);
		tw_digest_u64(&digest, (uint64_t)fault->at);
		tw_digest_u64(&digest, (uint64_t)fault->end);
	}
	return tw_digest_text(&digest, to);
}

static void add_target(
	struct tw_digest *digest, const struct tw_flow_target *target)
{
	tw_digest_part(digest, target->service, target->endpoint);
	tw_digest_u64(digest, target->traits);
	tw_digest_u64(digest, (uint64_t)target->respond);
	tw_digest_u64(digest, target->request_bytes.sum);
	tw_digest_u64(digest, target->request_bytes.n);
	tw_digest_u64(digest, target->answer_bytes.sum);
	tw_digest_u64(digest, target->answer_bytes.n);
}

/*
 * Targets are numbered as this side first uses them: their places in the flow
 * hang on what the other side knows too.
 */
char *tw_flow_digest(const struct tw_flow *flow, enum tw_flow_side side,
	uint64_t seed, uint32_t replication, char to[static TW_DIGEST_TEXT])
{
	uint64_t *numbers = tw_calloc(flow->n_targets + 1, sizeof *numbers);
	void *cursor = flow->vtable->open(flow, side, seed, replication);
	struct tw_flow_arrival arrival;
	struct tw_digest digest;
	uint64_t used = 0;

	tw_digest_init(&digest);
	add_number(&digest, "duration", (uint64_t)flow->duration);
	add_number(&digest, "warmup", (uint64_t)flow->warmup);
	while (flow->vtable->next(cursor, &arrival)) {
		uint64_t number = 0;

		if (arrival.target != TW_FLOW_LOST) {
			number = numbers[arrival.target];
			if (!number) {
				number = numbers[arrival.target] = ++used;
				add_target(&digest,
					&flow->targets[arrival.target]);
			}
		}
		tw_digest_u64(&digest, (uint64_t)arrival.at);
		tw_digest_u64(&digest, arrival.position);
		tw_digest_u64(&digest, (uint64_t)arrival.pass << 32 | number);
		for (uint32_t i = 0; arrival.keys && i < flow->n_keys[side];
			i++)
			tw_digest_u64(&digest, arrival.keys[i]);
	}
	flow->vtable->close(cursor);
	tw_free(numbers);
	return tw_digest_text(&digest, to);
}
