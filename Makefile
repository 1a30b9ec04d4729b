# Everything works on a machine with only Python, make and a package registry:
#   make chat    talk to the papers        make test    run every check
PYTHON ?= python3
UV := .uv/bin/uv
RUN := .venv/bin/
# copy mode: some packages refuse to read files that are hard links; no Python of uv's own is downloaded
export UV_LINK_MODE = copy
export UV_PYTHON_DOWNLOADS = never
export UV_PYTHON = $(shell $(PYTHON) -c 'import sys; print(sys.executable)')

.DEFAULT_GOAL := help
.PHONY: help chat test lint types unit eval gate baseline picture screenshots crash hostile audit lock clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

chat: .venv/.ready .venv/.models ## Talk to the papers in a web page; the first time, with the starter library
	@$(RUN)rag-ui --open

# Fetched once; a machine without a network goes on with the embedder that comes along.
.venv/.models: .venv/.ready
	@$(RUN)rag models pull || echo "going on with the embedder that comes along"
	@touch $@

test: lint types unit ## Check style, types and behaviour

lint: .venv/.ready
	$(RUN)ruff format --check .
	$(RUN)ruff check .

types: .venv/.ready
	$(RUN)mypy

# two processes on two cores: threads of their own would only get in each other's way
unit: .venv/.ready
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 RAYON_NUM_THREADS=1 $(RUN)python -m pytest -q -n 2 --dist loadfile --durations=20

eval: .venv/.ready ## Ask the shipped questions and print where the report is
	$(RUN)rag-eval run

gate: .venv/.ready
	$(RUN)rag-eval run --no-slices --out .eval/gate --compare eval/baseline.json --max-regression headline=0.05

baseline: .venv/.ready
	$(RUN)rag-eval baseline

picture: .venv/.ready ## Draw the picture of the README
	$(RUN)python tests/picture.py .github/answer.svg

screenshots: .venv/.ready ## Take pictures of the web page
	$(RUN)python tests/screenshots.py

KILLS ?= 200
crash: .venv/.ready ## Kill writing commands KILLS times and look at what is left
	$(RUN)python tests/crash.py $(KILLS)

FILES ?= 1000
hostile: .venv/.ready ## Read FILES generated bad files
	HOSTILE_FILES=$(FILES) $(RUN)python -m pytest -q tests/test_hostile.py

# in a folder of its own, so that nothing of it is needed to work on the code
audit: .venv/.ready ## Look for known flaws, bad habits, and the licences of what Paperchat needs
	UV_PROJECT_ENVIRONMENT=.audit $(UV) sync --frozen --only-group audit --quiet
	$(UV) export --frozen --all-extras --no-dev --no-emit-project --quiet --output-file .audit/requirements.txt
	.audit/bin/bandit --quiet --severity-level medium --recursive rag ui
	.audit/bin/bandit --quiet --severity-level medium --recursive --skip B608 eval
	.audit/bin/pip-licenses --python .venv/bin/python --order=license --format=markdown --output-file=.audit/licences.md
	.audit/bin/pip-audit --requirement .audit/requirements.txt --no-deps --disable-pip --strict

lock: $(UV) ## Choose newest versions of what Paperchat needs
	$(UV) lock --upgrade

clean: ## Remove everything that make has made
	rm -rf .venv .uv .audit .mypy_cache .ruff_cache .pytest_cache .hypothesis .eval

.venv/.ready: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --all-extras --quiet
	@touch $@

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv
