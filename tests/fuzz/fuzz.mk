# SPDX-License-Identifier: Apache-2.0
#
# Fuzzing, included by the Makefile.
#
#   tests/fuzz/target_NAME.c   a target, for libFuzzer (clang) and for the replay in the unit tests
#   tests/fuzz/mutate_NAME.c   its own way to make inputs, where it has one; libFuzzer only
#   tests/fuzz/dict/NAME       words that its inputs are made of
#   tests/fuzz/corpus/NAME/    inputs worth keeping, replayed by `make check`
#
# FUZZ_TARGETS="state judge" runs only those; FUZZ_DIR keeps what is found (default: the build).

FUZZ_SECONDS ?= 60
FUZZ_BUILD := build-fuzz
FUZZ_DIR ?= $(FUZZ_BUILD)/found

fuzz_all := $(patsubst tests/fuzz/target_%.c,%,$(sort $(wildcard tests/fuzz/target_*.c)))
FUZZ_TARGETS ?= $(fuzz_all)
fuzz_src := $(sort $(wildcard tests/fuzz/target_*.c)) tests/fuzz/fuzz.c
fuzz_test := $(BUILD)/tests/unit/test_fuzz_corpus
fuzz_bins := $(fuzz_all:%=$(BUILD)/fuzz/%)

# The replay: the targets in the ordinary build, by whatever compiler that has.
$(fuzz_test): $(call obj,$(fuzz_src))
-include $(patsubst %.o,%.d,$(call obj,$(fuzz_src)))

.PHONY: fuzz
fuzz: ##m fuzz each reader for FUZZ_SECONDS (60) with clang's libFuzzer, ASan and UBSan
	install/deps.sh build fuzz
	@$(MAKE) CC=clang SANITIZE=address,undefined,fuzzer-no-link BUILD=$(FUZZ_BUILD) fuzz-run

.PHONY: fuzz-run
fuzz-run: $(fuzz_bins)
	@tests/fuzz/run.sh --bin '$(BUILD)/fuzz' --found '$(FUZZ_DIR)' --seconds '$(FUZZ_SECONDS)' \
		$(FUZZ_TARGETS)

# Everything is instrumented; only the programs have libFuzzer's main.
$(BUILD)/obj/fuzz/driver_%.o: tests/fuzz/driver.c $(BUILD)/flags.stamp
	@mkdir -p $(@D)
	$(call show,CC,$< ($*))
	$(Q)$(CC) $(ALL_CPPFLAGS) -DFUZZ_TARGET=fuzz_$* $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(fuzz_bins): mode_ldflags := -fsanitize=address,undefined,fuzzer
.SECONDEXPANSION:
$(fuzz_bins): $(BUILD)/fuzz/%: $(BUILD)/obj/fuzz/driver_%.o $(BUILD)/obj/tests/fuzz/target_%.o \
		$(BUILD)/obj/tests/fuzz/fuzz.o \
		$$(call obj,$$(wildcard tests/fuzz/mutate_$$*.c)) $(libpolicy) $(liboci)
	$(call show,LD,$@)
	$(link) $(POLICY_LIBS)
