# SPDX-License-Identifier: Apache-2.0
#
# Random pods, included by the Makefile: tests/pods/*.c are one program, linked like the namespace
# tests. `make check` runs 500 of them; `make check-pods COUNT=10000 PODS_SEED=1` as many as wanted.

pods_src := $(sort $(wildcard tests/pods/*.c))
pods_test := $(BUILD)/tests/pods/pods

-include $(patsubst %.o,%.d,$(call obj,$(pods_src)))
$(pods_test): $(call obj,$(pods_src)) $(support_obj) $(BUILD)/support.stamp $(libhook) $(libpolicy) \
		$(liboci)
	$(call show,LD,$@)
	$(link) $(TEST_LIBS) $(HOOK_LIBS)

.PHONY: check-pods
check-pods: all $(pods_test) $(helpers) ## COUNT=500 random pods through the whole hook, from PODS_SEED=1 on (root)
	@PODS_COUNT='$(if $(filter command line environment,$(origin COUNT)),$(COUNT),500)' \
		PODS_SEED='$(or $(PODS_SEED),1)' TEST_TIMEOUT=36000 $(run_check) pods
