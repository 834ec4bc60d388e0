# Every target sets up .venv by itself. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
LABS := .venv-labs

.DEFAULT_GOAL := help
.PHONY: help book test unit notebooks site execute bench lab labs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "Installing PyTorch and the book's tools into .venv (several minutes the first time) ..."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[book,test]"
	@touch $@

book: $(STAMP) ## build the static site into _build/html
	$(BIN)/python -m tools.build_site

test: unit notebooks site ## install and check everything: lint, types, tests, notebooks, site, canaries

unit: $(STAMP) ## lint, types, unit and theory tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m aigc_lib.prepare
	$(BIN)/pytest tests/unit tests/theory tests/notebooks

notebooks: $(STAMP) ## run every chapter and compare it with what is published (strict nbval)
	$(BIN)/python -m aigc_lib.prepare
	OMP_NUM_THREADS=1 AIGC_DEVICE=cpu $(BIN)/pytest -n 2 --dist loadscope @tests/nbval.args notebooks

site: book ## check the built site in a browser, and that every gate catches its canary
	$(BIN)/pytest -n 2 --dist loadfile tests/canaries
	$(BIN)/pytest -n 2 --maxschedchunk 1 tests/site

execute: $(STAMP) ## run the chapters again in place, with their outputs, run times and memory
	$(BIN)/python -m tools.execute

bench: $(STAMP) ## time the textbook training loop and ours, side by side
	$(BIN)/aigc bench --model mlp --out book/results/bench-mlp.json
	$(BIN)/aigc bench --model dcgan --out book/results/bench-dcgan.json

lab: $(STAMP) ## open the chapters in JupyterLab
	$(BIN)/jupyter lab notebooks

$(LABS)/installed: constraints-labs.txt
	$(PYTHON) -m venv $(LABS)
	$(LABS)/bin/python -m pip install --quiet --constraint constraints-labs.txt nbgrader
	@touch $@

labs: $(STAMP) $(LABS)/installed ## write student copies of all chapters, and prove with nbgrader that they can be marked
	$(BIN)/python -m aigc_lib.prepare
	$(BIN)/python -m tools.labs $(LABS)/bin/nbgrader

clean: ## remove the built site and the scripts it was built with (.venv and the data stay)
	rm -rf _build .cache .pytest_cache .mypy_cache .ruff_cache
