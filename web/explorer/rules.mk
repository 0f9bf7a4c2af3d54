# The exit explorer: one page, build/explorer/, that runs the hypervisor's own decoder and vtrace's own reader as WebAssembly.
# Included by the top Makefile. Needs Debian's clang, lld and wasi-libc; npm's packages by tools/make/browser.mk.

EXPLORER := $(BUILD)/explorer
EXPLORER_WASM := $(BUILD)/host/explorer/explorer.wasm
# What decodes exits on the target, and what reads recordings on the host: as they are.
EXPLORER_CORE := src/core/decode.c src/core/exit_format.c src/core/fault_codes.c src/core/sysreg_names.c src/lib/printf.c
EXPLORER_TRACE := $(addprefix trace/host/,devices.c events.c fields.c groups.c histogram.c intern.c metadata.c names.c \
	progress.c reader.c summary.c syndrome.c)
EXPLORER_OWN := $(wildcard web/explorer/*.c)
EXPLORER_FLAGS := -std=c17 -Wall -Wextra -Werror -D_GNU_SOURCE -I. -Isrc -Iinclude
EXPLORER_SOURCES := $(EXPLORER_CORE) $(EXPLORER_TRACE) $(EXPLORER_OWN)
EXPLORER_OBJECTS := $(EXPLORER_SOURCES:%.c=$(BUILD)/host/explorer/%.o)

EXPLORER_HOST_OBJECTS := $(EXPLORER_SOURCES:%.c=$(BUILD)/host/explorer/host/%.o)

# Both halves have a sysreg_name(): the hypervisor's takes a key, vtrace's a syndrome.
$(foreach of,explorer explorer/host,$(EXPLORER_CORE:%.c=$(BUILD)/host/$(of)/%.o)): EXPLORER_FLAGS += -Dsysreg_name=core_sysreg_name

$(BUILD)/host/explorer/%.o: %.c web/explorer/rules.mk
	@mkdir -p $(@D)
	$(call say,WASM,$<)
	$(Q)clang --target=wasm32-wasi -O2 $(EXPLORER_FLAGS) -MMD -MP -c -o $@ $<

# A library ("reactor"): no main(), the page calls what is exported. Of the system it asks nothing; explorer.js says no to it all.
$(EXPLORER_WASM): $(EXPLORER_OBJECTS)
	$(call say,LINK,$@)
	$(Q)clang --target=wasm32-wasi -O2 -mexec-model=reactor -Wl,--strip-all -Wl,--gc-sections -o $@ $^

# The same by the host's compiler, for the tests to compare with.
$(BUILD)/host/explorer/host/%.o: %.c web/explorer/rules.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(HOSTCC) -O2 $(EXPLORER_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/host/explorer_answers: $(BUILD)/host/explorer/host/tests/browser/explorer_answers.o $(EXPLORER_HOST_OBJECTS)
	$(Q)$(HOSTCC) -o $@ $^

-include $(EXPLORER_OBJECTS:.o=.d) $(EXPLORER_HOST_OBJECTS:.o=.d)

$(eval $(call npm_packages,explorer,web/explorer))

# One script, so that it runs from a file, where a page may not ask for another: no modules, no fetch().
EXPLORER_PAGE := web/explorer/index.html $(wildcard web/explorer/*.js) web/explorer/style.css
$(EXPLORER)/index.html: $(EXPLORER_PAGE) $(EXPLORER_WASM) $(BUILD)/npm/explorer/installed
	@rm -rf $(@D) && mkdir -p $(@D)
	$(call say,PAGE,$@)
	$(Q)NODE_PATH=$(abspath $(BUILD)/npm/explorer/node_modules) $(BUILD)/npm/explorer/node_modules/.bin/esbuild web/explorer/main.js \
		--bundle --format=iife --minify --target=chrome100,firefox100,safari15 --charset=utf8 --loader:.wasm=binary \
		--alias:explorer.wasm=./$(EXPLORER_WASM) --outfile=$(@D)/explorer.js --log-level=warning
	$(Q)cp web/explorer/index.html $@

.PHONY: explorer
explorer: ## the exit explorer, a page that works from the disk: build/explorer/index.html
	@tools/setup.sh docs
	@$(MAKE) --no-print-directory $(EXPLORER)/index.html
