SHELL := /bin/bash
unexport PYTHONDONTWRITEBYTECODE
bin := .venv/bin

.PHONY: help demo test test-all venv venv-demo lint format types contracts budgets messages docs smoke lock changelog clean

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: venv-demo ## set up, then take 336,776 real flights to a registered, scored model
	@$(bin)/cauce demo

test: venv ## set up, then every gate and the tests (what CI runs)
	@scripts/test-tools
	@scripts/test

test-all: venv ## the same with the long matrix; writes docs/reliability.md
	@scripts/test-tools --all
	@scripts/test --all

venv: ## an environment for development in .venv, as locked
	@scripts/setup dev

venv-demo: ## a smaller one, enough to use Cauce with MLflow
	@scripts/setup demo

lint: venv ## ruff: rules and format
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .

format: venv ## put the code into its standard form
	@$(bin)/ruff check --fix-only .
	@$(bin)/ruff format .

types: venv ## mypy --strict
	@$(bin)/mypy

contracts: venv ## who may import whom
	@$(bin)/lint-imports --no-logo

budgets: venv ## sizes, names and shapes of the code
	@$(bin)/python scripts/check_budgets.py

messages: venv ## bring the Spanish catalogue up to date with the code, and compile it
	@$(bin)/python scripts/messages.py

docs: venv ## the documentation in docs/_build/html
	@$(bin)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

smoke: venv ## a wheel beside its base dependencies alone, with each Python that is here
	@PATH="$(CURDIR)/$(bin):$$PATH" scripts/smoke

lock: venv ## resolve the dependencies anew into constraints/
	@scripts/lock

changelog: venv ## what the next release's changelog would say
	@$(bin)/towncrier build --draft --version next

clean: ## remove what was made here, the environment too
	@rm -rf .venv dist build docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
