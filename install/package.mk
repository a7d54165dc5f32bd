# SPDX-License-Identifier: Apache-2.0
#
# Packages and what else brings the hook to nodes, included by the Makefile. All of it is made below
# $(BUILD)/packages; install/package.sh does the work.

package = install/deps.sh build $(1) && VERSION='$(VERSION)' BUILD='$(BUILD)' install/package.sh $(1)

.PHONY: deb
deb: ##u Debian packages, of the hook and of the tools, in $(BUILD)/packages
	@$(call package,deb)

.PHONY: rpm
rpm: ##u RPM packages, source and binary, in $(BUILD)/packages
	@$(call package,rpm)

# For the pool ROLE, with the policy POLICY, of programs that fit RHCOS: HOOK_BINARY, TOOL_BINARY.
ROLE ?= worker
POLICY ?=
HOOK_BINARY ?= $(hook)
TOOL_BINARY ?= $(tool)
.PHONY: machineconfig
machineconfig: $(if $(filter file,$(origin HOOK_BINARY) $(origin TOOL_BINARY)),all) ##u an OpenShift MachineConfig and its Butane; ROLE, POLICY, HOOK_BINARY, TOOL_BINARY
	@install/deps.sh build machineconfig
	@ROLE='$(ROLE)' POLICY='$(POLICY)' HOOK_BINARY='$(HOOK_BINARY)' TOOL_BINARY='$(TOOL_BINARY)' \
		BUILD='$(BUILD)' \
		install/openshift/machineconfig.sh

.PHONY: bundle
bundle: all ##u the program with its libraries, for nodes that lack them; what the container image installs
	@install/deps.sh build bundle
	@install/container/bundle.sh '$(BUILD)/bundle' '$(VERSION)' '$(hook)' '$(tool)' \
		$(addsuffix ',$(addprefix ',$(inspect)))
	@mkdir -p '$(BUILD)/bundle/hooks.d' && cp crio-hooks.d/*.json '$(BUILD)/bundle/hooks.d/'

# Not part of `make check`: it asks the mirror of the distribution for a small system to install on.
.PHONY: check-packages
check-packages: ##m build the packages twice, install, run, upgrade and remove them on a small Debian (root, network)
	install/deps.sh build test deb rpm bundle machineconfig package
	@$(MAKE) all
	@BUILD_DIR='$(abspath $(BUILD))' tests/packages/build.sh
	@$(run_check) packages

.PHONY: check-image
check-image: ##m build the DaemonSet's image and run it as the DaemonSet does (root, network)
	install/deps.sh build test deb rpm package
	@export BUILD_DIR='$(abspath $(BUILD))'; \
	[[ -e $$BUILD_DIR/check-packages/root/.complete ]] || tests/packages/build.sh; \
	tests/packages/image.sh
