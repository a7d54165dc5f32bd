# SPDX-License-Identifier: Apache-2.0
#
# Packages and what else brings the hook to nodes, included by the Makefile. All of it is made below
# $(BUILD)/packages; install/package.sh does the work.

package = install/deps.sh build $(1) && VERSION='$(VERSION)' BUILD='$(BUILD)' install/package.sh $(1)

.PHONY: deb
deb: ## a Debian package, in $(BUILD)/packages
	@$(call package,deb)

.PHONY: rpm
rpm: ## RPM packages, source and binary, in $(BUILD)/packages
	@$(call package,rpm)
