"""The real servers: starts them, breaks them, and leaves none behind."""
import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
import urllib.request

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
FILES = 16384
NEVER = 10_000              # ms


def orphan():
    """In a child: dies with its parent; goes first where that is allowed, so
    that what else the machine does disturbs the measurement less."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except OSError:
        pass
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def haproxy(ports, port, policy):
    words = {"connect-failure": "conn-failure", "timeout": "response-timeout",
             "reset": "empty-response"}
    text = """global
    nbthread 1
    maxconn 6000
    log stderr local0 emerg
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout http-keep-alive 60s
    timeout server %dms
    retries %d
""" % (policy.try_timeout // 1_000_000 or NEVER, policy.retries)
    if policy.retries:
        text += "    option redispatch 1\n    retry-on %s\n" % " ".join(
            words[w] for w in policy.on)
    text += """frontend entry
    bind 127.0.0.1:%d
    default_backend pool
backend pool
    balance roundrobin
    default-server check inter 500ms fall 2 rise 2
""" % port
    for i, at in enumerate(ports):
        text += "    server r%d 127.0.0.1:%d\n" % (i, at)
    return text


def nginx(ports, port, policy):
    words = {"connect-failure": "error", "timeout": "timeout",
             "reset": "error"}
    on = sorted({words[w] for w in policy.on}) or ["off"]
    return """daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log nginx.log crit;
events { worker_connections 8192; }
http {
    access_log off;
    keepalive_timeout 60s;
    keepalive_requests 100000000;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
    uwsgi_temp_path tmp; scgi_temp_path tmp;
    upstream pool {
%s        keepalive 512;
        keepalive_requests 100000000;
    }
    server {
        listen 127.0.0.1:%d backlog=4096;
        location / {
            proxy_pass http://pool;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
            proxy_read_timeout %dms;
            proxy_next_upstream %s;
            proxy_next_upstream_tries %d;
        }
    }
}
""" % ("".join("        server 127.0.0.1:%d max_fails=%d fail_timeout=%ds;\n" % (
               p, bool(policy.passive), policy.passive // 1_000_000_000 or 10)
               for p in ports),
       port, policy.try_timeout // 1_000_000 or NEVER, " ".join(on),
       policy.retries + 1)


class Stage:
    """One system, up; a context manager."""

    def __init__(self, system, case, programs, folder, policies):
        self.system, self.case = system, case
        self.programs, self.folder = programs, folder
        self.policies = policies
        self.children, self.ports, self.entries = [], {}, {}

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        try:
            for service in reversed(self.system.services):
                self.ports[service.name] = [
                    self.start_replica(service, i, 0)
                    for i in range(service.replicas)]
                self.start_proxy(service.name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for child, _ in self.children:
            if child.poll() is None:
                child.terminate()
        for child, _ in self.children:
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def spawn(self, argv, what, **more):
        child = subprocess.Popen(argv, preexec_fn=orphan, cwd=self.folder,
                                 stdin=subprocess.DEVNULL, **more)
        self.children.append((child, what))
        return child

    def start_replica(self, service, i, port):
        log = "%s-%d-%d.log" % (service.name, i, len(self.children))
        argv = [self.programs["service"], "port=%d" % port,
                "workers=%d" % service.workers, "queue=%d" % service.queue,
                "work=" + service.work, "law=" + service.law,
                "mean=%d" % service.mean, "cv=%g" % service.cv,
                "log=" + log,
                "seed=%d" % (abs(hash_of(self.case.key, service.name, i)))]
        if service.calls:
            argv.append("call=%d" % self.entries[service.calls])
        child = self.spawn(argv, (service.name, i), stdout=subprocess.PIPE)
        line = child.stdout.readline().split()
        if len(line) != 2:
            raise RuntimeError("a service does not start: %s" % argv)
        return int(line[1])

    def start_proxy(self, name):
        make = {"haproxy": haproxy, "nginx": nginx}[self.system.proxies[name]]
        for _ in range(5):
            port = free_port()
            path = os.path.join(self.folder, name + ".conf")
            with open(path, "w") as f:
                f.write(make(self.ports[name], port, self.policies[name]))
            argv = (["haproxy", "-db", "-f", path] if make is haproxy else
                    ["nginx", "-p", self.folder, "-e", "nginx.log", "-c",
                     path])
            with open(os.path.join(self.folder, name + ".err"), "wb") as err:
                child = self.spawn(argv, (name, "proxy"), stdout=err,
                                   stderr=err)
            if self.answers(child, port):
                self.entries[name] = port
                return
        raise RuntimeError("%s does not start: see %s" % (argv, self.folder))

    @staticmethod
    def answers(child, port):
        end = time.monotonic() + 10
        while time.monotonic() < end and child.poll() is None:
            try:
                with urllib.request.urlopen(
                        "http://127.0.0.1:%d/work" % port, timeout=5):
                    return True
            except OSError:
                time.sleep(0.02)
        return False

    # ---- faults -------------------------------------------------------------

    def tell(self, name, path):
        for port in self.ports[name]:
            urllib.request.urlopen("http://127.0.0.1:%d/-/%s" % (port, path),
                                   timeout=5).close()

    def begin(self, fault):
        if fault.kind == "kill":
            for child, what in self.children:
                if what == (fault.service, 0):
                    child.kill()
        elif fault.kind == "lag":
            self.tell(fault.service, "lag/%d" % fault.value)
        else:
            self.tell(fault.service, "slow/%d" % fault.value)

    def end(self, fault):
        if fault.kind == "kill":
            service = next(s for s in self.system.services
                           if s.name == fault.service)
            self.start_replica(service, 0, self.ports[fault.service][0])
        elif fault.kind == "lag":
            self.tell(fault.service, "lag/0")
        else:
            self.tell(fault.service, "slow/1000")

    # ---- load ---------------------------------------------------------------

    def load(self, schedule, out):
        """Sends it, with the case's fault on its way. Returns when all has
        been answered."""
        at = time.monotonic_ns() + 500_000_000
        child = self.spawn(
            [self.programs["load"], "at=%d" % at,
             "port=%d" % self.entries[self.system.services[0].name],
             "schedule=" + schedule, "out=" + out, "warm=16"],
            ("load", 0))
        fault = self.case.fault
        if fault:
            length = int(self.case.seconds * 1e9)
            sleep_until(at + int(fault.at * length))
            self.begin(fault)
            sleep_until(at + int(fault.until * length))
            self.end(fault)
        if child.wait(self.case.seconds + 60):
            raise RuntimeError("the generator failed: %s" % self.case.key)
        return at


def sleep_until(at):
    rest = at - time.monotonic_ns()
    if rest > 0:
        time.sleep(rest / 1e9)


def hash_of(*words):
    """The same in every run, unlike hash()."""
    h = 14695981039346656037
    for byte in "/".join(str(w) for w in words).encode():
        h = (h ^ byte) * 1099511628211 % 2**64
    return h
