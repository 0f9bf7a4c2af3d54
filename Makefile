# Vitrine. `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := build

# `make CC=clang`: the other compiler. `make MODE=debug`: no LTO, lock order asserted. `make MODE=O0` (O1, O2, Os, ...): that
# optimisation, no LTO.
ifeq ($(origin CC),default)
CC := aarch64-linux-gnu-gcc
endif
# `make LAB=04`, `make LABS=all`: the modules of these labs are a student's (tools/make/labs.mk); no LTO then.
MODE ?= $(if $(LAB)$(LABS),O2,release)
# `make PERF=1`: exits are measured (include/vitrine/perf.h); the image is build/vitrine-perf.img.
# `make GDB=1`: with the debugger for guests; the image is build/vitrine-gdb.img.
# `make PLATFORM=qemu-virt-gicv2`: another machine (tools/make/hypervisor.mk lists them); its image is
# build/vitrine-qemu-virt-gicv2.img.
BUILD := build
HOSTCC ?= cc
PYTHON := /usr/bin/python3
# What `make run` and `make test` build, they build on every CPU.
JOBS := $(shell nproc)
# `make V=1` shows the commands.
ifneq ($(V),1)
Q := @
say = @printf '  %-5s %s\n' '$1' '$2'
endif
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

include tools/make/labs.mk
include tools/make/hypervisor.mk
include tools/make/library.mk
include tools/make/gdbstub.mk
include guests/linux/rules.mk
include guests/hello/rules.mk
include guests/bench/rules.mk
include guests/tests/rules.mk
include trace/host/rules.mk
include tools/make/test.mk
include tools/make/lab_rules.mk
include tools/make/bench.mk
include tools/make/browser.mk
include web/explorer/rules.mk

.PHONY: help build run clean lint format docs docs-serve docs-figures docs-reference api

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'

build: $(IMAGE) $(BUILD)/host/vtrace ## the hypervisor (build/vitrine.img; others by PLATFORM=) and the trace tool

# In two steps, since what set-up installs must be there before the rules below look for it. ARGS may
# ask for another machine: then every platform's image is built.
run: ## boot Debian Linux on 4 vCPUs; leaves out/run.pftrace behind
	@tools/setup.sh run
	@$(MAKE) --no-print-directory -s -j$(JOBS) build $(if $(ARGS),images) linux-guest \
		$(BUILD)/guests/hello.elf >&2 </dev/null
	@tools/vitrine run $(if $(VM),vms/$(VM).dts) $(ARGS)

.PHONY: qemu-gdb gdb gdb-prepare gdb-image
gdb-image: ## the hypervisor with its debugger (build/vitrine-gdb.img)
	@$(MAKE) --no-print-directory GDB=1 image-of-platform

# What GDB knows the guest's addresses by: nothing for a manifest of somebody else's.
GDB_SYMBOLS := $(if $(filter-out linux,$(VM)),$(if $(filter hello,$(VM)),$(BUILD)/guests/hello.elf),$(BUILD)/gdb/linux.elf)

gdb-prepare:
	@tools/setup.sh gdb
	@$(MAKE) --no-print-directory -s -j$(JOBS) build gdb-image linux-guest $(BUILD)/guests/hello.elf >&2 </dev/null
	@mkdir -p $(BUILD)/gdb
	@tools/kallsyms-to-elf $(BUILD)/guests/linux/Image -o $(BUILD)/gdb/linux.elf

qemu-gdb: gdb-prepare ## the same as run, but halted at the guest's first instruction until GDB lets it go
	@tools/vitrine run $(if $(VM),vms/$(VM).dts) --gdb --halt $(GDB_SYMBOLS:%=--symbols %) $(ARGS)

gdb: gdb-prepare ## qemu-gdb and GDB in one terminal; the guest's console goes to out/console.log
	@tools/gdb.sh $(if $(VM),vms/$(VM).dts) $(GDB_SYMBOLS:%=--symbols %) $(ARGS)

clean: ## remove what was built; the cache of downloads stays
	rm -rf $(BUILD) out

C_FILES = $(shell git ls-files '*.c' '*.h')

format: ## clang-format every C file in place
	clang-format -i $(C_FILES)

docs: api explorer ## build the docs site into build/site
	$(Q)tools/docs_site.py
	$(Q)rm -rf $(BUILD)/site/api $(BUILD)/site/explorer
	$(Q)cp -R $(BUILD)/api $(EXPLORER) $(BUILD)/site

PORT ?= 8000
docs-serve: docs ## show build/site on http://127.0.0.1:8000 (PORT=)
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory $(BUILD)/site $(PORT)

docs-reference: $(BUILD)/host/vtrace ## write the pages of docs/reference that are made of tables
	tools/docs_reference.py
	tools/trace_events.py > docs/reference/trace-events.md

# Of one boot that is the same everywhere, to the last exit. The page quotes its numbers.
docs-figures: ## draw the figures of "Reading a trace" from a new run: minutes
	@tools/setup.sh run
	@$(MAKE) --no-print-directory -s build linux-guest >&2 </dev/null
	@mkdir -p out docs/figures
	@printf 'nproc\npoweroff -f\n' | tools/vitrine run --icount --trace out/figures.pftrace --log out/figures.log >out/figures.txt
	@$(PYTHON) -B tools/trace_figures.py out/figures.vtr docs/figures

api: ## the API reference of the public headers, into build/api; a warning is an error
	@tools/setup.sh docs
	@mkdir -p $(BUILD)
	@! doxygen docs/Doxyfile 2>&1 | grep -v '(variable) of struct .* is not documented'
	@test -f $(BUILD)/api/index.html
