# Every target sets up .venv by itself. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
LABS := .venv-labs
# One thread each: two processes with two threads each crawl on two cores.
TEST := OMP_NUM_THREADS=1 AIGC_DEVICE=cpu $(BIN)/python -m pytest -q -n 2 --dist loadfile
QUICK := $(addprefix tests/,book cli core data exercises metrics nets notebooks tools)

# What a reader's settings could do to the environments made here: send packages elsewhere, find
# others, or take the assertions out of the pages. Where packages come from stays the reader's choice.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_REQUIRE_VIRTUALENV PIP_NO_DEPS PIP_DRY_RUN
unexport PYTHONPATH PYTHONHOME PYTHONUSERBASE PYTHONSAFEPATH PYTHONOPTIMIZE

define look_at_site
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/canaries
	$(BIN)/python -m pytest -n 2 --maxschedchunk 1 tests/site
endef

.DEFAULT_GOAL := help
.PHONY: help book pdf epub bundle check test lint unit notebooks site execute bench gpu lab labs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12")'
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "Installing PyTorch and the book's tools into .venv (several minutes the first time) ..."
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[book,test]"
	@touch $@

book: $(STAMP) ## build the static site into _build/html
	$(BIN)/python -m tools.build_site

pdf: book ## print the whole book as _build/aigc-book.pdf (needs Chromium and a Chinese font), and check it
	$(BIN)/python -m tools.pdf --language en
	$(BIN)/python -m tools.pdf --language zh

epub: book ## write both editions as _build/aigc-book.epub and aigc-book-zh.epub (needs Chromium), and check them
	$(BIN)/python -m tools.epub --language en
	$(BIN)/python -m tools.epub --language zh

bundle: book $(LABS)/installed ## write one archive for a classroom without a network: site, chapters, data, packages
	$(BIN)/python -m aigc_lib prepare
	$(BIN)/python -m ipykernel install --prefix $(LABS) --name python3 --display-name "Python 3 (the book)"
	$(BIN)/python -m tools.bundle

check: lint ## what to run before each commit, in under two minutes: lint and the quick tests
	$(TEST) -m "not slow" $(QUICK)

# The site is built beside the unit tests: both leave a core idle now and then.
test: $(STAMP) ## install and check everything: lint, types, tests, notebooks, site, canaries
	$(MAKE) --jobs 2 unit book
	$(MAKE) notebooks
	$(look_at_site)

lint: $(STAMP) ## style, form and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

unit: lint ## lint, types, unit and theory tests, and the built wheel
	$(BIN)/python -m aigc_lib prepare
	$(TEST) tests --ignore tests/site --ignore tests/canaries

notebooks: $(STAMP) ## run every chapter and compare it with what is published (strict nbval)
	$(BIN)/python -m aigc_lib prepare
	OMP_NUM_THREADS=1 AIGC_DEVICE=cpu $(BIN)/python -m pytest -n 2 --dist loadscope @tests/nbval.args notebooks

site: book ## check the built site in a browser, and that every gate catches its canary
	$(look_at_site)

execute: $(STAMP) ## run the chapters again in place, with their outputs, run times and memory
	$(BIN)/python -m tools.execute

bench: $(STAMP) ## time the textbook training loop and ours, side by side
	$(BIN)/python -m aigc_lib bench --model mlp --record
	$(BIN)/python -m aigc_lib bench --model dcgan --record

gpu: $(STAMP) ## on a machine with a GPU: its tests, chapters and records in 8 minutes, into _build/gpu
	$(BIN)/python -m tools.gpu

lab: $(STAMP) ## open the chapters in JupyterLab
	$(BIN)/python -m jupyterlab notebooks

$(LABS)/installed: constraints-labs.txt
	"$(PYTHON)" -m venv $(LABS)
	$(LABS)/bin/python -m pip install --quiet --constraint constraints-labs.txt nbgrader
	@touch $@

labs: $(STAMP) $(LABS)/installed ## write student copies of all chapters, and prove with nbgrader that they can be marked
	$(BIN)/python -m aigc_lib prepare
	$(BIN)/python -m ipykernel install --prefix $(LABS) --name python3 --display-name "Python 3 (the book)"
	$(BIN)/python -m tools.labs $(LABS)/bin/python

clean: ## remove the built site and the scripts it was built with (.venv and the data stay)
	rm -rf _build .cache .pytest_cache .mypy_cache .ruff_cache
