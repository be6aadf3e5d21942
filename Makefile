PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run check test lint format audit lock digests clean

run: .venv/run
	$(BIN)/streamlit run app.py --server.port $(PORT)

# What a change is checked with while it is made: style, types, and the tests that need no browser,
# no server, no whole page and no seconds each.
check: .venv/dev
	@set -ex; begun=$$(date +%s); \
	$(BIN)/ruff check .; \
	$(BIN)/ruff format --check .; \
	$(BIN)/mypy; \
	if [ -d node_modules ]; then npm run --silent lint; fi; \
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 -m "not (browser or slow)"; \
	set +x; echo "checked in $$(($$(date +%s) - begun)) s"

test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4

lint: .venv/dev node_modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run --silent lint
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml app.py efviz hosting

format: .venv/dev node_modules
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --silent format

# Looks up known vulnerabilities of the installed packages. Needs the network.
audit: .venv/dev
	$(BIN)/pip-audit --local --skip-editable

# Renews what the image installs: every version with its hashes, for its Python. Needs the network.
lock: .venv/dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.13 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url requirements.txt --output-file requirements.lock

# Pins the base images in Dockerfile and compose.yaml to what their tags mean today.
digests:
	@for image in python:3.13-slim nginxinc/nginx-unprivileged:1.28-alpine; do \
		docker pull --quiet $$image >/dev/null && \
		pinned=$$(docker inspect --format '{{index .RepoDigests 0}}' $$image) && \
		sed -i "s|$$image\(@sha256:[0-9a-f]*\)\?|$$image@$${pinned#*@}|" Dockerfile compose.yaml || exit 1; \
	done

.venv/run: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@

clean:
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache
