/*
 * The hold model: of N pending events the first is taken and one is scheduled
 * after it, over and over (D. W. Jones, "An empirical comparison of
 * priority-queue and event-set implementations", CACM 29(4), 1986).
 *
 *	hold PENDING EVENTS [ties]
 *
 * Delays are exponential, or with `ties` whole numbers from 1 to 10, so that
 * about a tenth of all events fall on each instant. Prints "ns-per-event
 * checksum": the checksum depends on the order and on nothing else.
 */
#include "twins/kernel/dist.h"
#include "twins/kernel/queue.h"
#include "twins/kernel/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A stock of delays, so that drawing them is not what is measured. */
#define DELAYS 65536
static tw_time delays[DELAYS];

static void draw_delays(bool ties)
{
	struct tw_dist law = {.kind = TW_DIST_EXPONENTIAL, .a = (double)TW_MS};

	for (uint32_t i = 0; i < DELAYS; i++)
		delays[i] = ties ? 1 + tw_draw_below(1, i, TW_DRAW_WORK, 0, 10)
				 : tw_dist_sample(&law,
					   tw_draw(1, i, TW_DRAW_WORK, 0));
}

int main(int argc, char **argv)
{
	uint32_t pending =
		argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100;
	uint32_t n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
	struct tw_queue queue;
	struct tw_event event;
	uint64_t sum = 0;
	double start;

	draw_delays(argc > 3 && !strcmp(argv[3], "ties"));
	tw_queue_init(&queue);
	for (uint32_t i = 0; i < pending; i++)
		tw_queue_schedule(&queue, delays[i % DELAYS],
			TW_CLASS_COMPLETION, 1, i, 0);
	start = cpu_seconds();
	for (uint32_t i = 0; i < n; i++) {
		tw_queue_pop(&queue, &event);
		sum = sum * 31 + event.a;
		tw_queue_schedule(&queue,
			event.at + delays[(i ^ event.a) % DELAYS],
			TW_CLASS_COMPLETION, 1, event.a, 0);
	}
	printf("%.1f %016llx\n", (cpu_seconds() - start) * 1e9 / n,
		(unsigned long long)sum);
	tw_queue_release(&queue);
	return 0;
}
