# make demo   set up and run the main job        make test       set up and run the test suite
# make demo-sweep  draw the phase diagram of l1  make test-full  every property with many more cases
# make lint   ruff and mypy                       make docs       docs/_build/html (QUICK=1: without running the demos)
# make docs-check  its links, too
# make papers  the papers' experiments, re-run: numbers beside theirs
# make figures  README's figures, and whether it quotes their numbers
# make bench  tables side by side with peers     make test-lowest  the suite on the oldest dependencies
# make bench TABLES="greedy rip"  some of them   make bench-compare REV=...  this version beside an older one
# make test-torch  the property suite on torch    make mutants   typical GPU mistakes, one at a time: all are caught
# make test-gpu-static  GPU code against the real CuPy's names and NVIDIA's compiler, without a GPU
# make test-cupy  the suite on the real CuPy with its kernels compiled for the CPU (ASAN=1: with AddressSanitizer)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PYTEST := -m pytest -n $(WORKERS) --dist worksteal -q
ON_BACKENDS := tests/test_properties.py tests/test_backend.py tests/test_drawn_operators.py tests/test_cuda_twins.py
ON_TORCH := tests/test_pruning.py tests/test_pruning_demos.py
# the workers are the threads
ONE_THREAD := OMP_NUM_THREADS=1
TABLES ?= operators projections tree_projection tree_penalties group_prox batch convex constrained message_passing greedy rip needed \
	adaptive sweeps scaling
REV ?= HEAD

.PHONY: demo demo-sweep test test-full test-lowest test-cupy test-gpu-static test-torch mutants lint docs docs-check bench bench-compare papers figures clean

demo: $(VENV)/base
	$(BIN)/csrecover demo

demo-sweep: $(VENV)/base
	$(BIN)/csrecover demo phase_transition

test: $(VENV)/dev
	$(ONE_THREAD) $(BIN)/python $(PYTEST)

test-full: $(VENV)/dev
	$(ONE_THREAD) CSRECOVER_FULL=1 $(BIN)/python $(PYTEST)

test-lowest: $(VENV)-lowest/done
	$(ONE_THREAD) $(VENV)-lowest/bin/python $(PYTEST)

test-cupy: $(VENV)/dev
	$(ONE_THREAD) $(BIN)/python -m tests.cupy_on_cpu $(if $(ASAN),--asan) -n $(WORKERS) --dist worksteal -q

test-gpu-static:
	$(PYTHON) -m tests.gpu_static

test-torch: $(VENV)-torch/done
	$(ONE_THREAD) CSRECOVER_BACKENDS=torch:cpu $(VENV)-torch/bin/python $(PYTEST) $(ON_BACKENDS) $(ON_TORCH)

mutants: $(VENV)/dev
	$(BIN)/python -m tests.gpu_mutants

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/docs
	rm -rf docs/reference/generated
	$(ONE_THREAD) $(BIN)/python -m sphinx -E -W --keep-going $(if $(QUICK),-D plot_gallery=0) -b html docs docs/_build/html

docs-check: docs
	$(BIN)/python docs/check_links.py docs/_build/html

bench: $(VENV)/bench
	for table in $(TABLES); do $(BIN)/python benchmarks/$$table.py --out benchmarks/results || exit 1; done
	$(BIN)/python benchmarks/page.py

bench-compare: $(VENV)/dev
	$(BIN)/python benchmarks/compare.py $(REV)

papers: $(VENV)/dev
	$(ONE_THREAD) $(BIN)/python benchmarks/papers/run.py --out benchmarks/results/papers

figures: $(VENV)/base
	$(ONE_THREAD) $(BIN)/python demos/figures/make.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "csrecover needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/base: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e .[dev,fast,interop]
	touch $@ $(VENV)/base

$(VENV)/docs: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e .[docs,fast,interop,distributed]
	touch $@ $(VENV)/base

$(VENV)/bench: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install -q -e .[dev,bench,fast,interop]
	touch $@ $(VENV)/dev $(VENV)/base

$(VENV)-torch/done: pyproject.toml
	$(PYTHON) -m venv $(VENV)-torch
	$(VENV)-torch/bin/python -m pip install -q torch==2.13.0 -e .[dev,fast,interop]
	touch $@

$(VENV)-lowest/done: pyproject.toml tests/lowest.py
	$(PYTHON) -m venv $(VENV)-lowest
	$(PYTHON) tests/lowest.py > $(VENV)-lowest/constraints.txt
	$(VENV)-lowest/bin/python -m pip install -q -c $(VENV)-lowest/constraints.txt -e .[dev,fast,interop]
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-torch $(VENV)-gpu .cupy-on-cpu docs/_build docs/gallery docs/reference/generated out .pytest_cache .hypothesis .ruff_cache .mypy_cache
