# Two commands: `make demo` scores the reference and renders 6vxx; `make test` runs everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCORE := $(BIN)/polystate score --jobs 2 --overwrite
REPORTS ?= $(wildcard out/reports/*.jsonl)

.PHONY: demo test check unit cases wheel site faults mutants generated bench bench-gpu fuzz kills verify-statistics clean

demo: $(READY)
	$(BIN)/python -m polystate_tools.commands.demo

test: $(READY) check generated unit cases wheel

# A bare machine needs Python 3.11 or newer with venv, and nothing else.
$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --editable '.[all,dev]'
	touch $(READY)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# What is generated is what its sources say: schemas, models, tables and traceability of the specification; and each
# wrong evaluator in conformance/faults is caught by the cases that claim to.
generated: $(READY)
	$(BIN)/python -m polystate_schemas.generate --check
	$(BIN)/python -m polystate_schemas.tables --check
	$(BIN)/polystate case check --kills
	$(BIN)/polystate registry verify
	$(BIN)/polystate corpus verify

# The suite against the reference, and against implementations that share no code with it; reports in out/reports, which
# the board of `make site` shows.
cases: $(READY)
	mkdir -p out/reports
	$(SCORE) --jsonl out/reports/reference.jsonl -- $(BIN)/python -m polystate_conformance.implementations.reference
	$(SCORE) --jsonl out/reports/mmtf.jsonl --profile mmtf -- $(BIN)/python -m polystate_tools.commands.mmtf_adapter
	$(SCORE) --jsonl out/reports/exchange.jsonl --profile exchange -- \
		$(BIN)/python -m polystate_tools.commands.exchange_adapter
	sh conformance/implementations/score.sh $(BIN)/polystate out/reports

# What is handed on: built, installed outside of this folder, and the commands of the README run there.
wheel: $(READY)
	.ci/wheel

# The specification with a page a sentence, operators, cases, corpus, a board of REPORTS (of `polystate score --jsonl`;
# by default those of `make cases`), tutorials that are run and the Python interface: out/site/index.html. A link that
# leads nowhere fails it.
site: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[site]'
	$(BIN)/python tools/site/generate.py out/site-source $(if $(REPORTS),--reports $(REPORTS))
	$(BIN)/python -m sphinx -q -W --keep-going -j 2 -b html out/site-source out/site

# The suite itself: every wrong evaluator and, in some minutes, every dropped schema constraint is caught or explained.
faults: $(READY)
	$(BIN)/polystate score --jobs 2 --faults -- $(BIN)/python -m polystate_conformance.implementations.reference

# Small changes of the reference, one at a time, against the cases: all in some hours, or a part of so many. Writes
# conformance/MUTANTS.md; what was stopped goes on by out/mutants.jsonl, which is removed to ask all anew. Importers and
# exporters: ROOMS=polystate_tools.formats, which writes out/mutants.md.
PART ?= 0/1
mutants: $(READY)
	$(BIN)/python -m polystate_conformance.selftest.mutation --jobs 2 --part $(PART) --results out/mutants.jsonl \
		$(if $(ROOMS),--table out/mutants.md) $(ROOMS)

# Uniform p-values, power and wrong samplers of the statistical track; writes conformance/statistics.json (half an hour).
verify-statistics: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m polystate_conformance.selftest.verify_statistics

# Every benchmark beside its peers, where they are installed; renews the page of results. BENCH_PYTHON: an interpreter
# with cctbx-base, gemmi and ProDy; MMTF_PEERS: one with biotite 0.41.2 and mmtf-python.
bench: $(READY)
	$(BIN)/python tools/benchmarks/run.py --page --python $(or $(BENCH_PYTHON),$(BIN)/python) \
		$(if $(MMTF_PEERS),--peers $(MMTF_PEERS))

# The CUDA kernels on a machine that has a GPU; the second command needs NumPy and numba only.
bench-gpu: $(READY)
	$(BIN)/python tools/benchmarks/gpu.py --make out/6vxx.npz
	$(BIN)/python tools/benchmarks/gpu.py out/6vxx.npz --log tools/benchmarks/results/gpu.txt

# A million damaged inputs to every reader, in about an hour on two cores; what fails is kept in out/fuzz.
FUZZ ?= 1000000
SEED ?= 1
fuzz: $(READY)
	$(BIN)/python -m tests.robustness.fuzz $(FUZZ) --seed $(SEED) --keep out/fuzz

# Writers killed at random moments: five hundred, where `make test` has forty.
kills: $(READY)
	$(BIN)/python -m tests.robustness.kills 500

clean:
	rm -rf $(VENV) out build
