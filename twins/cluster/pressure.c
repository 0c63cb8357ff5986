#include "twins/cluster/pressure.h"

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int tw_press_compare(
	const struct tw_pressed *a, const struct tw_pressed *b, unsigned keys)
{
	int way = 0;

	if (keys & TW_PRESS_EXCEEDS)
		way = order(b->usage > b->request, a->usage > a->request);
	if (!way && keys & TW_PRESS_PRIORITY)
		way = order(a->priority, b->priority);
	if (!way && keys & TW_PRESS_EXCESS)
		way = order(b->usage - b->request, a->usage - a->request);
	return way;
}
