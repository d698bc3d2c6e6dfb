# Every target that people call has a description after `##`; `make help` prints them.
.DEFAULT_GOAL := help
.PHONY: help install run test tests test-methods check faults docs languages bench-answers bench-dashboard bench-frozen bench-gpu bench-job bench-load bench-pages bench-pickup bench-quality bench-read bench-web screenshots clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(VENV)/installed ## make the environment in .venv, with exact versions

run: $(VENV)/installed ## start the studio and print a link to sign in
	@$(BIN)/studio up

# What is checked runs beside the tests: types without a cache take more than a minute of one core, and tests wait now and then.
test: $(VENV)/installed-dev ## install what the tests need, run the checks and all tests
	@scripts/ensure programs
	@$(MAKE) --no-print-directory -j 2 check tests

# Two files at a time on two cores: with three, pages answered so late now and then that a test gave up. A browser test, and a test whose
# wait ran out, are tried once more and listed as RERUN (tests/conftest.py); a fault fails twice.
tests: $(VENV)/installed-dev ## run all tests without the checks
	@$(BIN)/python -m pytest -q -rfER -n 2 --dist loadfile --no-loadscope-reorder \
		--reruns 1 --only-rerun 'Timeout [0-9]+ms exceeded' --only-rerun 'with timeout [0-9]+ms'

check: $(VENV)/installed-dev ## check format, lint (Python, JavaScript) and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/oxlint --deny-warnings studio_ui
	@$(BIN)/mypy app worker studio studio_ui

test-methods: $(VENV)/installed-dev ## check every tuning method in every way, on tiny models of each kind
	@$(BIN)/python -m pytest -q -n 2 -m "methods or not methods" tests/methods tests/worker/engine

test-models: $(VENV)/installed-dev ## tune a tiny model of every type that transformers knows, and print the table
	@$(BIN)/python -m pytest -q -m "models or not models" tests/models

faults: $(VENV)/installed-dev ## kill, freeze and starve processes and servers; FAULTS_N=1 for the full count
	@scripts/ensure programs
	@$(BIN)/python -m tests.faults

docs: $(VENV)/installed ## write docs/reference.md from the code
	@$(BIN)/python docs/generate.py

languages: $(VENV)/installed ## bring the catalogs of translations up to date with the messages in the code
	@$(BIN)/python -m scripts.update_languages

bench-answers: $(VENV)/installed ## measure eight replies over four adapters, batched against one by one
	@$(BIN)/python -m benchmarks.answers

bench-dashboard: $(VENV)/installed-dev ## measure tables, charts, comparison and metric intake on 10,000 runs
	@scripts/ensure programs
	@$(BIN)/python -m benchmarks.dashboard

bench-frozen: $(VENV)/installed ## measure what the hidden-state cache of frozen layers saves
	@$(BIN)/python -m benchmarks.hidden_state_cache

bench-gpu: $(VENV)/installed ## measure LoRA and QLoRA steps of 1 B and 8 B models beside a plain script; tiny without a GPU
	@$(BIN)/python -m benchmarks.gpu_steps

bench-job: $(VENV)/installed ## measure the whole job, submit to tested adapter, beside a plain script
	@$(BIN)/python -m benchmarks.whole_job

bench-load: $(VENV)/installed-dev ## measure reads, queue and uploads while fifty readers ask without a pause, on both stores
	@scripts/ensure programs
	@$(BIN)/python -m benchmarks.load

bench-pages: $(VENV)/installed-dev ## measure every page in Chromium; AGAINST=/path compares with another checkout
	@scripts/ensure programs
	@$(BIN)/python -m benchmarks.pages $(if $(AGAINST),--against $(AGAINST))

bench-pickup: $(VENV)/installed ## measure the time from submit to the first training step
	@$(BIN)/python -m benchmarks.pickup

bench-quality: $(VENV)/installed ## measure default runs on public sets beside probe, TF-IDF, neighbours and a plain script
	@$(BIN)/python -m benchmarks.quality $(if $(ROWS),--rows $(ROWS))

bench-read: $(VENV)/installed ## measure the memory that reading a 2 GB file takes
	@$(BIN)/python -m benchmarks.read_memory

bench-web: $(VENV)/installed ## measure start and memory of the web process
	@$(BIN)/python -m benchmarks.web_start

screenshots: $(VENV)/installed-dev ## take the pictures of the README from a running studio
	@scripts/ensure programs
	@$(BIN)/python scripts/take_screenshots.py

clean: ## remove the environment and caches; your data stays
	@rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache build *.egg-info

$(VENV)/installed: constraints.txt pyproject.toml
	@PYTHON="$(PYTHON)" scripts/ensure environment '.[worker]'

$(VENV)/installed-dev: constraints.txt pyproject.toml
	@PYTHON="$(PYTHON)" scripts/ensure environment '.[worker,trackers,dev]'
