# `make train` and `make test` are all a user needs; the other targets are for contributors.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: train test slow fuzz bench box lock

train: .venv/train
	$(BIN)/copydesk train experiment=bbc_topics
	$(BIN)/copydesk train experiment=boilerplate
	@echo; echo "A crawled article, as it arrives (data/sample/article.txt):"; echo
	@sed 's/^/    /' data/sample/article.txt
	@echo; echo "Its topic:"; echo
	$(BIN)/copydesk predict --model experiments/runs/bbc_topics/latest/model --proba data/sample/article.txt
	@echo; echo "And the article without leftovers:"; echo
	$(BIN)/copydesk clean --model experiments/runs/boilerplate/latest/model --text data/sample/article.txt

test: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

slow: .venv/test
	$(BIN)/python -m pytest -m slow

fuzz: .venv/test
	COPYDESK_FUZZ=1 $(BIN)/python -m pytest -m fuzz

# Runs every benchmark, which takes hours: make bench DATA=FOLDER, a folder with topics/ and pages/.
# To run one, see its script's --help.
DATA ?= ../shared/datasets
bench: .venv/test
	@test -d $(DATA)/topics -a -d $(DATA)/pages || \
		{ echo "make bench: $(DATA): not a folder with topics/ and pages/; set DATA=FOLDER" >&2; exit 2; }
	$(PIP) --editable ".[bench]"
	for name in features hashing training prediction topics search; do \
		$(BIN)/python experiments/benchmarks/$$name.py $(DATA)/topics || exit 1; done
	for name in boilerplate cleaning; do \
		$(BIN)/python experiments/benchmarks/$$name.py $(DATA)/pages || exit 1; done
	for name in topics_cleaned load reliability; do $(BIN)/python experiments/benchmarks/$$name.py || exit 1; done

lock:
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate \
		--output-file constraints.txt pyproject.toml

# Trains the boilerplate models that ship with the package; the same pages give the same bytes: make box PAGES=FOLDER
PAGES ?= ../shared/datasets/pages
box: .venv/test
	$(BIN)/copydesk train experiment=boilerplate_web split=inner dataset.main.path=$(PAGES)
	$(BIN)/python experiments/box.py experiments/runs/boilerplate_web/latest/model
	$(BIN)/copydesk train experiment=boilerplate_html split=inner dataset.path=$(PAGES)
	$(BIN)/python experiments/box.py experiments/runs/boilerplate_html/latest/model

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/train: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable ".[demo,report]"
	@touch $@

.venv/test: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable ".[dask,demo,html,report,search,dev]"
	@touch $@ .venv/train
