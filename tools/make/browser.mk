# What runs in a browser: npm's packages, installed into build/ by their lock files, and the tests in Chromium.

# $(call npm_packages,NAME,FOLDER): what FOLDER/package-lock.json names, as build/npm/NAME/node_modules. Nothing that a package
# wants to run at its installation is run.
define npm_packages
$(BUILD)/npm/$1/installed: $2/package.json $2/package-lock.json
	$$(call say,NPM,$2)
	$$(Q)rm -rf $$(@D) && mkdir -p $$(@D) && cp $$^ $$(@D)
	$$(Q)cd $$(@D) && npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --no-update-notifier </dev/null
	$$(Q)touch $$@
endef
$(eval $(call npm_packages,browser,tests/browser))

.PHONY: browser browser-build
browser-build: docs $(BUILD)/npm/browser/installed $(BUILD)/host/vtrace $(BUILD)/host/explorer_answers

browser: ## tests of the site and the explorer in Chromium only
	@tools/setup.sh test
	@$(MAKE) --no-print-directory browser-build
	@$(PYTEST) tests/browser $(TEST_ARGS)
