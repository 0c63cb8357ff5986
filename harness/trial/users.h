/*
 * Made-up users, where no capture tells whose requests they are: a number of
 * them, of which the k-th most frequent makes a part 1 / k^skew of the requests
 * (Zipf's law; 0: all alike).
 */
#ifndef TW_TRIAL_USERS_H
#define TW_TRIAL_USERS_H

#include "twins/model/keys.h"

#define TW_USERS_MAX 10000000

struct tw_users;

struct tw_users *tw_users_new(uint32_t count, double skew);
void tw_users_free(struct tw_users *users); /* NULL is fine */

/* The hash of the user who makes a request; u: uniform in (0, 1). Of "user-K",
 * as a header of that value would have it. */
uint64_t tw_users_key(const struct tw_users *users, double u);

#endif
