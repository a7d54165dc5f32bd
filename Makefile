# SPDX-License-Identifier: Apache-2.0
#
# Plain GNU make and pkg-config. `make help` lists the targets.
#
# Everything that is made goes below $(BUILD). A source file needs no entry here: it is found by the
# directory that it lies in, and the directory decides what it may be linked with:
#
#   oci/*/*.c                liboci.a     json-c (and the headers of libmount and libyaml, which are loaded)
#   policy/*/*.c             libpolicy.a  + libcap
#   hook/*/*.c               libhook.a    + nothing more; the filter of system calls comes from
#                            hook/sandbox/filter_export.c, a program of the build
#   hook/main.c              fuse-sidecar-hook, for runtimes and units
#   hook/tool_main.c         fuse-sidecar, for people
#   hook/doctor/inspect.cc   a program of its own, for doctor only: toml++, re2; INSPECT=no leaves it out
#   tests/unit/oci_test_*.c      a cmocka program with liboci only
#   tests/unit/policy_test_*.c   ... with libpolicy and liboci
#   tests/unit/test_*.c          ... with all three
#   tests/ns/ns_test_*.c         ... with all three; run by root in a private mount namespace
#   tests/race/*.c           one program like those
#   tests/pods/*.c           another
#   tests/fault/fault_test_*.c   ... likewise, with the other files of tests/fault/
#   tests/support/*.c        linked into every test; may use liboci (and libseccomp) only
#   tests/support/bin/*.c    each a program in $(BUILD)/tests that tests start

MAKEFLAGS += --no-print-directory --no-builtin-rules
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all

VERSION := $(file <VERSION)

# Where it goes. DESTDIR may hold spaces, so it reaches install.sh through the environment only.
# An empty prefix is the default too: nobody wants /libexec.
override prefix := $(or $(prefix),/usr/local)
exec_prefix ?= $(prefix)
libexecdir ?= $(exec_prefix)/libexec
sbindir ?= $(exec_prefix)/sbin
bindir ?= $(exec_prefix)/bin
sysconfdir ?= /etc
unitdir ?= $(prefix)/lib/systemd/system
catalogdir ?= $(prefix)/lib/systemd/catalog
datarootdir ?= $(prefix)/share
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/fuse-sidecar-hook
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
completionsdir ?= $(datarootdir)/bash-completion/completions
hooksdir ?= $(sysconfdir)/containers/oci/hooks.d
DESTDIR ?=
INSTALL_VARS := DESTDIR libexecdir sbindir bindir sysconfdir unitdir catalogdir mandir docdir tmpfilesdir \
	completionsdir hooksdir

# SANITIZE=address,undefined builds beside the ordinary build, not over it.
SANITIZE ?=
COVERAGE ?=
ANALYZE ?=
VALGRIND ?=
FILTER ?=
BUILD ?= $(if $(SANITIZE),build-asan,build)

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := $(patsubst %gcc,%g++,$(filter %gcc,$(CC)))
CXX := $(or $(CXX),g++)
endif
AR ?= ar
PKG_CONFIG ?= pkg-config

PKGS_OCI := json-c
PKGS_POLICY := $(PKGS_OCI) libcap
PKGS_HOOK := $(PKGS_POLICY)
# Only their headers count: libraries that are loaded by dlopen(3) where they are needed, and one whose
# constants profiles are judged by.
PKGS_LOADED := mount yaml-0.1 libseccomp
PKGS_TEST := cmocka libseccomp
PKGS_INSPECT := tomlplusplus re2

# The program that doctor asks about TOML and about patterns; "no" leaves it and its libraries out.
INSPECT ?= yes

# Asked for only when something is compiled: `make check` may first have to install pkg-config.
# The libraries' headers are not ours to warn about, hence -isystem.
pkg_cflags = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(1)))
# dlopen(3) was in a library of its own before glibc 2.34.
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1)) -ldl

