"""What is compared: systems, and the cases that each is put to.

A system has services (known work, see service.c) and proxies with known
policies. Whatever a case says is said twice from the same words: once to the
real servers (their command lines, haproxy.cfg, nginx.conf) and once to the
twin (manifests, twin model, faults of a scenario).
"""
from dataclasses import dataclass, field, replace

MS = 1_000_000
S = 1_000_000_000


@dataclass(frozen=True)
class Service:
    name: str
    replicas: int
    workers: int
    queue: int
    law: str                # constant, exponential, lognormal
    mean: int               # ns
    cv: float = 0
    calls: str = ""         # another service, through its proxy
    work: str = "wait"      # or cpu


@dataclass(frozen=True)
class Policy:
    """Of a proxy, towards one service."""
    try_timeout: int = 0    # ns; 0: ten seconds, which is never reached
    retries: int = 0
    on: tuple = ()          # connect-failure, reset, timeout
    passive: int = 0        # nginx: one failure takes a replica out so long, ns


@dataclass(frozen=True)
class Fault:
    kind: str               # kill, lag, slow
    at: float               # share of the case's length
    until: float
    service: str
    value: int = 0          # lag: ns; slow: permille


@dataclass(frozen=True)
class System:
    name: str
    services: tuple         # the first is the entry
    proxies: dict           # service -> haproxy or nginx
    capacity: float         # requests/s: the least workers/mean
    quiet: bool = False     # wants a core of its own


@dataclass(frozen=True)
class Case:
    system: str
    name: str
    load: float             # of capacity
    seconds: float
    policy: dict = field(default_factory=dict)
    fault: Fault = None
    fit: bool = False       # parameters come from it
    again: str = ""         # the same as that case, for the noise (A/A)
    quick: bool = False     # also of the short run

    @property
    def key(self):
        return self.system + "-" + self.name


# ---- systems ----------------------------------------------------------------

def system(name, services, proxies, quiet=False):
    capacity = min(s.replicas * s.workers / (s.mean / S) for s in services)
    return System(name, tuple(services), proxies, capacity, quiet)


SYSTEMS = {s.name: s for s in (
    system("pool",
           [Service("api", 3, 4, 40, "lognormal", 20 * MS, 0.5)],
           {"api": "haproxy"}),
    system("even",
           [Service("api", 2, 8, 40, "constant", 20 * MS)],
           {"api": "nginx"}),
    system("chain",
           [Service("front", 2, 16, 64, "exponential", 8 * MS, calls="back"),
            Service("back", 3, 4, 40, "exponential", 24 * MS)],
           {"front": "nginx", "back": "haproxy"}),
    system("spin",
           [Service("api", 1, 1, 40, "exponential", 4 * MS, work="cpu")],
           {"api": "haproxy"}, quiet=True),
)}


# ---- cases ------------------------------------------------------------------

TRIES = Policy(150 * MS, 2, ("connect-failure", "reset", "timeout"))
SHORT = Policy(100 * MS, 1, ("connect-failure", "reset", "timeout"))
PASSIVE = Policy(0, 1, ("connect-failure", "reset"), 2 * S)
FAILOVER = Policy(0, 2, ("connect-failure", "reset"))
TIMEOUT = Policy(150 * MS)


def loads(name, seconds, quick=()):
    """The ladder: two steps to fit from, three to predict."""
    for load in 30, 60, 80, 95, 120:
        yield Case(name, "%d" % load, load / 100,
                   seconds * (1.5 if load == 95 else 1),
                   fit=load <= 60, quick=load in quick)


CASES = [
    *loads("pool", 15, quick=(30, 60, 80, 120)),
    Case("pool", "80-again", 0.8, 15, again="80", quick=True),
    Case("pool", "95-again", 0.95, 22.5, again="95"),
    Case("pool", "60-timeout", 0.6, 15, {"api": TIMEOUT}),
    Case("pool", "80-tries", 0.8, 15, {"api": TRIES}),
    Case("pool", "120-timeout", 1.2, 15, {"api": TIMEOUT}),
    Case("pool", "120-tries", 1.2, 15, {"api": TRIES}, quick=True),
    Case("pool", "60-lost", 0.6, 20, {"api": FAILOVER},
         Fault("kill", 1 / 4, 1 / 2, "api")),
    Case("pool", "80-lost", 0.8, 20, {"api": FAILOVER},
         Fault("kill", 1 / 4, 1 / 2, "api")),
    Case("pool", "60-lag", 0.6, 20, {"api": TIMEOUT},
         Fault("lag", 1 / 4, 1 / 2, "api", 50 * MS), quick=True),
    Case("pool", "80-slow", 0.8, 20, {},
         Fault("slow", 1 / 4, 1 / 2, "api", 3000)),
    Case("pool", "80-storm", 0.8, 20, {"api": TRIES},
         Fault("slow", 1 / 4, 1 / 2, "api", 3000), quick=True),
    *loads("even", 15, quick=(30, 60, 95)),
    Case("even", "80-tries", 0.8, 15, {"api": SHORT}),
    Case("even", "120-tries", 1.2, 15, {"api": SHORT}),
    Case("even", "40-lost", 0.4, 20, {"api": FAILOVER},
         Fault("kill", 1 / 4, 1 / 2, "api"), quick=True),
    Case("even", "40-passive", 0.4, 20, {"api": PASSIVE},
         Fault("kill", 1 / 4, 1 / 2, "api")),
    *loads("chain", 15),
    Case("chain", "80-tries", 0.8, 15, {"back": TRIES}),
    Case("chain", "60-lag", 0.6, 20, {},
         Fault("lag", 1 / 4, 1 / 2, "back", 50 * MS)),
    Case("chain", "60-lost", 0.6, 20, {"back": FAILOVER},
         Fault("kill", 1 / 4, 1 / 2, "back")),
    *loads("spin", 10),
]


def cases(quick=False, names=()):
    """The cases of a run, in order: what is fitted from comes first, and is
    there for each system that is named, or has a case that is."""
    touched = {c.system for c in CASES if not names or c.system in names or
               c.key in names}
    chosen = []
    for case in CASES:
        if case.system not in touched or (quick and not case.quick):
            continue
        if not (not names or case.fit or case.system in names or
                case.key in names):
            continue
        if quick:
            case = replace(case, seconds=case.seconds / 2)
        chosen.append(case)
    return sorted(chosen, key=lambda c: not c.fit)
