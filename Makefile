# The tasks of this project.  `make help` lists them.
#
# They need Python 3.11 or later, make and git.  The rest (the Python environment in .venv, the Arm
# compiler) is set up by the first use and then kept.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
PROG ?= build/guest/programs/hello.elf
ARGS ?=
EMU_FLAGS ?=
PYTEST_FLAGS ?=
BENCH_FLAGS ?=

PYTHON_READY := $(VENV)/.ready
TOOLCHAIN_READY := build/.toolchain-ready
NATIVE := $(wildcard emu/native/*.[ch])
# Tests of hooks, which are run again with the hooks in Python.  Whole programs are run with both in
# one process, by the covering arrays of tests/agreement.py and by tests/fuzz.
HOOK_TESTS := tests/cpu tests/mmu $(addprefix tests/trace/test_,accesses.py attach.py coverage.py executed.py profile.py)
HEADER := guest/include/kernel.h
# On CI the tests use the header as committed, and all tools that they compare emu with.
IN_CI := $(filter true 1,$(CI))
ORACLES := $(if $(IN_CI),oracles)
FRESH_HEADER := $(if $(IN_CI),,header)
SOURCES := setup.py emu kernel_model tests $(wildcard benchmarks tools/*.py)

# The set of guests that PROG belongs to, if any: `make run` builds only that set.
PROG_SET := $(word 3,$(subst /, ,$(filter build/guest/%,$(PROG))))
CORES := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
MAKE_GUESTS = $(MAKE) --no-print-directory -s -C guest $(if $(findstring -j,$(MAKEFLAGS)),,-j$(CORES))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: run
run: setup $(if $(PROG_SET),$(FRESH_HEADER) $(TOOLCHAIN_READY)) ## Run the hello guest, or PROG=file with ARGS="..." and EMU_FLAGS="..."
	@$(if $(PROG_SET),$(MAKE_GUESTS) $(PROG_SET))
	@$(BIN)/emu run $(EMU_FLAGS) $(PROG) $(if $(ARGS),-- $(ARGS))

.PHONY: demo
demo: setup guests ## Run the small system: a shell, pipes, files, a pager (interactive: emu run build/guest/system/system.elf)
	@$(BIN)/emu run build/guest/system/system.elf < guest/system/demo.txt

.PHONY: test
test: setup $(ORACLES) lint guests ## Check the style and run every test (PYTEST_FLAGS="--durations=25")
	@EMU_NATIVE=0 $(BIN)/python -m pytest -n $(JOBS) $(HOOK_TESTS) $(PYTEST_FLAGS) || [ $$? -eq 5 ]
	@$(BIN)/python -m pytest -n $(JOBS) -rs $(PYTEST_FLAGS)

.PHONY: test-long
test-long: setup guests ## Run the whole products of which `make test` runs a choice (PYTEST_FLAGS="-k ...")
	@$(BIN)/python -m pytest -n $(JOBS) -m long $(PYTEST_FLAGS)

.PHONY: guests
guests: setup $(FRESH_HEADER) $(TOOLCHAIN_READY) ## Build the guest programs into build/guest
	@$(MAKE_GUESTS)

.PHONY: bench
bench: setup guests ## Measure, beside plain Unicorn and QEMU (BENCH_FLAGS="--quick calls")
	@$(BIN)/python -m benchmarks $(BENCH_FLAGS)

.PHONY: fair
fair: setup guests ## Measure what a process that makes heavy calls leaves to another
	@$(BIN)/python -m benchmarks.fairness

.PHONY: lint
lint: setup ## Check style, types and the borders between the packages
	@$(BIN)/ruff check -q $(SOURCES)
	@$(BIN)/ruff format -q --check $(SOURCES)
	@$(BIN)/mypy --no-error-summary
	@mkdir -p build
	@$(BIN)/lint-imports --no-logo > build/lint-imports.log || { cat build/lint-imports.log; exit 1; }

.PHONY: header
header: $(HEADER) ## Write the C header and the stubs again if the calls have changed

$(HEADER): kernel_model/abi.py kernel_model/syscalls.py kernel_model/cheader.py | setup
	@$(BIN)/python -m kernel_model.cheader guest
	@touch $@

.PHONY: setup
setup: $(PYTHON_READY) ## Make .venv with emu and all its tools

$(PYTHON_READY): pyproject.toml setup.py tools/setup-python $(NATIVE)
	@tools/setup-python $(PYTHON) $(VENV)
	@mkdir -p build
	@touch $@

$(TOOLCHAIN_READY): tools/setup-toolchain
	@tools/setup-toolchain
	@mkdir -p build
	@touch $@

.PHONY: oracles
oracles: ## Install the tools that some tests compare with (qemu, gdb, dtc); tests skip without
	@tools/setup-oracles

.PHONY: golden
golden: setup guests ## Write the whole outputs that tests compare with again; read the difference
	@EMU_GOLDEN=write $(BIN)/python -m pytest -q tests/debug -k "golden or whole or documented"

.PHONY: man
man: setup ## Write the manual page again, docs/emu.1
	@$(BIN)/emu man > docs/emu.1

# Longer examinations than those of `make test`; docs/testing.md describes them.

FUZZ_SECONDS ?= 300
FUZZ_FLAGS ?=
SOAK_FLAGS ?=
MUTANTS_FLAGS ?=
MUTANTS := build/mutants

.PHONY: fuzz
fuzz: setup ## Judge the kernel by its oracle for FUZZ_SECONDS (FUZZ_FLAGS="--seed N" repeats a run)
	@$(BIN)/python -m tests.kernel.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ_FLAGS)

.PHONY: fuzz-guest
fuzz-guest: setup ## Run hostile programs in every way there is for FUZZ_SECONDS (FUZZ_FLAGS="--kind chaos --seed N")
	@$(BIN)/python -m tests.fuzz.guest --seconds $(FUZZ_SECONDS) $(FUZZ_FLAGS)

.PHONY: fuzz-accesses
fuzz-accesses: setup ## Compare 100,000 loads and stores of each kind with qemu-arm (FUZZ_FLAGS="--seed N")
	@$(BIN)/python -m tests.fuzz.accesses $(FUZZ_FLAGS)

.PHONY: fuzz-inputs
fuzz-inputs: setup guests ## Give emu damaged files, command lines and blocks, each kind for FUZZ_SECONDS
	@$(BIN)/python -m tests.fuzz.inputs --seconds $(FUZZ_SECONDS) $(FUZZ_FLAGS)

.PHONY: soak
soak: setup guests ## Run ten million calls and a hundred thousand processes; memory must stay (SOAK_FLAGS="--part 100")
	@$(BIN)/python -m tests.soak $(SOAK_FLAGS)

.PHONY: mutants
mutants: setup ## Break the kernel in small ways, one at a time, and list what no test notices
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	@rm -rf $(MUTANTS) && mkdir -p $(MUTANTS)/tests
	@cp -r kernel_model $(MUTANTS) && cp -r tests/__init__.py tests/kernel $(MUTANTS)/tests
	@cp tests/kernel/mutants.toml $(MUTANTS)/pyproject.toml
	@cd $(MUTANTS) && $(abspath $(BIN))/mutmut run --max-children $(CORES) && $(abspath $(BIN))/mutmut results

.PHONY: mutants-emu
mutants-emu: setup guests ## The same for the machine (MUTANTS_FLAGS="emu/mmu --sample 100")
	@$(BIN)/python -m tests.mutation $(MUTANTS_FLAGS)

SANITIZE_FLAGS ?= tests/cpu tests/mmu tests/trace tests/machine/test_watching.py tests/fuzz

.PHONY: sanitize
sanitize: setup guests ## Run tests of the hooks in C under AddressSanitizer and UBSan (SANITIZE_FLAGS="tests/cpu")
	@tools/sanitize $(BIN)/python -n $(JOBS) $(SANITIZE_FLAGS)

.PHONY: clean
clean: ## Remove what was built
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: distclean
distclean: clean ## Remove what was built and what was installed
	@rm -rf $(VENV) *.egg-info emu/native/*.so

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