# Distributions build with compilers that nobody has tried here: WERROR= lets new warnings pass.
WERROR ?= -Werror
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wconversion -Wvla -Wnull-dereference -Wimplicit-fallthrough -Wcast-qual -Wwrite-strings \
	-Wswitch-enum $(WERROR)

# The control-flow protection that the target has: CET on x86, branch protection on arm64.
target := $(shell $(CC) -dumpmachine 2>/dev/null)
cf_protection := $(if $(filter x86_64-% i686-%,$(target)),-fcf-protection=full)
cf_protection += $(if $(filter aarch64-%,$(target)),-mbranch-protection=standard)

hardening := -fstack-protector-strong -fstack-clash-protection $(cf_protection) -fPIE
fortify := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
CFLAGS ?= -O2 -g
mode_cflags :=
mode_ldflags :=

ifneq ($(SANITIZE),)
# FORTIFY's checked variants would hide the calls that the sanitizers intercept.
fortify := -U_FORTIFY_SOURCE
CFLAGS := -O1 -g
mode_cflags := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
mode_ldflags := -fsanitize=$(SANITIZE)
endif
ifneq ($(COVERAGE),)
fortify := -U_FORTIFY_SOURCE
CFLAGS := -O0 -g
mode_cflags := --coverage
mode_ldflags := --coverage
endif
ifneq ($(VALGRIND),)
# It takes glibc's __memmove_chk for __memcpy_chk, and calls what it moves an overlap.
fortify := -U_FORTIFY_SOURCE
CFLAGS := -O1 -g
endif
ifneq ($(SANITIZE)$(COVERAGE)$(VALGRIND)$(filter no,$(FILTER)),)
# They make system calls of their own. FILTER=no is for the like, and for nothing that is
# installed.
mode_cflags += -DFUSE_SIDECAR_HOOK_UNFILTERED
endif
ifneq ($(ANALYZE),)
# Without optimisation: gcc 12 loses track of variables with a cleanup attribute once the cleanup is
# inlined. It also calls it a leak when a pointer is stored in an array that it cannot follow (leaks
# are LeakSanitizer's business, check-asan), and takes -errno for a number that may be positive, hence
# an output for unset behind a check for errors (-Wmaybe-uninitialized stays).
fortify := -U_FORTIFY_SOURCE
CFLAGS := -O0 -g
mode_cflags := -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value
endif

ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS) $(hardening) $(mode_cflags)
ALL_CPPFLAGS = -D_GNU_SOURCE $(fortify) -I. $(CPPFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(mode_ldflags) $(LDFLAGS)

# What is there.
oci_src := $(sort $(wildcard oci/*/*.c))
policy_src := $(sort $(wildcard policy/*/*.c))
hook_src := $(sort $(filter-out hook/sandbox/filter_export.c,$(wildcard hook/*/*.c)))
main_src := hook/main.c hook/tool_main.c
support_src := $(sort $(wildcard tests/support/*.c))
preload_src := $(sort $(wildcard tests/support/preload/*.c))
helper_src := $(sort $(wildcard tests/support/bin/*.c))
oci_test_src := $(sort $(wildcard tests/unit/oci_test_*.c))
policy_test_src := $(sort $(wildcard tests/unit/policy_test_*.c))
hook_test_src := $(sort $(wildcard tests/unit/test_*.c))
ns_test_src := $(sort $(wildcard tests/ns/ns_test_*.c))
fault_test_src := $(sort $(wildcard tests/fault/fault_test_*.c))
fault_src := $(sort $(filter-out $(fault_test_src),$(wildcard tests/fault/*.c)))
bench_src := $(sort $(wildcard tests/bench/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
test_bin = $(patsubst tests/%.c,$(BUILD)/tests/%,$(1))

liboci := $(BUILD)/liboci.a
libpolicy := $(BUILD)/libpolicy.a
libhook := $(BUILD)/libhook.a
hook := $(BUILD)/fuse-sidecar-hook
tool := $(BUILD)/fuse-sidecar
inspect := $(if $(filter-out no,$(INSPECT)),$(BUILD)/fuse-sidecar-inspect)
helpers = $(helper_bins) $(preloads)
helper_bins := $(patsubst tests/support/bin/%.c,$(BUILD)/tests/%,$(helper_src))
oci_tests := $(call test_bin,$(oci_test_src))
policy_tests := $(call test_bin,$(policy_test_src))
hook_tests := $(call test_bin,$(hook_test_src))
ns_tests := $(call test_bin,$(ns_test_src))
fault_tests := $(call test_bin,$(fault_test_src))
preloads := $(patsubst tests/support/preload/%.c,$(BUILD)/tests/%.so,$(preload_src))
unit_tests := $(oci_tests) $(policy_tests) $(hook_tests)
bench_bins := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(bench_src))

# V=1 shows the commands.
Q := $(if $(filter 1,$(V)),,@)
show = $(if $(Q),@printf '  %-3s %s\n' '$(1)' '$(2)')

.PHONY: all
all: libs $(hook) $(tool) $(inspect) ##u both programs and their libraries (the default)

.PHONY: libs
libs: $(liboci) $(libpolicy) $(libhook)

.PHONY: tests
tests: $(unit_tests) $(ns_tests) $(fault_tests) $(BUILD)/tests/race/race $(BUILD)/tests/pods/pods $(helpers) ## every test program, not run

# A change of compiler or flags rebuilds what it touches; so does a source file that has gone away,
# which no time stamp would show.
.PHONY: FORCE
FORCE:
stamp = mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(1))' >$@
$(BUILD)/flags.stamp: FORCE
	@$(call stamp,$(CC) $(ALL_CFLAGS) $(ALL_CPPFLAGS) $(ALL_LDFLAGS) $(VERSION))
$(BUILD)/oci.stamp: FORCE
	@$(call stamp,$(oci_src))
$(BUILD)/policy.stamp: FORCE
	@$(call stamp,$(policy_src))
$(BUILD)/hook.stamp: FORCE
	@$(call stamp,$(hook_src))
$(BUILD)/support.stamp: FORCE
	@$(call stamp,$(support_src))
$(BUILD)/fault.stamp: FORCE
	@$(call stamp,$(fault_src))

LIB_CFLAGS = $(eval LIB_CFLAGS := $$(call pkg_cflags,$(PKGS_HOOK) $(PKGS_LOADED)))$(LIB_CFLAGS)
TEST_CFLAGS = $(eval TEST_CFLAGS := $$(call pkg_cflags,$(PKGS_TEST)))$(TEST_CFLAGS)
OCI_LIBS = $(eval OCI_LIBS := $$(call pkg_libs,$(PKGS_OCI)))$(OCI_LIBS)
POLICY_LIBS = $(eval POLICY_LIBS := $$(call pkg_libs,$(PKGS_POLICY)))$(POLICY_LIBS)
HOOK_LIBS = $(eval HOOK_LIBS := $$(call pkg_libs,$(PKGS_HOOK)))$(HOOK_LIBS)
TEST_LIBS = $(eval TEST_LIBS := $$(call pkg_libs,$(PKGS_TEST)))$(TEST_LIBS)

$(BUILD)/obj/hook/%.o: ALL_CPPFLAGS += -DFUSE_SIDECAR_HOOK_VERSION='"$(VERSION)"'
$(BUILD)/obj/tests/%.o: ALL_CFLAGS += $(TEST_CFLAGS)
$(BUILD)/obj/tests/support/preload/%.o: ALL_CFLAGS += -fPIC

$(BUILD)/obj/%.o: %.c $(BUILD)/flags.stamp
	@mkdir -p $(@D)
	$(call show,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(LIB_CFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(call obj,$(oci_src) $(policy_src) $(hook_src) $(main_src) \
	$(support_src) $(helper_src) $(oci_test_src) $(policy_test_src) $(hook_test_src) \
	$(ns_test_src) $(fault_test_src) $(fault_src) $(bench_src) $(preload_src)))

archive = $(Q)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)
$(liboci): $(call obj,$(oci_src)) $(BUILD)/oci.stamp
	$(call show,AR,$@)
	$(archive)
$(libpolicy): $(call obj,$(policy_src)) $(BUILD)/policy.stamp
	$(call show,AR,$@)
	$(archive)
# The filter of system calls, made by libseccomp now and not in each run, for the architecture that CC
# makes programs for. HOSTCC is the compiler of this one, where the program that makes it runs.
HOSTCC ?= $(if $(filter $(shell uname -m)-%,$(target)),$(CC),gcc)
filter_export := $(BUILD)/gen/filter_export
filter_programs := $(BUILD)/gen/filter_programs
$(filter_export): $(addprefix hook/sandbox/filter_,export.c build.c list.c dangers.c) hook/sandbox/filter.h \
		hook/sandbox/filter_list.h hook/sandbox/filter_entry.h hook/sys/syscalls.h $(BUILD)/flags.stamp
	$(call show,HOST,$@)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -std=gnu11 -D_GNU_SOURCE -O1 -I. -o $@ $(filter %.c,$^) -lseccomp
$(filter_programs).c: $(filter_export)
	$(call show,GEN,$@)
	$(Q)$< $(target) >$@
$(filter_programs).o: $(filter_programs).c
	$(call show,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(libhook): $(call obj,$(hook_src)) $(filter_programs).o $(BUILD)/hook.stamp
	$(call show,AR,$@)
	$(archive)

link = $(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^)

$(hook): $(call obj,hook/main.c)
$(tool): $(call obj,hook/tool_main.c)
$(hook) $(tool): $(libhook) $(libpolicy) $(liboci)
	$(call show,LD,$@)
	$(link) $(HOOK_LIBS)

# -fanalyzer of gcc 12 is for C.
inspect_cflags = $(patsubst -fanalyzer,,$(filter-out -Wno-analyzer%,$(mode_cflags)))
INSPECT_CFLAGS = $(eval INSPECT_CFLAGS := $$(call pkg_cflags,$(PKGS_INSPECT)))$(INSPECT_CFLAGS)
$(BUILD)/fuse-sidecar-inspect: hook/doctor/inspect.cc $(BUILD)/flags.stamp
	$(call show,CXX,$<)
	$(Q)$(CXX) -std=c++17 -Wall -Wextra -Wshadow $(WERROR) $(fortify) $(CPPFLAGS) $(INSPECT_CFLAGS) \
		$(CFLAGS) $(hardening) $(inspect_cflags) $(ALL_LDFLAGS) -o $@ $< \
		$(call pkg_libs,$(PKGS_INSPECT))

# The tests of a layer see the layers below it and nothing above: a test that links proves that what
# it pulls in does not reach up. check-layers proves the same for whole libraries.
support_obj := $(call obj,$(support_src))
test_prereq = $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(support_obj) $(BUILD)/support.stamp
$(oci_tests): $(test_prereq) $(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(OCI_LIBS)
$(policy_tests): $(test_prereq) $(libpolicy) $(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(POLICY_LIBS)
$(hook_tests) $(ns_tests): $(test_prereq) $(libhook) $(libpolicy) $(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(HOOK_LIBS)
$(fault_tests): $(test_prereq) $(call obj,$(fault_src)) $(BUILD)/fault.stamp $(libhook) \
		$(libpolicy) $(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(HOOK_LIBS)
$(preloads): $(BUILD)/tests/%.so: $(BUILD)/obj/tests/support/preload/%.o
	$(call show,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -shared -o $@ $<
$(helper_bins): $(BUILD)/tests/%: $(BUILD)/obj/tests/support/bin/%.o $(support_obj) \
		$(BUILD)/support.stamp $(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(OCI_LIBS)

run_check = tests/run-check.sh --build '$(BUILD)'
sanitizer_env := $(if $(SANITIZE),ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1 \
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1)

# As many compilers as there are cores, where nobody has said how many.
side_by_side = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: check
check: ## install what tests need, build, run unit, namespace, fault, install and end-to-end tests
	install/deps.sh build test
	@$(MAKE) $(side_by_side) all tests check-layers
	@$(run_check) unit ns race pods fault kernels newer install e2e

.PHONY: check-unit check-ns check-fault check-faults check-install check-e2e
check-unit: all $(unit_tests) $(helpers) ## only the unit tests (no root)
	@$(run_check) unit
check-ns: all $(ns_tests) $(helpers) ## only the namespace tests
	@$(run_check) ns
check-fault: all $(fault_tests) $(helpers) ## a run with one of its system calls failing: each place × one error
	@$(run_check) fault
check-faults: all $(fault_tests) $(helpers) ##m a run with each of its system calls failing by each error that fits it (ten minutes)
	@$(run_check) faults
check-install: all ## only the installation tests
	@$(run_check) install
check-e2e: all $(helpers) ## only the end-to-end tests
	@$(run_check) e2e

# One program is built alone; a suite of the shell needs all.
.PHONY: test
test_wanted = $(filter %/$(notdir $(T)),$(unit_tests) $(ns_tests) $(fault_tests))
test: all $(or $(test_wanted),tests) $(helpers) ## one program or suite, T=ns_test_gate; of a program, tests like TEST='*dead*'
	$(if $(T),,$(error name a suite, as in make test T=ns_test_gate; tests/run-check.sh --list has them))
	@$(sanitizer_env) $(run_check) --only '$(TEST)' '$(T)'

.PHONY: check-quick
check-quick: all $(unit_tests) $(ns_tests) $(helpers) ## unit tests, the namespace tests of what changed since BASE=main, one pod
	@BASE='$(BASE)' $(run_check) quick

.PHONY: check-many-pods
PODS ?= 250
check-many-pods: all $(ns_tests) $(helpers) ##m the hooks of PODS=250 pods at once (root; half a minute)
	@MANY_PODS=$(PODS) $(run_check) many

.PHONY: check-kernels
check-kernels: all $(ns_tests) $(helpers) ##m the namespace tests without each younger system call (root; many minutes)
	@$(run_check) kernels_all

.PHONY: check-newer
check-newer: all $(ns_tests) $(helpers) ##m hooks and a pod under a C library whose system calls the filter does not know
	@$(run_check) newer

.PHONY: check-real-kernels
check-real-kernels: ##m the namespace tests on real kernels, KERNELS="5.10 6.1 6.12 7.2", booted as programs (root, network)
	install/deps.sh build test kernels
	@$(MAKE) all tests
	@BUILD_DIR='$(abspath $(BUILD))' tests/real-kernels/run.sh

.PHONY: check-booted
check-booted: ##m the package on small Debians that systemd boots, with AppArmor and with SELinux (root, network)
	install/deps.sh build deb kernels
	@BUILD_DIR='$(abspath $(BUILD))' tests/booted/run.sh

.PHONY: filter-use
filter-use: all $(ns_tests) $(helpers) ##m which entries of the filter's list hooks have a use for (root; many minutes)
	@tests/filter/use.sh '$(BUILD)'

.PHONY: check-mounts
COUNT ?= 2000
check-mounts: all $(BUILD)/tests/ns/ns_test_mnttab_query $(helpers) ##m mounts asked one by one against the text, over COUNT=2000 random trees (root)
	@MOUNTS_COUNT=$(COUNT) $(BUILD)/tests/ns/ns_test_mnttab_query

.PHONY: check-signals
SIGNALS ?= 1000
check-signals: all $(BUILD)/tests/ns/ns_test_signals $(helpers) ##m SIGNALS=1000 signals to hooks at any moment, beside a mount that lives (root; a minute)
	@SIGNALS_COUNT=$(SIGNALS) unshare --mount --propagation private $(BUILD)/tests/ns/ns_test_signals

.PHONY: check-crowd
MOUNTS ?= 25000
check-crowd: all $(BUILD)/tests/ns/ns_test_crowd $(helpers) ##m MOUNTS=25000 mounts that come while a gate waits, and 63 that answer and then hang (root)
	@CROWD_MOUNTS=$(MOUNTS) unshare --mount --propagation private $(BUILD)/tests/ns/ns_test_crowd

.PHONY: check-distros
check-distros: ##m the suites on Debian 12, 13 and sid; DISTROS="13 sid" and SUITES="build unit" choose (root, network; an hour)
	install/deps.sh distros
	@BUILD_DIR='$(abspath $(BUILD))' tests/distros/run.sh

.PHONY: check-asan
check-asan: ## unit and namespace tests and random pods under AddressSanitizer and UndefinedBehaviorSanitizer
	install/deps.sh build test
	@$(MAKE) SANITIZE=address,undefined BUILD=build-asan check-asan-run

.PHONY: check-valgrind
check-valgrind: ##m unit tests, and hooks of a whole pod, under valgrind: invalid accesses, definite leaks (root)
	install/deps.sh build test valgrind
	@$(MAKE) VALGRIND=1 BUILD=build-valgrind check-valgrind-run

.PHONY: check-valgrind-run
check-valgrind-run: all $(unit_tests) $(ns_tests) $(helpers)
	@$(run_check) valgrind

.PHONY: check-asan-run
check-asan-run: all tests
	@$(sanitizer_env) $(run_check) unit ns pods

# Includes may point down only, and each library must link with nothing but itself, what lies below
# it and its own third-party libraries: --whole-archive leaves no member out.
whole = echo 'int main(void) { return 0; }' | $(CC) $(CFLAGS) $(mode_cflags) -fPIE $(mode_ldflags) \
	-pie -x c - -x none -Wl,--whole-archive $(1) -Wl,--no-whole-archive -o $(BUILD)/layers.tmp
.PHONY: check-layers
check-layers: libs ## prove that hook -> policy -> oci, and the order of their rooms, is the only direction, with no circle
	@tests/lint/layers.sh
	@tests/lint/room_symbols.sh $(BUILD)/obj
	@tests/lint/circles.sh $(BUILD)/obj
	$(if $(oci_src),@$(call whole,$(liboci)) $(OCI_LIBS))
	$(if $(policy_src),@$(call whole,$(libpolicy) $(liboci)) $(POLICY_LIBS))
	@rm -f $(BUILD)/layers.tmp

.PHONY: demo
demo: ##u the Plex pod of the README, for real, in namespaces of its own (root)
	install/deps.sh build test demo
	@$(MAKE) all $(helpers)
	@BUILD_DIR='$(abspath $(BUILD))' HOOK_BINARY='$(abspath $(hook))' tests/demo/demo.sh

.PHONY: bench
bench: ##m what a prestart, a gate and a heal cost, and what they cost where something grows (root)
	install/deps.sh build test bench
	@$(MAKE) all bench-programs $(helpers)
	@BUILD_DIR='$(abspath $(BUILD))' HOOK_BINARY='$(abspath $(hook))' tests/bench/scale.sh
	@BUILD_DIR='$(abspath $(BUILD))' HOOK_BINARY='$(abspath $(hook))' tests/bench/gate.sh
	@BUILD_DIR='$(abspath $(BUILD))' FUSE_SIDECAR_HOOK='$(abspath $(hook))' tests/bench/create.sh

.PHONY: bench-programs
bench-programs: $(bench_bins) $(BUILD)/bench/noop-linked
# The no-op must load what the hook uses, although it uses none of it: all of it, and as noop-linked what
# the hook is linked with.
noop_libs = $(eval noop_libs := $$(call pkg_libs,$(PKGS_HOOK) mount libseccomp))$(noop_libs)
noops := $(BUILD)/bench/noop $(BUILD)/bench/noop-linked
$(noops): ALL_LDFLAGS += -Wl,--no-as-needed
$(BUILD)/bench/noop-linked: $(BUILD)/obj/tests/bench/noop.o
	$(call show,LD,$@)
	$(link) $(HOOK_LIBS)
$(bench_bins): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	$(call show,LD,$@)
	$(link) $(if $(filter %/noop,$@),$(noop_libs))

.PHONY: coverage
COVERAGE_MIN ?= 0
coverage: ##m line coverage of oci/ and policy/ from the unit tests; COVERAGE_MIN=90 makes it a rule
	install/deps.sh build test lint
	@$(MAKE) COVERAGE=1 BUILD=build-coverage coverage-run

.PHONY: coverage-run
coverage-run: all $(unit_tests) $(helpers)
	@find $(BUILD) -name '*.gcda' -delete
	@$(run_check) unit
	@gcovr --root . --object-directory $(BUILD) --filter 'oci/' --filter 'policy/' \
		--fail-under-line $(COVERAGE_MIN) --print-summary $(BUILD)

.PHONY: lint
lint: ## format, clang-tidy, the analyzers of clang and gcc, cppcheck, shellcheck, a clang build, layers
	install/deps.sh build test lint
	+@tests/lint/run.sh --builds

include tests/fuzz/fuzz.mk
include install/package.mk
include tests/race/race.mk
include tests/pods/pods.mk

.PHONY: findings
findings: ## write what the pages have of oci/base/finding_table.h: README, design, fuse-sidecar-findings(7)
	@docs/update-findings.sh

.PHONY: messages
messages: ## every text that the programs print, in one file to read through: build/messages.txt
	@mkdir -p '$(BUILD)' && docs/messages.sh >'$(BUILD)/messages.txt' && echo '$(BUILD)/messages.txt'

# For the linters: how a file is compiled, as clang understands it.
.PHONY: print-cflags
print-cflags:
	@printf '%s ' -std=gnu11 -D_GNU_SOURCE -I. $(LIB_CFLAGS) $(TEST_CFLAGS)
	@echo "-DFUSE_SIDECAR_HOOK_VERSION='\"$(VERSION)\"'"

# clangd reads it; .clangd says what is not as in a .c file. SANITIZE and the like have no part in it.
.PHONY: clangd
clangd: ## compile_flags.txt, by which clangd and editors understand the sources
	@for flag in $$($(MAKE) -s print-cflags); do eval "printf '%s\n' $$flag"; done >compile_flags.txt
	@echo 'made compile_flags.txt'

# Only for these: exported to everything, they would reach a `make install` inside a test.
install_targets := install install-hook install-tools uninstall
$(foreach v,$(INSTALL_VARS),$(eval $(install_targets): export $(v) := $$($(v))))
install = @HOOK_BINARY='$(hook)' TOOL_BINARY='$(tool)' INSPECT_BINARY='$(inspect)' install/install.sh install

.PHONY: install install-hook install-tools
install: all ##u binary first, hooks.d last; DESTDIR, prefix, sysconfdir, libexecdir, sbindir, bindir, unitdir
	$(install)
install-hook: all ##u only what a node runs, without the program for people
	$(install) hook
install-tools: all ##u only the program for people, for a machine that is no node
	$(install) tools

.PHONY: uninstall
uninstall: ##u the same in reverse: hooks.d first, binary last
	@install/install.sh uninstall

.PHONY: clean
clean: ## remove build directories
	rm -rf build build-asan build-clang build-analyzer build-valgrind build-coverage build-fuzz '$(BUILD)'

# What stands behind ##u is for users, behind ## for developers, behind ##m for maintainers.
help_of = echo '$(1):'; \
	sed -n 's/^\([a-z0-9-]*\):[^\#]*\#\#$(2) \(.*\)/  \1\t\2/p' $(filter-out %.d,$(MAKEFILE_LIST)) | \
	expand -t 22; echo
.PHONY: help
help: ##u this list
	@$(call help_of,To build and try and install it,u)
	@$(call help_of,To work on it,)
	@$(call help_of,For maintainers: what takes long or needs a network,m)
	@echo 'Variables: CC BUILD SANITIZE CFLAGS DESTDIR prefix sysconfdir libexecdir sbindir unitdir'
