PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run test lint audit clean

run: .venv/run
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app.py efviz hosting

# Asks the index for known holes in what is installed: needs the network.
audit: .venv/dev
	$(BIN)/pip-audit --local --skip-editable

.venv/run: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
