# Every target sets up what it needs in $(VENV) and is quick the second time.
# PYTHON=... picks the interpreter (a .venv made with another version is made again),
# VENV=... another folder, ARGS=... is handed on to pytest or rematch.

.DEFAULT_GOAL := help
SHELL := bash
VENV ?= .venv
BIN := $(abspath $(VENV))/bin
export PATH := $(BIN):$(PATH)

UV_INSTALL := tools/uv-env uv pip install --quiet --python $(VENV)
COMPILE := tools/uv-env env -u UV_INDEX -u UV_FIND_LINKS uv pip compile --quiet --upgrade \
	--universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-header --no-annotate

ifneq ($(PYTHON),)
  minor = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
  ifneq ($(call minor,$(PYTHON)),$(call minor,$(BIN)/python))
    .PHONY: $(VENV)/.made
  endif
endif

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.core ## the pocket suite with the offline agent: no key, no model
	rematch run pocket $(ARGS)

live: $(VENV)/.core ## three pocket tasks with a real model: make live MODEL=provider/name
	@[ -n "$(MODEL)" ] || echo "skipped: set MODEL=provider/name, and the provider's key in .env"
	[ -z "$(MODEL)" ] || rematch run pocket --slice 0:3 -n 2 -v 2 --model "$(MODEL)" $(ARGS)

test: $(VENV)/.dev ## the fast tests
	pytest -n 2 -m "not slow and not docker and not bwrap and not harbor" $(ARGS)

lint: $(VENV)/.dev ## ruff: rules and format
	ruff check .
	ruff format --check .

types: $(VENV)/.dev ## mypy, strict
	mypy

contracts: $(VENV)/.dev ## which room may import which
	tools/contracts

bench: $(VENV)/.dev ## the benchmarks
	python -m bench $(ARGS)

lock: $(VENV)/.uv ## resolve the newest versions into locks/
	echo uv | $(COMPILE) - -o locks/uv.txt
	$(COMPILE) pyproject.toml --all-extras -o locks/dev.txt
	$(COMPILE) pyproject.toml -c locks/dev.txt -o locks/core.txt

clean: ## remove environments, caches and build output
	rm -rf .venv* build dist *.egg-info .coverage .*_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made:
	rm -rf $(VENV)
	python=$${PYTHON:-$$(tools/find-python)} && "$$python" -m venv $(VENV)
	touch $@

$(VENV)/.uv: $(VENV)/.made locks/uv.txt
	python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	touch $@

# Editable: the code is read from this checkout. pyproject.toml holds its entry point and packages.
$(VENV)/.core: $(VENV)/.uv locks/core.txt pyproject.toml
	$(UV_INSTALL) --require-hashes -r locks/core.txt
	$(UV_INSTALL) --no-deps --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core locks/dev.txt
	$(UV_INSTALL) --require-hashes -r locks/dev.txt
	touch $@

.PHONY: help demo live test lint types contracts bench lock clean
