# Every target does its own set-up: a virtual environment in .venv, the packages, the compiled packet path.
# PYTHON=python3.12 chooses another interpreter; ARGS are flags for `therabook serve`, and for what `make fuzz` runs.

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
BIN := .venv/bin
ENGINE := sfu/core/_engine.built
ENGINE_SOURCES := setup.py $(wildcard sfu/core/*.pyx sfu/core/*.pxi sfu/core/*.pxd sfu/core/*.h)
SECONDS ?= 600
comma := ,
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call install,WHAT IS MISSING,DEBIAN PACKAGES): as root installs them; otherwise says what to do, and stops.
define install
	echo "$(1)"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(2); \
	else \
		echo "Install it first, on Debian or Ubuntu with:   sudo apt-get install $(2)" >&2; exit 1; \
	fi
endef

.NOTPARALLEL:
.PHONY: run test screenshots test-audit test-crash bench bench-audit bench-clinic bench-e2ee bench-network bench-recording hostile scale soak fuzz sanitize check format web-check venv clean lock

run: .venv/run $(ENGINE)    ## start the service in demo mode and print the links: make run ARGS="--port 9000"
	$(BIN)/therabook serve --demo $(ARGS)

# Two at a time, in the order of files, which begins with the longest; and calls between browsers, which take all there
# is, one after the other. All three parts run whatever became of those before.
test: .venv/dev .venv/tools $(ENGINE)   ## every test, in real browsers too: make test TESTS=tests/sfu
ifeq ($(TESTS),)
	two="--numprocesses 2 --dist loadfile --no-loadscope-reorder"; \
	$(BIN)/python -m pytest $$two --ignore tests/browser; most=$$?; \
	$(BIN)/python -m pytest $$two -m 'pages and not screenshots' tests/browser; pages=$$?; \
	$(BIN)/python -m pytest -m 'calls and not screenshots' tests/browser; calls=$$?; \
	exit $$((most | pages | calls))
else
	$(BIN)/python -m pytest $(TESTS)
endif

screenshots: .venv/tools $(ENGINE)         ## every page as people see it, into build/screenshots*/
	$(BIN)/python -m pytest -m screenshots tests/browser

test-audit: .venv/dev $(ENGINE)            ## ten thousand ways to falsify the audit log, each found: make test-audit ARGS="--count 2000"
	$(BIN)/python -m tests.audit_mutations $(ARGS)

test-crash: .venv/dev $(ENGINE)            ## the service killed at a thousand moments: make test-crash ARGS="--kills 60"
	$(BIN)/python -m tests.crash $(ARGS)

bench: .venv/dev $(ENGINE)                 ## what a forwarded packet costs: make bench ARGS=--quick
	$(BIN)/python -m bench.forward $(ARGS)

fuzz: .venv/dev build/fuzz/engine.built    ## hostile input for every parser: make fuzz SECONDS=60 ARGS="rtp sdp"
	$(BIN)/python -m tests.engine_build fuzz tests.fuzz --seconds $(SECONDS) $(ARGS)

sanitize: .venv/dev build/address/engine.built build/thread/engine.built   ## the packet path under ASAN, UBSAN and TSAN
	$(BIN)/python -m tests.sanitize $(ARGS)

bench-recording: .venv/dev $(ENGINE)       ## what recording costs, how much is too much, composing, memory
	$(BIN)/python -m bench.recording $(ARGS)

bench-audit: .venv/dev $(ENGINE)           ## signed events a second, proofs of ten million, the verifier
	$(BIN)/python -m bench.audit $(ARGS)

bench-clinic: .venv/tools $(ENGINE)        ## a year of a clinic, and how long each page waits: make bench-clinic ARGS="--scale 0.1"
	$(BIN)/python -m bench.clinic $(ARGS)

bench-e2ee: .venv/tools $(ENGINE)          ## what end-to-end encryption costs, in real browsers and at the server
	$(BIN)/python -m bench.e2ee $(ARGS)

bench-network: .venv/tools $(ENGINE)       ## what a call is worth on bad networks, simulated and in real browsers
	$(BIN)/python -m bench.network $(ARGS)

hostile: .venv/dev $(ENGINE)               ## a million hostile datagrams of each kind while 100 calls run
	$(BIN)/python -m bench.hostile $(ARGS)

scale: .venv/dev $(ENGINE)                 ## cost from 10 to 500 rooms, memory, sessions set up and torn down
	$(BIN)/python -m bench.scale $(ARGS)

soak: .venv/dev $(ENGINE)                  ## half an hour at half load: make soak ARGS="--minutes 5"
	$(BIN)/python -m bench.soak $(ARGS)

check: .venv/dev $(ENGINE) web-check       ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

web-check: .venv/dev build/node/node_modules/.bin/tsc   ## types of the web client, from its JSDoc
	PATH="$(abspath $(BIN)):$$PATH" build/node/node_modules/.bin/tsc --project jsconfig.json

venv: .venv/dev $(ENGINE)   ## all of the above without starting anything

clean:
	rm -rf .venv build dist *.egg-info sfu/core/_engine*

lock: .venv/dev             ## write down the versions that were tested together
	$(BIN)/pip freeze --all --exclude-editable --exclude pip | LC_ALL=C sort -f > constraints.txt

.venv/made:
	@[ -n "$(PYTHON)" ] || { $(call install,Python 3.11 or newer is missing.,python3 python3-venv python3-dev); }
	@python="$(or $(PYTHON),python3)"; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
		$(call install,$$python cannot make virtual environments: its venv module is missing.,python3-venv); }; \
	"$$python" -m venv .venv
	@command -v gcc >/dev/null || { $(call install,The C compiler is missing.,gcc libc6-dev); }
	@[ -f "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] || { \
		$(call install,The C headers of Python are missing.,python3-dev); }
	@touch $@

.venv/run: .venv/made pyproject.toml constraints.txt
	$(BIN)/pip install -q -c constraints.txt 'setuptools>=75' Cython
	$(BIN)/pip install -q -c constraints.txt --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@ $(ENGINE)

.venv/dev: .venv/made pyproject.toml constraints.txt
	$(BIN)/pip install -q -c constraints.txt 'setuptools>=75' Cython
	$(BIN)/pip install -q -c constraints.txt --no-build-isolation --config-settings editable_mode=compat -e '.[dev]'
	@touch $@ .venv/run $(ENGINE)

.venv/tools: .venv/dev
	@missing=""; for browser in chromium firefox-esr; do command -v $$browser >/dev/null || missing="$$missing $$browser"; done; \
	command -v age >/dev/null || missing="$$missing age"; \
	command -v ffprobe >/dev/null || missing="$$missing ffmpeg"; \
	command -v turnserver >/dev/null || missing="$$missing coturn"; \
	PATH="$$PATH:/usr/sbin:/sbin" command -v nft >/dev/null || missing="$$missing nftables"; \
	PATH="$$PATH:/usr/sbin:/sbin" command -v ip >/dev/null || missing="$$missing iproute2"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	[ -z "$$missing" ] || { $(call install,The tests use real browsers and tools$(comma) and these are missing:$$missing,$$missing); }
	@touch $@

$(ENGINE): $(ENGINE_SOURCES) | .venv/run
	$(BIN)/python setup.py -q build_ext --inplace
	@touch $@

# Engines that watch themselves, for tests only (docs/fuzzing.md). They need gcc and what comes with it.
build/%/engine.built: $(ENGINE_SOURCES) tests/fuzz/coverage.c | .venv/run
	ENGINE_BUILD=$* $(BIN)/python setup.py -q build_ext --build-lib build/$* --build-temp build/$*/objects
	@touch $@

build/node/node_modules/.bin/tsc: | .venv/dev
	@mkdir -p build/node
	PATH="$(abspath $(BIN)):$$PATH" npm install --loglevel=error --no-fund --no-audit --prefix build/node typescript@5
	@touch $@
