#!/usr/bin/python3
"""The system of tandem.c in SimPy 3: a process a request, a Resource a station.

Prints "requests cpu-seconds mean-response".
"""
import random
import sys
import time

import simpy

STATIONS, SERVERS, LOAD = 8, 16, 0.8
total = [0.0, 0]


def request(env, stations, rng):
    start = env.now
    for station in stations:
        with station.request() as turn:
            yield turn
            yield env.timeout(rng.expovariate(1.0))
    total[0] += env.now - start
    total[1] += 1


def arrivals(env, stations, rng, n):
    for _ in range(n):
        yield env.timeout(rng.expovariate(LOAD * SERVERS))
        env.process(request(env, stations, rng))


def main():
    n = int(sys.argv[1])
    rng = random.Random(1)
    env = simpy.Environment()
    stations = [simpy.Resource(env, SERVERS) for _ in range(STATIONS)]
    start = time.process_time()
    env.process(arrivals(env, stations, rng, n))
    env.run()
    print(n, f"{time.process_time() - start:.3f}", f"{total[0] / total[1]:.4f}")


main()
