#include "harness/trial/users.h"

#include "twins/kernel/fmath.h"

#include <stdio.h>

struct tw_users {
	uint32_t n;
	double *upto; /* cumulative, of upto[n - 1] */
};

struct tw_users *tw_users_new(uint32_t count, double skew)
{
	struct tw_users *users = tw_calloc(1, sizeof *users);
	double sum = 0;

	users->n = count;
	users->upto = tw_calloc(count, sizeof *users->upto);
	for (uint32_t k = 0; k < count; k++) {
		sum += 1 / tw_pow((double)k + 1, skew);
		users->upto[k] = sum;
	}
	return users;
}

void tw_users_free(struct tw_users *users)
{
	if (!users)
		return;
	tw_free(users->upto);
	tw_free(users);
}

uint64_t tw_users_key(const struct tw_users *users, double u)
{
	double at = u * users->upto[users->n - 1];
	uint32_t low = 0, high = users->n - 1;
	char name[24];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (users->upto[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return tw_key_hash(
		name, (size_t)snprintf(name, sizeof name, "user-%u", low + 1));
}
