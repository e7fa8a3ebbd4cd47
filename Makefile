# The front door: `make help` says what there is.
#
# Everything that is built goes to build/ and to .build-*/ (the working folders of SwiftPM, one for each way to build).

PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DESTDIR ?=
CFLAGS  ?= -O2

BUILD   := build
LIBRARY := $(BUILD)/lib/libhypr.so.0
TOOL    ?= $(BUILD)/bin/hypr
MODELS  := $(BUILD)/models/made
VERSION := $(shell .ci/version)
SOURCES := Package.swift .ci/build .ci/link-libc $(shell find Sources include -type f)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this help
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

# ---- Products

.PHONY: lib
ifdef TARGET
lib:
	@.ci/require-swift 6.3
	@.ci/require-packages $$(.ci/build-target --packages $(TARGET))
	.ci/build-target $(TARGET)
else
lib: $(LIBRARY) ## Build the library, build/lib/libhypr.so.0; with TARGET=cortex-m4f another processor's, build/TARGET/libhypr.a
endif

# What the library shall have; made anew when that is other than before.
CONFIGURATION := $(BUILD)/lib/configuration
CHOSEN := neurons=$(HYPR_NEURONS) levels=$(HYPR_LEVELS) learning=$(HYPR_LEARNING) rehearsal=$(HYPR_REHEARSAL) builder=$(HYPR_BUILDER)
ifneq ($(CHOSEN),$(shell cat $(CONFIGURATION) 2>/dev/null))
.PHONY: $(CONFIGURATION)
endif
# Only the library with everything has a size that is known here; test-sizes looks at others.
KIND := $(if $(HYPR_NEURONS)$(HYPR_LEVELS)$(filter 0,$(HYPR_LEARNING))$(filter 0,$(HYPR_REHEARSAL))$(filter 0,$(HYPR_BUILDER)),other,full)
$(CONFIGURATION):
	@mkdir -p $(@D)
	@echo '$(CHOSEN)' > $@

$(LIBRARY): $(SOURCES) $(CONFIGURATION)
	@.ci/require-swift 6.3
	@.ci/require-packages binutils libflatbuffers-dev
	HYPR_EMBEDDED=1 .ci/build .build-embedded
	@mkdir -p $(@D)
	.ci/check-levels .build-embedded/release/libhypr.so $(if $(HYPR_LEVELS),'$(HYPR_LEVELS)')
	strip -o $@ .build-embedded/release/libhypr.so
	@ln -sf $(@F) $(@D)/libhypr.so
	@.ci/check-library $@ $(KIND)

.PHONY: tool
tool: $(TOOL) ## Build the command line tool, build/bin/hypr

$(BUILD)/bin/hypr: $(SOURCES)
	@.ci/require-swift 6.3
	@.ci/require-packages binutils g++ libflatbuffers-dev
	.ci/build .build-tool
	.ci/check-levels .build-tool/release/hypr
	@mkdir -p $(@D)
	strip -o $@ .build-tool/release/hypr
	.ci/check-tool $@

.PHONY: install install-tool
install: $(if $(TARGET),lib,$(LIBRARY)) ## Install library, header, pkg-config and CMake files (PREFIX=/usr/local, LIBDIR=PREFIX/lib, DESTDIR=)
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' .ci/install-library $(BUILD)/$(or $(TARGET),lib)

install-tool: $(TOOL) ## Install the command line tool, its manual pages and completions
	@.ci/require-packages help2man
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' .ci/install-tool $(TOOL)

# ---- What is shipped

# What the Python package needs to be installed with a library that is ready.
PYTHON_PACKAGES := gcc libc6-dev python3-dev python3-venv
DEB_PACKAGES    := debhelper dh-python dpkg-dev help2man lintian patchelf
WHEEL           := $(BUILD)/wheel/mark
# Other processors than this one, with an operating system and without.
TARGETS          = $(shell .ci/build-target --targets)

