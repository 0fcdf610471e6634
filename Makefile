# `make up` starts Lehrwerk on this machine; `make test` runs the tests. Everything is installed into .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
EXTRAS := hub portal notebook examiner $(if $(GPU),gpu)
SYNC := $(UV) sync --locked --quiet --compile-bytecode $(foreach extra,$(EXTRAS),--extra $(extra))

.PHONY: help up install test lint bench attacks machine

help:
	@echo "make up       install and start Lehrwerk here"
	@echo "make test     lint, type check, unit, service and browser tests"
	@echo "make install  install only; GPU=1 adds CuPy for a real GPU"
	@echo "make bench    the benchmarks"
	@echo "make attacks  every known attack, by stock nbgrader and by Lehrwerk (a quarter of an hour)"

machine:
	@case "$$(uname -s)" in Linux) ;; *) echo "Lehrwerk runs on Linux (x86-64 or arm64). On macOS use a Linux container, on Windows use WSL2." >&2; exit 1;; esac
	@command -v python3 >/dev/null || { echo "python3 is missing: apt install python3 python3-venv" >&2; exit 1; }

.uv/bin/uv: | machine
	@python3 -m venv .uv 2>/dev/null || { rm -rf .uv; echo "python3-venv is missing: apt install python3-venv" >&2; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

install: machine $(filter .uv/bin/uv,$(UV))
	@$(SYNC) --no-default-groups $(if $(DEV),--group dev)

up: install
	@.venv/bin/lehrwerk up

test:
	@$(MAKE) --no-print-directory install DEV=1
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lehrwerk doctor --tests
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile

bench:
	@$(MAKE) --no-print-directory install DEV=1
	.venv/bin/python -m benchmarks.grading
	.venv/bin/python -m benchmarks.startup
	.venv/bin/python -m benchmarks.emulator
	.venv/bin/python -m benchmarks.trust
	.venv/bin/python -m benchmarks.intake
	.venv/bin/python -m benchmarks.throughput

attacks:
	@$(MAKE) --no-print-directory install DEV=1
	.venv/bin/python -m tests.attacks
