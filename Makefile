# make demo and make test need only Python 3.10 or later; `make help` lists
# the rest.  Everything is installed into .venv.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 \
	python3.10; do $$python -c $(USABLE) 2>/dev/null && echo $$python \
	&& break; done)
USABLE = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

BIN = .venv/bin
# Editable installations are made anew when what they declare changes.
DECLARED = setup.py pyproject.toml zkzopeserver/setup.py \
	zkzopeserver/pyproject.toml zcasync/setup.py zcasync/pyproject.toml
TESTS = $(BIN)/zope-testrunner --test-path=src --test-path=zkzopeserver/src \
	--test-path=zcasync/src --tests-pattern='^test_'
# For example: make test ARGS='-m zc.zk.tests.test_errors'
ARGS ?= -v --auto-color
REAL = $(BIN)/python -m zc.zk.tests.realserver --
MINUTES ?= 5
# make demo PAGE=1: the page of the demo stays until it is stopped.
PAGE ?=
# For example: make bench BENCH=trees
BENCH ?=
# Which faults come: chosen anew each time unless given.
SEED ?= $(shell date +%s)

.PHONY: help demo demo-async docs test test-real lint coverage covered covered-real \
	coverage-report bench fuzz fuzz-requests chaos chaos-async \
	chaos-http screenshots clean

help:
	@echo 'make demo        a short story with two servers and a client'
	@echo '                 (PAGE=1: its page stays until you stop it)'
	@echo 'make demo-async  a shop whose mails are sent by jobs of zc.async'
	@echo 'make docs        the documentation, as pages in build/docs'
	@echo 'make test        all tests, on the embedded ZooKeeper'
	@echo 'make test-real   all tests, on Apache ZooKeeper (needs java)'
	@echo 'make lint        style and types'
	@echo 'make coverage    both test runs, and the branches they missed'
	@echo 'make bench       benchmarks, on Apache ZooKeeper'
	@echo 'make fuzz        compare the two for MINUTES=$(MINUTES)'
	@echo 'make fuzz-requests  bad requests to both engines, for as long each'
	@echo 'make chaos       faults on an ensemble, for MINUTES=$(MINUTES)'
	@echo 'make chaos-async faults on dispatchers of zc.async, the same'
	@echo 'make chaos-http  faults on servers, for as long with each client'
	@echo 'make screenshots  pictures of the page for docs (needs chromium)'
	@echo 'make clean       remove what these have made'

demo: .venv/installed
	@$(BIN)/python demo $(if $(PAGE),--page)

demo-async: .venv/installed
	@$(BIN)/python demo/jobs.py

# Every warning is an error, a link that leads nowhere included.
docs: .venv/docs
	$(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going \
		--doctree-dir build/doctrees docs build/docs
	@echo 'Open build/docs/index.html'

test: .venv/installed
	$(TESTS) $(ARGS)

test-real: .venv/installed .venv/browser
	$(REAL) $(TESTS) --at-level 2 $(ARGS)

lint: .venv/tools
	$(BIN)/ruff check .
	$(BIN)/mypy src zkzopeserver/src zcasync/src

coverage: .venv/tools
	rm -f .coverage .coverage.*
	$(MAKE) covered covered-real coverage-report

covered: .venv/tools
	$(BIN)/coverage run $(TESTS) $(ARGS)

covered-real: .venv/tools .venv/browser
	$(REAL) $(BIN)/coverage run $(TESTS) --at-level 2 $(ARGS)

coverage-report:
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

bench: .venv/bench
	$(BIN)/python bench $(BENCH)

fuzz: .venv/installed
	$(BIN)/python -m zc.zk.tests.fuzz_likeness --minutes $(MINUTES) \
		--seed $(SEED)

fuzz-requests: .venv/installed
	for engine in zope.server waitress; do \
		$(BIN)/python -m zc.zkzopeserver.tests.fuzz_requests \
			--engine $$engine --minutes $(MINUTES) --seed $(SEED) \
			|| exit 1; done

chaos: .venv/installed
	$(BIN)/python -m zc.zk.tests.chaos --minutes $(MINUTES) \
		--seed $(SEED)

chaos-async: .venv/installed
	$(BIN)/python -m zc.async_.tests.chaos --minutes $(MINUTES) \
		--seed $(SEED)

chaos-http: .venv/installed
	for client in httpx requests aiohttp; do \
		$(BIN)/python -m zc.zk.tests.http.chaos --client $$client \
			--minutes $(MINUTES) --seed $(SEED) || exit 1; done

# All of them go to build; those that docs/page.rst shows, to docs/pictures.
screenshots: .venv/browser
	$(BIN)/python -m zc.zk.tests.web.screenshots build/screenshots
	mkdir -p docs/pictures
	for name in $$(grep -o 'page-[a-z-]*[.]png' docs/page.rst | sort -u); do \
		cp build/screenshots/$$name docs/pictures/ || exit 1; done

clean:
	rm -rf .venv .tox .mypy_cache .ruff_cache .hypothesis build dist \
		bin eggs parts develop-eggs .installed.cfg .coverage .coverage.* \
		src/*.egg-info zkzopeserver/src/*.egg-info \
		zcasync/src/*.egg-info

.venv/installed: $(DECLARED)
	@test -n '$(PYTHON)' || { echo \
		'No Python 3.10 or later (with venv and pip) is on PATH.' \
		'Install one (on Debian also python3-venv), or name it:' \
		'make PYTHON=/path/to/python3' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-e '.[test]' -e 'zkzopeserver[test]' -e 'zcasync[test]'
	@touch $@

.venv/bench: bench/requirements.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-r bench/requirements.txt
	@touch $@

.venv/docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-e '.[docs]'
	@touch $@

.venv/browser: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		selenium
# Only for the file of axe-core in it, not for the driver that it needs.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps axe-playwright-python
	@touch $@

.venv/tools: requirements-tools.txt .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-r requirements-tools.txt
	@touch $@
