# twinrig
#
#   make            the release program: build/twinrig
#   make demo       install what is missing, build, gate two pull requests
#   make test       install what is missing, build, run every test
#   make statistics   how often the judge is wrong (docs/statistics.md)
#   make bench      speed as ratios against peers in the same run
#   make conformance CASES=DIR   cases of reference implementations
#   make real       predictions against real servers on loopback (QUICK=1)
#   make fuzz       each parser for SECONDS=60
#   make format     clang-format over the tree
#   make dist       a tarball that runs anywhere, a .deb, their sums
#   make install    PREFIX=/usr/local DESTDIR=
#
# MODE=release|debug|asan|tsan: each in a folder of its own below build/.
# V=1 shows the commands. CI=1 makes warnings errors. Another compiler gets a
# folder of its own: make CC=clang OUT=build/clang

MODE    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VERSION := 0.1.0

ifeq ($(MODE),release)
OUT := build
else
OUT := build/$(MODE)
endif

# Pairs of counters are not worth a vector (3%). Lines are enough for a
# backtrace; types and variables cost an eighth of a build (MODE=debug has them).
OPT_release := -O2 -fno-tree-slp-vectorize -g1
OPT_debug   := -O0 -g -DTW_ARENA_DEBUG
OPT_asan    := -O1 -g -DTW_ARENA_DEBUG -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=undefined
OPT_tsan    := -O1 -g -fsanitize=thread
OPT_fuzz    := $(OPT_asan) -fsanitize=fuzzer-no-link
ifeq ($(OPT_$(MODE)),)
$(error MODE is one of release, debug, asan, tsan, fuzz)
endif
ifeq ($(MODE),fuzz)
CC := clang
endif

PKGS := yaml-0.1 libcurl libcjson libgit2 libuv zlib
WARN := -Wall -Wextra -Wshadow -Wvla -Wundef -Wwrite-strings -Wcast-qual \
        -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wconversion \
        -Wno-sign-conversion $(if $(CI),-Werror)
# Debian 12 has llhttp only as the C source inside node-llhttp.
LLHTTP_C := $(if $(wildcard /usr/include/llhttp.h),,$(wildcard /usr/share/llhttp/*.c))
LLHTTP_I := $(if $(LLHTTP_C),-isystem /usr/share/include/llhttp)
LLHTTP_L := $(if $(LLHTTP_C),,-lllhttp)

# Asked once, and only where something is to be compiled.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(call pkg_config,--cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(call pkg_config,--libs $(PKGS)))$(PKG_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $(call pkg_config,--libs check))$(CHECK_LIBS)
pkg_config = $(or $(shell pkg-config $(1) | sed 's/-I\//-isystem \//g; s/^$$/ /'),\
	$(error Libraries are missing: `make deps` installs them))

CFLAGS   ?=
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DTW_VERSION='"$(VERSION)"' \
             -ffp-contract=off -fno-fast-math -pthread -I. $(LLHTTP_I) \
             $(OPT_$(MODE)) $(PKG_CFLAGS) $(CFLAGS)
LIBS     = $(PKG_LIBS) $(LLHTTP_L) -pthread -ldl -lm
Q       := $(if $(V),,@)

SRC  := $(wildcard twins/*.c twins/*/*.c harness/*/*.c harness/commands/*/*.c \
	plugins/*.c plugins/*/*.c)
# Part of twins/traffic/path.c, which says why.
PATH_C := $(patsubst %,twins/traffic/%.c,balance send answer steps serve call begin plain events)
# The HTML report's charts: D3 (BSD 3-clause) as the distribution has it. Its
# modules in the order in which they need each other; D3=FILE... takes others,
# D3= leaves the charts out.
D3     ?= $(wildcard $(patsubst %,/usr/share/nodejs/d3-%.min.js,\
	array/dist/d3-array collection/dist/d3-collection color/dist/d3-color \
	format/dist/d3-format interpolate/dist/d3-interpolate path/dist/d3-path \
	time/dist/d3-time time-format/dist/d3-time-format scale/dist/d3-scale \
	selection/dist/d3-selection shape/dist/d3-shape axis/dist/d3-axis))
HTML_JS := $(patsubst %,harness/report/html/%.js,base graph latency timeline pods page)
OBJ  := $(OUT)/obj/html_parts.o $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out $(PATH_C),$(SRC))) \
        $(LLHTTP_C:/usr/share/%.c=$(OUT)/obj/%.o)
