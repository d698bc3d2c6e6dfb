.PHONY: help install test
help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'
.venv/installed: constraints.txt pyproject.toml
	@test -d .venv || python3 -m venv .venv
	@.venv/bin/pip install -q -c constraints.txt -e '.[dev]'
	@touch $@
install: .venv/installed  ## make the environment in .venv
test: install  ## run all tests
	.venv/bin/python -m pytest -q
