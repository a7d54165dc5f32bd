# SPDX-License-Identifier: Apache-2.0
#
# Races in volumes, included by the Makefile: tests/race/*.c are one program, linked like the
# namespace tests. `make check` runs it for some seconds; `make race RUNS=100000` for as long as it takes.

RUNS ?= 10000
race_src := $(sort $(wildcard tests/race/*.c))
race_test := $(BUILD)/tests/race/race

-include $(patsubst %.o,%.d,$(call obj,$(race_src)))
$(race_test): $(call obj,$(race_src)) $(support_obj) $(BUILD)/support.stamp $(libhook) $(libpolicy) \
		$(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(HOOK_LIBS)

.PHONY: check-race
check-race: all $(race_test) ## only the races in volumes, some seconds of them
	@$(run_check) race

.PHONY: race
race: ##m RUNS (10000) hooks in volumes that are changed under them (root)
	install/deps.sh build test
	@$(MAKE) all $(race_test)
	@RACE_RUNS='$(RUNS)' TEST_TIMEOUT=3600 V=1 $(run_check) race