LIB  := $(OUT)/libtwinrig.a
BIN  := $(OUT)/twinrig
UNIT := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/*/*_test.c \
	tests/unit/*/*/*_test.c))
# What end-to-end tests start beside the program.
DRIVERS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/e2e/*.c))
REAL    := $(patsubst %.c,$(OUT)/%,$(wildcard tests/real/*.c))
THEORY := $(patsubst %.c,$(OUT)/%,$(wildcard tests/theory/*_test.c))
# Reference implementations' own cases: one program.
CONFORMANCE := $(OUT)/tests/conformance/run
CONFORMANCE_OBJ := $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/conformance/*.c))
FUZZ   := $(patsubst %.c,$(OUT)/%,$(wildcard tests/fuzz/*_fuzz.c))
REPLAY := $(FUZZ:%_fuzz=%_replay)
# Parallel where the caller said nothing about it.
JOBS   := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
SUBMAKE = $(MAKE) --no-print-directory \
          $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

all: $(BIN)

$(BIN): $(OUT)/obj/harness/main.o $(LIB)
	$(if $(V),,@echo "  LD   $@")
	$(Q)$(CC) $(ALL_CFLAGS) -rdynamic -o $@ $< $(LIB) $(LIBS) $(LDFLAGS)

$(LIB): $(OBJ)
	$(if $(V),,@echo "  AR   $@")
	$(Q)rm -f $@ && ar rcs $@ $(OBJ)

$(OUT)/obj/%.o: %.c
	$(if $(V),,@echo "  CC   $<")
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

# What reads files and writes reports once in a run is not worth the time that
# it takes to optimise it: a tenth of a build.
ifeq ($(MODE),release)
$(foreach room,chaos commands config judges lint manifests report yaml,\
	$(OUT)/obj/harness/$(room)/%.o): ALL_CFLAGS += -O1
endif

$(OUT)/obj/html_parts.c: harness/report/html/embed harness/report/html/page.css \
		$(HTML_JS) $(D3)
	$(if $(D3),,@echo "  no D3 (make deps): the HTML report will have no charts")
	$(Q)mkdir -p $(@D) && harness/report/html/embed $@ \
		harness/report/html/page.css $(HTML_JS) $(if $(D3),-- $(D3))
$(OUT)/obj/html_parts.o: $(OUT)/obj/html_parts.c
	$(Q)$(CC) $(ALL_CFLAGS) $(WARN) -c -o $@ $<

$(OUT)/obj/llhttp/%.o: /usr/share/llhttp/%.c
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -w -c -o $@ $<

# What a trial gives is determined by its inputs and by these sources: their
# hash is part of the key that stored results are found by. What only judges
# and reports what trials gave is left out.
SEMANTIC := $(sort $(filter-out harness/gate/% harness/report/%,\
	$(SRC) $(wildcard twins/*.h twins/*/*.h harness/*/*.h harness/commands/*/*.h \
	plugins/*/*.h)))
JUDGING := $(sort $(wildcard harness/gate/*.[ch]))
hash_of = "$(shell cat $(1) | \
	{ sha256sum 2>/dev/null || shasum -a 256; } | cut -c 1-16)"
$(OUT)/obj/harness/baseline/semantics.o: $(SEMANTIC) $(JUDGING)
$(OUT)/obj/harness/baseline/semantics.o: ALL_CFLAGS += \
	-DTW_SEMANTICS='$(call hash_of,$(SEMANTIC))' \
	-DTW_JUDGING='$(call hash_of,$(JUDGING))'

# A test is one file with one main; the tests of a folder mirror the sources.
$(OUT)/tests/%: $(OUT)/obj/tests/%.o $(LIB)
	$(if $(V),,@echo "  LD   $@")
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -rdynamic -o $@ $< $(LIB) $(LIBS) \
		$(CHECK_LIBS) $(LDFLAGS)

$(CONFORMANCE): $(CONFORMANCE_OBJ) $(LIB)
	$(if $(V),,@echo "  LD   $@")
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -rdynamic -o $@ $(CONFORMANCE_OBJ) \
		$(LIB) $(LIBS) $(LDFLAGS)

# A fuzz target and its corpus: replayed once in the suite, where no clang is
# needed, and run by libFuzzer in MODE=fuzz.
$(OUT)/tests/fuzz/%_replay: $(OUT)/obj/tests/fuzz/%_fuzz.o \
		$(OUT)/obj/tests/fuzz/replay.o $(LIB)
	$(if $(V),,@echo "  LD   $@")
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -rdynamic -o $@ \
		$(filter %.o,$^) $(LIB) $(LIBS) $(LDFLAGS)

$(OUT)/tests/fuzz/%_fuzz: $(OUT)/obj/tests/fuzz/%_fuzz.o $(LIB)
	$(if $(V),,@echo "  LD   $@")
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -rdynamic \
		-o $@ $< $(LIB) $(LIBS) $(LDFLAGS)

# Stand-ins for other people's programs: nothing of ours is in them.
$(REAL): $(OUT)/%: %.c
	$(if $(V),,@echo "  LD   $@")
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_GNU_SOURCE $(OPT_$(MODE)) \
		$(CFLAGS) $(WARN) -pthread -o $@ $< -lm $(LDFLAGS)

$(OUT)/bench/%: $(OUT)/obj/tests/bench/%.o $(LIB)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -o $@ $< $(LIB) $(LIBS) $(LDFLAGS)

deps:
	$(Q)ci/install-deps

# Services for the live twin, built as their own team would.
fixtures:
	+$(Q)$(SUBMAKE) -s -C fixtures/candidate OUT=$(CURDIR)/build/fixtures

unit: $(UNIT)
	$(Q)tests/run-all $(UNIT)

theory: $(THEORY)
	$(Q)tests/run-all $(THEORY)

programs: $(BIN) $(UNIT) $(THEORY) $(REPLAY) $(DRIVERS) $(CONFORMANCE) fixtures

# What a folder of cases says: make conformance CASES=DIR
conformance: $(CONFORMANCE)
	$(Q)$(CONFORMANCE) $(or $(CASES),tests/conformance/cases)

fuzzers: $(FUZZ)

# The packages first: what they bring decides how the rest is built, so a
# new make builds it.
test:
	$(Q)ci/install-deps --test
	+$(Q)$(SUBMAKE) check

# What a sanitizer slows down gets more time: a busy machine fails nothing.
check: programs
	$(Q)$(if $(filter asan tsan,$(MODE)),DEADLINE=900 CK_TIMEOUT_MULTIPLIER=4) \
		TWINRIG=$(abspath $(BIN)) OUT=$(abspath $(OUT)) tests/suite

demo: deps
	+$(Q)$(SUBMAKE) all fixtures
	$(Q)TWINRIG=$(abspath $(BIN)) fixtures/demo

bench:
	$(Q)ci/install-deps --bench
	+$(Q)$(SUBMAKE) all
	$(Q)TWINRIG=$(abspath $(BIN)) tests/bench/run

real:
	$(Q)ci/install-deps --real
	+$(Q)$(SUBMAKE) -s all real-programs
	$(Q)TWINRIG=$(abspath $(BIN)) OUT=$(abspath $(OUT)) tests/real/run $(ONLY)

real-programs: $(REAL)

# Half an hour of one core; GATES=100 for a glance.
statistics: $(OUT)/tests/theory/statistics
	$(Q)GATES=$(GATES) $(OUT)/tests/theory/statistics

fuzz:
	$(Q)ci/install-deps --test
	+$(Q)$(SUBMAKE) MODE=fuzz fuzzers
	$(Q)tests/fuzz/run $(or $(SECONDS),60)

format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

install: $(BIN)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/twinrig
	install -m 644 plugins/twinrig-plugin.h $(DESTDIR)$(PREFIX)/include/

# What is in ci/, through the linters of those who read it.
lint-ci:
	$(Q)ci/lint-tools build/lint
	$(Q)OUT=$(CURDIR)/$(OUT) TWINRIG=$(abspath $(BIN)) tests/run-all \
		tests/e2e/ci-lint.sh

# A release: a folder that runs wherever it is put, a package, their sums.
dist: $(BIN)
	$(Q)OUT=$(OUT) VERSION=$(VERSION) ci/dist $(CC) $(ALL_CFLAGS) -rdynamic \
		$(OUT)/obj/harness/main.o $(LIB) $(LIBS) $(LDFLAGS)

clean:
	rm -rf build

.PHONY: all deps fixtures programs conformance fuzzers unit theory test check demo \
	bench statistics real real-programs fuzz format install lint-ci dist clean
.SECONDARY:
-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