.PHONY: wheel deb dist check-dist check-dist-again
wheel: $(WHEEL) ## Build the wheel of the Python package, build/wheel/*.whl
$(WHEEL): $(LIBRARY) .ci/make-wheel $(shell find bindings/python -type f)
	@.ci/require-packages $(PYTHON_PACKAGES)
	@rm -rf $(@D)
	.ci/make-wheel $(LIBRARY) $(@D)
	@touch $@

deb: $(TOOL) $(WHEEL) ## Build Debian packages, build/deb/*.deb
	@.ci/require-packages $(DEB_PACKAGES)
	@rm -f $(BUILD)/deb/*.deb
	.ci/make-deb $$(dpkg --print-architecture) $(BUILD)/lib $(BUILD)/wheel/*.whl $(BUILD)/deb $(TOOL)

dist: $(LIBRARY) $(TOOL) ## Build what a release holds: archives, wheels, Debian packages, digests, bill of materials (10 minutes)
	@test $(KIND) = full || { echo "error: a release has the library with everything; unset the HYPR_* switches" >&2; exit 1; }
	@.ci/require-packages $(PYTHON_PACKAGES) $(DEB_PACKAGES) $$(for target in $(TARGETS); do .ci/build-target --packages $$target; done)
	for target in $(TARGETS); do .ci/build-target $$target || exit 1; done
	.ci/make-dist dist

check-dist: ## Install what `make dist` made in bare Debians, use it, remove it (as root; downloads Debian)
	@.ci/require-packages debootstrap qemu-user python3-venv cmake g++ make
	.ci/check-conan dist
	.ci/check-wheels dist
	.ci/check-dist dist

check-dist-again: dist ## Make a release twice, and compare the bytes
	for target in $(TARGETS); do .ci/build-target $$target || exit 1; done
	.ci/make-dist $(BUILD)/dist-again
	diff dist/SHA256SUMS $(BUILD)/dist-again/SHA256SUMS
	@echo "passed: two releases of the same sources have the same bytes"

# ---- Examples

WATCH := examples/watch

.PHONY: demo demo-all demo-data
demo: $(BUILD)/examples/adapt ## A watch learns its wearer's exercises, and rehearses them: run the demo
	@$< $(WATCH)/without-wearer-2.hypr $(WATCH)/wearer-2.stream $(BUILD)/adapted.hypr

demo-all: watch-environment ## The same for each of ten wearers left out in turn (ten minutes; downloads the data)
	HYPR_TOOL=$(abspath $(TOOL)) $(BUILD)/venv/bin/python $(WATCH)/leave_one_out.py

demo-data: watch-environment ## Make the demo's model and stream again (a minute; downloads the data)
	HYPR_TOOL=$(abspath $(TOOL)) $(BUILD)/venv/bin/python $(WATCH)/prepare.py

.PHONY: demo-machine
demo-machine: watch-environment ## A machine's sensor is moved: five networks adapt to it (two minutes)
	@HYPR_TOOL=$(abspath $(TOOL)) $(BUILD)/venv/bin/python examples/machine/measure.py

# The fleet's own environment: Flower brings fifty packages. Nothing that runs here leaves this machine.
FLEET := examples/fleet
FLOWER := HYPR_TOOL=$(abspath $(TOOL)) FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_UPDATE_CHECK=1 $(BUILD)/venv-fleet/bin/python

.PHONY: demo-fleet demo-fleet-all fleet-environment
demo-fleet: fleet-environment $(BUILD)/examples/fleet_device ## Nine watches train a network together, the tenth gets it; on Flower (6 minutes; downloads it)
	@$(FLOWER) $(FLEET)/fleet.py
	@$(FLOWER) $(FLEET)/superlink.py
	@$(FLOWER) $(FLEET)/gateway.py

demo-fleet-all: fleet-environment ## The same for each of ten wearers, and a fleet of a thousand (an hour)
	@$(FLOWER) $(FLEET)/fleet.py --wearers 1 2 3 4 5 6 7 8 9 10
	@$(FLOWER) $(FLEET)/thousand.py

fleet-environment: $(LIBRARY) $(TOOL)
	@.ci/require-packages $(PYTHON_PACKAGES)
	@HYPR_LIBRARY=$(LIBRARY) .ci/install-python-package $(BUILD)/venv-fleet $(FLEET)/requirements.txt examples/data-requirements.txt

# An arm in MuJoCo, whose PyPI package brings headers and library for C++ (ARM= has arguments, such as --seeds 1-5).
ARM ?= --seeds 1-5
.PHONY: demo-arm demo-arm-tune
demo-arm: $(BUILD)/examples/cpp/arm ## A robot arm learns its load: all baselines in C++, plots and pictures by Python (3 minutes; downloads MuJoCo)
	$< examples/arm/arm.xml --settings examples/arm/settings.txt $(ARM)
	$(BUILD)/venv-arm/bin/python examples/arm/demo.py --out $(BUILD)/arm

demo-arm-tune: $(BUILD)/examples/cpp/arm ## Choose rate and observer of everybody on other seeds, into examples/arm/settings.txt (minutes)
	$< examples/arm/arm.xml --tune --seeds 101-103 --after 25 > $(BUILD)/arm-settings.txt
	mv $(BUILD)/arm-settings.txt examples/arm/settings.txt

$(BUILD)/examples/cpp/arm: $(wildcard examples/cpp/arm/*) include/hypr.hpp include/hypr.h $(LIBRARY) examples/arm/requirements.txt
	@.ci/require-packages g++ $(PYTHON_PACKAGES)
	@mkdir -p $(@D)
	HYPR_LIBRARY=$(LIBRARY) .ci/install-python-package $(BUILD)/venv-arm examples/arm/requirements.txt
	mujoco=$$($(BUILD)/venv-arm/bin/python -c "import mujoco, os; print(os.path.dirname(mujoco.__file__))"); \
	$(CXX) -std=c++17 -O3 -Wall -Wextra -Werror -Iinclude -isystem "$$mujoco/include" -o $@ examples/cpp/arm/arm.cpp \
	  -pthread -L$(BUILD)/lib -lhypr "$$mujoco"/libmujoco.so.* -Wl,-rpath,$(abspath $(BUILD)/lib) -Wl,-rpath,"$$mujoco"

.PHONY: watch-environment
watch-environment: $(LIBRARY) $(TOOL)
	@.ci/require-packages $(PYTHON_PACKAGES)
	@HYPR_LIBRARY=$(LIBRARY) .ci/install-python-package $(BUILD)/venv $(WATCH)/requirements.txt examples/data-requirements.txt

vpath %.c examples/c examples/machine
$(BUILD)/examples/%: %.c $(LIBRARY)
	@.ci/require-packages gcc libc6-dev
	@mkdir -p $(@D)
	$(CC) -std=c99 -Wall -Wextra -Werror $(CFLAGS) -Iinclude $< -o $@ -L$(BUILD)/lib -lhypr -Wl,-rpath,'$$ORIGIN/../lib'

$(BUILD)/examples/cpp/%: examples/cpp/%.cpp include/hypr.hpp $(LIBRARY)
	@.ci/require-packages g++
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -Wall -Wextra -Werror $(CFLAGS) -Iinclude $< -o $@ -L$(BUILD)/lib -lhypr -Wl,-rpath,'$$ORIGIN/../../lib'

# ---- Tests

.PHONY: check test
check: ## Run the tests that find most (90 seconds after a build)
	@HYPR_TEST_QUICK=1 .ci/test schema arrows headers library swift c cpp python cue-recall

test: $(LIBRARY) $(TOOL) $(MODELS) ## Run all tests (set HYPR_TEST_DATA to a folder with QTDB_*.mat files for the accuracy test)
	@.ci/test schema arrows headers library abi docs -- swift c memory cpp fuzz python fleet cue-recall accuracy \
	  -- sizes reproducible aarch64 firmware neuron-model site

.PHONY: test-schema test-arrows test-docs test-headers test-library test-sizes test-reproducible test-abi test-swift test-c test-memory test-fuzz test-cpp test-python test-fleet test-aarch64 test-firmware test-neuron-model test-cue-recall test-accuracy
test-schema:
	@.ci/require-packages flatbuffers-compiler
	.ci/check-schema

test-arrows:
	@.ci/require-packages python3-minimal
	.ci/check-arrows

test-docs: $(TOOL) $(LIBRARY)
	@.ci/require-packages gcc g++ libc6-dev
	.ci/check-docs $(TOOL)
	.ci/check-figures $(TOOL)

test-headers:
	@.ci/require-swift 6.3
	@.ci/require-packages gcc g++
	.ci/check-headers

test-library: $(LIBRARY)
	.ci/check-library $< $(KIND)

# The library in other configurations than the full one, which is that of all other tests.
test-sizes: $(MODELS)
	@.ci/require-swift 6.3
	@.ci/require-packages binutils gcc libc6-dev libflatbuffers-dev
	Tests/configurations/run $(BUILD)/models

# Two builds of the smallest library; check-reproducible has the library with everything, and the tool.
test-reproducible:
	@.ci/require-swift 6.3
	@.ci/require-packages binutils libflatbuffers-dev
	HYPR_EMBEDDED=1 HYPR_BUILDER=0 HYPR_LEARNING=0 HYPR_LEVELS=1 HYPR_NEURONS=LI .ci/check-reproducible $(BUILD)/test/reproducible

.PHONY: check-reproducible
check-reproducible: ## Build library and tool twice, in two folders, and compare the bytes (10 minutes)
	@.ci/require-swift 6.3
	@.ci/require-packages binutils libflatbuffers-dev
	HYPR_EMBEDDED=1 .ci/check-reproducible $(BUILD)/reproducible/library
	.ci/check-reproducible $(BUILD)/reproducible/tool

ABI_PACKAGES := python3-minimal binutils gcc libc6-dev abigail-tools

test-abi: $(LIBRARY)
	@.ci/require-packages $(ABI_PACKAGES)
	.ci/check-abi $<

.PHONY: abi-baseline
abi-baseline: $(LIBRARY) ## Accept the C ABI as it is now (docs/abi.md)
	@.ci/require-packages $(ABI_PACKAGES)
	.ci/check-abi $< --accept

test-swift:
	@.ci/require-swift 6.3
	@.ci/require-packages libflatbuffers-dev
	swift test --scratch-path .build-test

# The library as a package would install it, and away from its prefix: it must be found where it lies.
STAGE := $(CURDIR)/$(BUILD)/stage
STAGED := PKG_CONFIG_PATH=$(STAGE)/opt/hypr/lib/pkgconfig:$$PKG_CONFIG_PATH HYPR_TEST_MODELS=$(CURDIR)/$(BUILD)/models
# With the kernels of every CPU level: what the processor cannot run is the highest that it can.
LEVELS := $(if $(findstring x86_64,$(shell uname -m)),1 3 4,1)
TEST_C := $(STAGED) $(MAKE) --no-print-directory -C Tests/c BUILD=$(CURDIR)/$(BUILD)/test/c

.PHONY: stage
stage: $(LIBRARY)
	@$(MAKE) --silent install PREFIX=/opt/hypr DESTDIR=$(STAGE)

test-c: stage $(MODELS)
	@.ci/require-packages gcc pkg-config libcmocka-dev
	@for level in $(LEVELS); do echo "== HYPR_CPU_LEVEL=$$level"; HYPR_CPU_LEVEL=$$level $(TEST_C) run || exit 1; done

test-memory: stage $(MODELS)
	@.ci/require-packages gcc pkg-config libcmocka-dev valgrind
	@$(TEST_C) memcheck

# Damaged files and states, calls in any order, and long runs; the long form is `make stress`.
FUZZ_PACKAGES := g++ libflatbuffers-dev
FUZZ = $(MAKE) --no-print-directory -C Tests/fuzz BUILD=$(CURDIR)/$(BUILD)/$(1) LIBRARY=$(abspath $(2))
FUZZED := --corpus Tests/fuzz/corpus --tool $(TOOL)

test-fuzz: $(LIBRARY) $(TOOL)
	@.ci/require-packages $(FUZZ_PACKAGES)
	@$(call FUZZ,test/fuzz,$(LIBRARY))
	$(BUILD)/test/fuzz/fuzz $(FUZZED) --faults $(BUILD)/test/fuzz/faults

# The library with checks of the compiler: AddressSanitizer everywhere, UndefinedBehaviorSanitizer in what is C++.
SANITIZED := $(BUILD)/sanitized/libhypr.so.0
$(SANITIZED): $(SOURCES)
	@.ci/require-swift 6.3
	HYPR_EMBEDDED=1 .ci/build .build-sanitized --sanitize=address \
	  -Xcxx -fsanitize=undefined -Xcxx -fno-sanitize-recover=undefined -Xlinker -z -Xlinker undefs
	@install -D .build-sanitized/release/libhypr.so $@

# A quarter of the time goes to the library that checks itself, with inputs of its own.
MINUTES ?= 60
SEED    ?= 1
.PHONY: stress
stress: $(LIBRARY) $(SANITIZED) $(TOOL) ## Attack the library and the tool (MINUTES=60, SEED=1); faults go to build/stress/faults
	@.ci/require-packages $(FUZZ_PACKAGES)
	@$(call FUZZ,stress/plain,$(LIBRARY))
	@$(call FUZZ,stress/sanitized,$(SANITIZED)) SANITIZE=1
	@failed=0; run() { "$$@" $(FUZZED) --steps 1000000 --faults $(BUILD)/stress/faults || failed=1; }; \
	run $(BUILD)/stress/plain/fuzz --seed $(SEED) --minutes $$(awk 'BEGIN { print $(MINUTES) * 0.75 }'); \
	run $(BUILD)/stress/sanitized/fuzz --seed 9$(SEED) --minutes $$(awk 'BEGIN { print $(MINUTES) * 0.25 }'); exit $$failed

test-cpp: stage $(MODELS)
	@.ci/require-packages g++ make cmake doctest-dev
	cmake -S Tests/cpp/package -B $(BUILD)/test/package -DCMAKE_PREFIX_PATH=$(STAGE)/opt/hypr -DVERSION=$(VERSION)
	cmake -S Tests/cpp -B $(BUILD)/test/cpp -DCMAKE_PREFIX_PATH=$(STAGE)/opt/hypr -DMODELS=$(CURDIR)/$(BUILD)/models -DEXAMPLES=$(CURDIR)/examples
	MAKEFLAGS= cmake --build $(BUILD)/test/cpp
	ctest --test-dir $(BUILD)/test/cpp --output-on-failure

test-python: $(LIBRARY) $(TOOL)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(abspath $(LIBRARY)) HYPR_TOOL=$(abspath $(TOOL)) Tests/python/run

test-fleet: fleet-environment $(BUILD)/examples/fleet_device
	@HYPR_FLEET_DEVICE=$(abspath $(BUILD)/examples/fleet_device) $(FLOWER) -m pytest -p no:cacheprovider -q Tests/python/test_flower_*.py

.PHONY: test-importers
test-importers: $(LIBRARY) $(TOOL) ## Compare importers with the original libraries (downloads PyTorch)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(abspath $(LIBRARY)) HYPR_TOOL=$(abspath $(TOOL)) Tests/importers/run

test-aarch64:
	@.ci/require-swift 6.3
	@.ci/require-packages $$(.ci/build-target --packages aarch64) qemu-user
	Tests/aarch64/run

# The library on microcontrollers in QEMU, compared with the one of this machine.
MICROCONTROLLERS = $(shell .ci/build-target --microcontrollers)
test-firmware: $(LIBRARY) $(TOOL) $(MODELS)
	@.ci/require-packages $$(for target in $(MICROCONTROLLERS); do .ci/build-target --packages $$target; done) \
	  $$(Tests/firmware/emulate --packages) binutils cmake gcc libc6-dev make python3-minimal
	HYPR_TOOL=$(abspath $(TOOL)) Tests/firmware/run $(BUILD)/models $(MICROCONTROLLERS)

.PHONY: firmware-test firmware-figures
firmware-test: ## Run and learn a stream on microcontrollers in QEMU, and print what it takes (10 minutes)
	@HYPR_FIRMWARE=full $(MAKE) --no-print-directory test-firmware

firmware-figures: ## Accept what it takes as it is now, Tests/firmware/figures.json
	@HYPR_FIRMWARE=update $(MAKE) --no-print-directory test-firmware

# A neuron model is added to a copy of the project, as docs/neuron-model.md says.
test-neuron-model:
	@.ci/require-swift 6.3
	@.ci/require-packages binutils gcc libc6-dev pkg-config flatbuffers-compiler libflatbuffers-dev libcmocka-dev
	Tests/neuron-model/run

test-cue-recall: $(BUILD)/examples/cue_recall $(MODELS)
	.ci/check-cue-recall $< $(BUILD)/models/examples/cue_recall.hypr

ifdef HYPR_TEST_DATA
test-accuracy: $(LIBRARY) $(TOOL)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(LIBRARY) HYPR_TOOL=$(abspath $(TOOL)) benchmarks/ecg/run Tests/accuracy/online.py
else
test-accuracy:
	@echo "skipped: HYPR_TEST_DATA does not name a folder with QTDB_*.mat files"
endif

# ---- Documentation

.PHONY: docs test-site
docs: $(LIBRARY) ## Make the documentation site, build/docs/html (a minute; downloads Sphinx)
	@.ci/require-packages doxygen $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(abspath $(LIBRARY)) .ci/make-docs

test-site: docs

.PHONY: notebook
notebook: ## Make the notebook docs/notebook.ipynb of its page
	@.ci/require-packages python3-venv
	@.ci/python-environment $(BUILD)/venv-notebook docs/notebook-requirements.txt
	$(BUILD)/venv-notebook/bin/jupytext --quiet --to ipynb --output docs/notebook.ipynb docs/notebook.md

# Their figures are those of CPU level 3, as on the pages.
.PHONY: pictures
pictures: $(BUILD)/examples/adapt $(LIBRARY) ## Draw the pictures of README, docs/ideas.md and docs/notebook.md (downloads Matplotlib)
	@.ci/require-packages $(PYTHON_PACKAGES)
	@HYPR_LIBRARY=$(LIBRARY) .ci/install-python-package $(BUILD)/venv-pictures docs/pictures/requirements.txt
	HYPR_CPU_LEVEL=3 $< $(WATCH)/without-wearer-2.hypr $(WATCH)/wearer-2.stream $(BUILD)/adapted.hypr $(BUILD)/demo.csv >$(BUILD)/demo.txt
	$(BUILD)/venv-pictures/bin/python docs/pictures/demo.py $(BUILD)/demo.csv docs/pictures/demo.svg
	HYPR_CPU_LEVEL=3 $(BUILD)/venv-pictures/bin/python docs/pictures/ideas.py docs/ideas
	HYPR_CPU_LEVEL=3 $(BUILD)/venv-pictures/bin/python docs/pictures/notebook.py $(BUILD)/notebook docs/pictures/notebook.png

# ---- Measurements

.PHONY: reproduce long-sequences accuracy cosines
reproduce: $(LIBRARY) ## Compare hypr with a GRU and a logistic regression on five data sets (an hour; downloads PyTorch)
	@.ci/require-packages $(PYTHON_PACKAGES) dataset-fashion-mnist
	HYPR_LIBRARY=$(LIBRARY) benchmarks/reproduce/run

long-sequences: $(LIBRARY) ## Compare every credit with backpropagation on long sequences (days; LONG_SEQUENCES="--only ecg" for a part)
	@.ci/require-packages $(PYTHON_PACKAGES) dataset-fashion-mnist
	HYPR_LIBRARY=$(LIBRARY) benchmarks/long-sequences/run $(LONG_SEQUENCES)

accuracy: $(LIBRARY) $(TOOL) ## Train nets with every kind of credit on ECG-QTDB, print a table (40 minutes; needs HYPR_TEST_DATA)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(LIBRARY) HYPR_TOOL=$(abspath $(TOOL)) benchmarks/ecg/run accuracy.py --cache $(BUILD)/ecg

cosines: $(LIBRARY) $(TOOL) ## Compare every credit's gradient with that of BPTT (3 minutes; needs HYPR_TEST_DATA)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(LIBRARY) HYPR_TOOL=$(abspath $(TOOL)) benchmarks/ecg/run cosine.py

.PHONY: bench bench-sparse bench-peers bench-plots bench-instructions latency latency-instructions
bench: $(BUILD)/bench/bench $(MODELS) ## Measure the time per step and print a table (BENCH=--json for JSON)
	$< $(BENCH) $(BUILD)/models/bench

bench-sparse: $(BUILD)/bench/bench $(MODELS) ## Measure the time per step against the density of weights
	$< --sparse $(BUILD)/models/bench

bench-peers: $(BUILD)/bench/bench $(MODELS) ## Measure the same networks in JAX and PyTorch too (downloads them; 15 minutes)
	@.ci/require-packages $(PYTHON_PACKAGES)
	HYPR_LIBRARY=$(LIBRARY) benchmarks/peers/run --bench $< --models $(BUILD)/models/bench

bench-plots: $(BUILD)/bench/bench $(MODELS) ## Write two plots: cost against window and against spike rate
	@.ci/require-packages python3-venv
	$< --sweep $(BUILD)/models/bench > $(BUILD)/bench/sweep.json
	benchmarks/plots/run $(BUILD)/bench/sweep.json docs/performance

bench-instructions: $(BUILD)/bench/bench $(MODELS) ## Count instructions per step with valgrind
	@.ci/require-packages valgrind
	benchmarks/speed/instructions $< $(BUILD)/models/bench

latency: $(BUILD)/bench/latency $(MODELS) ## Measure how late single steps are, with and without deferred learning (2 minutes)
	$< $(LATENCY) $(BUILD)/models/bench

latency-instructions: $(BUILD)/bench/latency $(MODELS) ## Count the instructions of single steps, with and without deferred learning, with valgrind
	@.ci/require-packages valgrind
	benchmarks/latency/instructions $< $(BUILD)/models/bench

$(BUILD)/bench/latency: $(wildcard benchmarks/latency/*.c) benchmarks/speed/networks.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra -Werror -O2 -Iinclude -o $@ $(filter %.c,$^) -L$(BUILD)/lib -lhypr -lm -Wl,-rpath,'$$ORIGIN/../lib'

$(BUILD)/bench/bench: $(wildcard benchmarks/speed/*.c) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) -std=c11 -Wall -Wextra -Werror -O2 -ffp-contract=fast -Iinclude -o $@ $(filter %.c,$^) -L$(BUILD)/lib -lhypr -lm -Wl,-rpath,'$$ORIGIN/../lib'

# ---- Models of tests and measurements

# Made all at once, and anew only if what makes them is other than it was.
$(MODELS): $(TOOL) $(LIBRARY) $(wildcard Tests/models/*)
	@.ci/require-packages gcc libc6-dev
	@HYPR_TOOL=$(TOOL) HYPR_LIBRARY=$(LIBRARY) Tests/models/make $(@D)
	@touch $@

# ---- Housekeeping

.PHONY: format
format: ## Format the sources (C and C++ only if clang-format is installed)
	swift format --in-place --recursive --parallel Package.swift Sources Tests
	@if command -v clang-format >/dev/null; then \
	  find include Sources Tests benchmarks examples -name '*.[ch]' -o -name '*.[ch]pp' | grep -vE '_generated.h|include/abi' | xargs clang-format -i; \
	else echo "clang-format is not installed: C and C++ sources were left as they are"; fi

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(BUILD) dist .build .build-* bindings/python/build bindings/python/src/*.egg-info
