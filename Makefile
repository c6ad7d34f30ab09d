# Autochrome: build, try, test, install. `make` alone builds.

PREFIX ?= /usr/local
DESTDIR ?=
# Where swift builds, and where zsh looks for completions below PREFIX.
SCRATCH ?= .build
ZSH_FOLDER ?= share/zsh/site-functions

VERSION := $(shell sed -n 's/.*let current = "\(.*\)"/\1/p' Sources/AutochromeKit/Version.swift)

SWIFT_MINIMUM := 6.2
PACKAGES := ffmpeg libavformat-dev libavcodec-dev libavutil-dev libswresample-dev libswscale-dev \
	libopenblas-dev libdnnl-dev libgomp1 pkg-config make git python3 python3-venv shellcheck curl
# Taken where the distribution has it: some tests look at pages with it.
BROWSER := chromium-headless-shell

BINARY := $(SCRATCH)/release/autochrome
# What lies beside it, and is installed with it.
SERVER := $(SCRATCH)/release/autochrome-review
RESOURCES := $(SCRATCH)/release/autochrome_AutochromeKit.resources $(SCRATCH)/release/autochrome_Review.resources
# What is installed, below DESTDIR.
PROGRAMS := $(PREFIX)/lib/autochrome
COMMAND := $(PREFIX)/bin/autochrome
MANUAL := $(PREFIX)/share/man/man1
DOCUMENTS := $(PREFIX)/share/doc/autochrome
LICENSES := $(DOCUMENTS)/libraries
COMPLETION_bash := $(PREFIX)/share/bash-completion/completions/autochrome
COMPLETION_zsh := $(PREFIX)/$(ZSH_FOLDER)/_autochrome
COMPLETION_fish := $(PREFIX)/share/fish/vendor_completions.d/autochrome.fish
SHELLS := bash zsh fish
PYTHON_ENVIRONMENT := .build/python
PEERS_ENVIRONMENT := .build/python-peers
LINT_ENVIRONMENT := .build/python-lint
PYTHON := $(abspath $(PYTHON_ENVIRONMENT)/bin/python)
PIP_OPTIONS ?=
FORMATTED := $(wildcard Package.swift Sources Tests Examples samples Benchmarks)
SHELL_SCRIPTS := $(wildcard .ci/run scripts/*.sh cluster/*.sh)
PYTHON_SOURCES := Benchmarks scripts training

.DEFAULT_GOAL := build
.PHONY: deps build build-static deb tarball demo docs test test-instruction-sets train-check check check-all check-quick \
	sbom format lint bench seeds install install-runtime-licenses uninstall clean tsan asan ubsan fuzz \
	samples

# Installs what is missing; needs no root when nothing is.
deps:
	@command -v swift >/dev/null || { \
	  echo "Swift is missing. Install $(SWIFT_MINIMUM) or later from https://www.swift.org/install" >&2; \
	  exit 1; }
	@version=$$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1); \
	oldest=$$(printf '%s\n' $(SWIFT_MINIMUM) "$$version" | sort -V | head -n 1); \
	if [ -z "$$version" ] || [ "$$oldest" != $(SWIFT_MINIMUM) ]; then \
	  echo "Swift $$version is too old. Install $(SWIFT_MINIMUM) or later from https://www.swift.org/install" >&2; \
	  exit 1; \
	fi
	@command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || { \
	  echo "This is neither Debian nor Ubuntu. Install what these packages hold: $(PACKAGES)" >&2; \
	  exit 1; }
	@installed() { dpkg-query -W -f='$${Status}' $$1 2>/dev/null | grep -q 'ok installed'; }; \
	missing=; for package in $(PACKAGES); do \
	  installed $$package || missing="$$missing $$package"; \
	done; \
	root=; if [ "$$(id -u)" -ne 0 ]; then \
	  [ -z "$$missing" ] && exit 0; \
	  command -v sudo >/dev/null || { \
	    echo "Run as root: apt-get install --yes$$missing" >&2; exit 1; }; \
	  root=sudo; \
	fi; \
	[ -z "$$missing" ] && installed $(BROWSER) && exit 0; \
	$$root apt-get update --quiet || { [ -z "$$missing" ]; exit; }; \
	installed $(BROWSER) || ! apt-cache show $(BROWSER) >/dev/null 2>&1 \
	  || missing="$$missing $(BROWSER)"; \
	[ -z "$$missing" ] && exit 0; \
	echo "installing$$missing"; \
	$$root env DEBIAN_FRONTEND=noninteractive \
	  apt-get install --yes --quiet --no-install-recommends $$missing

build:
	swift build -c release

# The documentation of the library, for browsers. It fails where a comment names something that does not exist.
docs: build
	@rm -rf .build/symbols out/docs && mkdir -p .build/symbols out
	swift symbolgraph-extract -module-name Autochrome -minimum-access-level public \
	  -target $$(uname -m)-unknown-linux-gnu -output-dir .build/symbols -I .build/release/Modules \
	  $(foreach module,CFFmpeg COneDNN COpenBLAS,-I Sources/$(module)) -I .build/checkouts/Yams/Sources/CYaml/include \
	  $(foreach module,CBuild CKernels,-Xcc -fmodule-map-file=.build/release/$(module).build/module.modulemap) \
	  $(addprefix -Xcc ,$(shell pkg-config --cflags-only-I libavformat openblas))
	docc convert Sources/AutochromeLibrary/Autochrome.docc --additional-symbol-graph-dir .build/symbols \
	  --fallback-display-name Autochrome --fallback-bundle-identifier autochrome.Autochrome \
	  --warnings-as-errors --output-path out/docs

# The programs alone, for packages: with the Swift runtime inside, and no folder of this machine in them. The manifest is
# read anew, since the commit that --version prints comes from it.
build-static:
	for program in autochrome autochrome-review; do \
	  swift build -c release --manifest-cache none --scratch-path $(SCRATCH) --static-swift-stdlib --disable-local-rpath \
	    -Xswiftc -no-toolchain-stdlib-rpath -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now \
	    --product $$program || exit 1; \
	done

# A package for the distribution that this runs on, in out/. Needs dpkg-dev, and what debian/control names.
deb:
	@mkdir -p out
	dpkg-buildpackage --build=binary --no-sign \
	  --buildinfo-option=-uout --buildinfo-file=out/autochrome_$(VERSION).buildinfo \
	  --changes-option=-uout --changes-file=out/autochrome_$(VERSION).changes

# A tar file in out/ that runs without any package, wherever glibc is not older than here.
TARBALL := out/autochrome-$(VERSION)-linux-$(shell uname -m)
tarball: export SCRATCH = .build/deb
tarball:
	$(MAKE) build-static
	rm -rf $(TARBALL)
	$(MAKE) install install-runtime-licenses DESTDIR=$(TARBALL) PREFIX=
	scripts/make-tarball.sh $(VERSION) $(TARBALL)

# Colorizes the sample film and tells where the result is.
demo: deps build
	@mkdir -p out
	$(BINARY) samples/film.mkv -o out/demo.mkv --preview out/demo.png --overwrite
	@echo "film:    out/demo.mkv"
	@echo "preview: out/demo.png"

# Without --skip-build, `swift test` compiles everything once more, with other flags.
test:
	swift build -c release --build-tests
	scripts/run-tests.sh -c release --skip-build
	$(MAKE) --no-print-directory test-instruction-sets

# The suites of the engine and the kernels as if the CPU had fewer instruction sets than it has. The
# whole suite runs so limited with `AUTOCHROME_ISA=avx2 scripts/run-tests.sh -c release`.
test-instruction-sets:
	for set in plain avx2 avx512 avx512-vnni; do \
	  AUTOCHROME_ISA=$$set scripts/run-tests.sh -c release --skip-build \
	    --filter '^(NetworkTests|ImagingTests)\.' || exit 1; \
	done

# Trains a tiny network on generated pictures and runs it in our engine: the road of every model.
train-check: build $(PYTHON_ENVIRONMENT)/installed
	cd training && AUTOCHROME="$(abspath $(BINARY))" $(PYTHON) -m unittest discover

# Trains, measures and compares the systems of the literature; goes on where it stopped. Hours on a CPU.
SEEDS_WORK ?= out/seeds
seeds: build $(PYTHON_ENVIRONMENT)/installed
	@if [ -z "$(PHOTOGRAPHS)" ] || [ -z "$(VALIDATION)" ] || [ -z "$(PRIOR)" ]; then \
	  echo "name color pictures to train on, others to measure with, and the bins' probabilities:" >&2; \
	  echo "make seeds PHOTOGRAPHS=FOLDER VALIDATION=FOLDER PRIOR=prior_probs.npy [SEEDS_WORK=$(SEEDS_WORK)]" >&2; exit 64; fi
	$(PYTHON) -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -r training/requirements-published.txt
	cd training && $(PYTHON) -m autochrome_training seeds "$(abspath $(SEEDS_WORK))" \
	  --photographs "$(abspath $(PHOTOGRAPHS))" --pictures "$(abspath $(VALIDATION))" --prior "$(abspath $(PRIOR))" \
	  --autochrome "$(abspath $(BINARY))"

# The torch wheel for the CPU is smaller: PIP_OPTIONS="--extra-index-url …", as the script says.
$(PYTHON_ENVIRONMENT)/installed: training/requirements.txt scripts/python-environment.sh
	scripts/python-environment.sh training/requirements.txt $(PYTHON_ENVIRONMENT) $(PIP_OPTIONS)
	@touch $@

# Before each commit: minutes, and no torch.
check: lint build test

# All that proves itself without a machine of its own: what the continuous integration runs.
check-all: check train-check check-quick

# The scripts/check-*.sh that take little time, on small films.
check-quick: build $(LINT_ENVIRONMENT)/installed
	scripts/check-quick.sh

# What the programs are made of, as SPDX 2.3: out/autochrome-VERSION.spdx.json.
sbom: build
	scripts/check_notice.py --linked
	scripts/sbom.py

format: $(LINT_ENVIRONMENT)/installed
	swift format --in-place --recursive $(FORMATTED)
	$(LINT_ENVIRONMENT)/bin/ruff format --quiet $(PYTHON_SOURCES)

# Swift, shell and Python. Torch is not needed: what the Python stands on is taken as it comes.
lint: $(LINT_ENVIRONMENT)/installed
	swift format lint --strict --recursive $(FORMATTED)
	scripts/check_notice.py
	scripts/model_manifest.py
	shellcheck $(SHELL_SCRIPTS)
	$(LINT_ENVIRONMENT)/bin/ruff check --quiet $(PYTHON_SOURCES)
	$(LINT_ENVIRONMENT)/bin/ruff format --quiet --check $(PYTHON_SOURCES)
	$(LINT_ENVIRONMENT)/bin/mypy --no-error-summary --cache-dir .build/mypy $(PYTHON_SOURCES)

$(LINT_ENVIRONMENT)/installed: scripts/requirements-lint.txt scripts/python-environment.sh
	scripts/python-environment.sh $< $(LINT_ENVIRONMENT) $(PIP_OPTIONS)
	@touch $@

# CLIPS="FILE …" joins those to the 1080p film that is measured, in place of the sample film.
# ONLY="PART …" measures those alone: stages, clips, memory, segments, pipes, engine.
bench: build $(PEERS_ENVIRONMENT)/installed
	@mkdir -p out
	$(PEERS_ENVIRONMENT)/bin/python Benchmarks/bench.py $(BINARY) --json out/bench.json \
	  --markdown out/bench.md $(if $(CLIPS),--clips $(CLIPS)) $(if $(ONLY),--only $(ONLY))

$(PEERS_ENVIRONMENT)/installed: Benchmarks/requirements-peers.txt Benchmarks/requirements.txt
	scripts/python-environment.sh Benchmarks/requirements-peers.txt $(PEERS_ENVIRONMENT) $(PIP_OPTIONS)
	@touch $@

# All tests under a sanitizer, optimized: in debug the plain kernels alone take many minutes. The
# program that some tests start lies beside them, so it is a sanitized one too; such a test fails
# when the program's stderr holds a report. A report in the tests themselves ends `swift test` with
# a failure.
# A test that loads a library of its own before the program looks for this variable, and stays away.
tsan: export TSAN_OPTIONS = report_bugs=1
tsan:
	swift build -c release --build-tests --sanitize=thread --scratch-path .build/tsan
	swift test -c release --skip-build --sanitize=thread --scratch-path .build/tsan

# Leaks too, except those of others that Tests/leaks.txt names: whole stacks are taken, since the libraries
# that it names have no frame pointers.
asan: export ASAN_OPTIONS = detect_leaks=1:fast_unwind_on_malloc=0
asan: export LSAN_OPTIONS = suppressions=$(CURDIR)/Tests/leaks.txt:print_suppressions=0
asan:
	swift build -c release --build-tests --sanitize=address --scratch-path .build/asan
	swift test -c release --skip-build --sanitize=address --scratch-path .build/asan

# The C kernels and the shims with all checks for undefined behavior, in the suites that use them. A report ends the
# tests with a failure.
# Swift has no -sanitize=undefined on Linux: its linker is told of the run time library.
UBSAN_FLAGS := -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined \
	-Xswiftc -Xclang-linker -Xswiftc -fsanitize=undefined
ubsan: export UBSAN_OPTIONS = print_stacktrace=1
ubsan:
	swift build -c release --build-tests --scratch-path .build/ubsan $(UBSAN_FLAGS)
	swift test -c release --skip-build --scratch-path .build/ubsan $(UBSAN_FLAGS) \
	  --filter '^(NetworkTests|ImagingTests|ColorizationTests|MediaTests)\.'

# Inputs made by mutation, for what reads data from outside; SECONDS each, TARGET="NAME …" for some of them. What did
# harm lies in out/fuzz. See docs/decisions/0039-fuzzing.md.
SECONDS ?= 600
fuzz:
	scripts/fuzz.sh $(SECONDS) $(TARGET)

# Does not build, so that root compiles nothing: run `make build` first.
install:
	@for part in $(BINARY) $(SERVER) $(RESOURCES); do test -e $$part || { \
	  echo "There is nothing to install yet: run \"make build\" first" >&2; exit 1; }; done
	install -d "$(DESTDIR)$(PROGRAMS)" "$(DESTDIR)$(dir $(COMMAND))" "$(DESTDIR)$(DOCUMENTS)"
	install -m 755 $(BINARY) $(SERVER) "$(DESTDIR)$(PROGRAMS)/"
	for folder in $(notdir $(RESOURCES)); do rm -rf "$(DESTDIR)$(PROGRAMS)/$$folder"; done
	cp -R $(RESOURCES) "$(DESTDIR)$(PROGRAMS)/"
	for folder in $(notdir $(RESOURCES)); do \
	  chmod -R u=rwX,go=rX "$(DESTDIR)$(PROGRAMS)/$$folder"; done
	ln -sfn ../lib/autochrome/autochrome "$(DESTDIR)$(COMMAND)"
	install -m 644 LICENSE NOTICE "$(DESTDIR)$(DOCUMENTS)/"
	install -d "$(DESTDIR)$(LICENSES)"
	install -m 644 docs/licenses/*.txt docs/licenses/notices/*.txt "$(DESTDIR)$(LICENSES)/"
	scripts/write-manual.py $(BINARY) "$(DESTDIR)$(MANUAL)"
	$(foreach shell,$(SHELLS),install -d "$(DESTDIR)$(dir $(COMPLETION_$(shell)))" && \
	  $(BINARY) --generate-completion-script $(shell) >"$(DESTDIR)$(COMPLETION_$(shell)).new" && \
	  sed -i '1{/^#!/d}' "$(DESTDIR)$(COMPLETION_$(shell)).new" && \
	  mv "$(DESTDIR)$(COMPLETION_$(shell)).new" "$(DESTDIR)$(COMPLETION_$(shell))" && \
	  chmod 644 "$(DESTDIR)$(COMPLETION_$(shell))" &&) true

# Those of what the Swift runtime brings into packages.
install-runtime-licenses:
	install -m 644 "$$(dirname "$$(realpath "$$(command -v swift)")")/../share/swift/LICENSE.txt" \
	  "$(DESTDIR)$(LICENSES)/swift"
	install -m 644 debian/licenses/* "$(DESTDIR)$(LICENSES)/"

uninstall:
	rm -f "$(DESTDIR)$(COMMAND)" $(foreach shell,$(SHELLS),"$(DESTDIR)$(COMPLETION_$(shell))")
	rm -f "$(DESTDIR)$(MANUAL)"/autochrome.1 "$(DESTDIR)$(MANUAL)"/autochrome-*.1
	rm -rf "$(DESTDIR)$(PROGRAMS)" "$(DESTDIR)$(DOCUMENTS)"

# The sample film, the same to the byte with the same versions of FFmpeg, x264 and Opus.
samples:
	swift build -c release --product render-sample
	@mkdir -p out
	.build/release/render-sample --chroma 420 --wav out/film.wav out/film.y4m
	ffmpeg -nostdin -hide_banner -loglevel error -y \
	  -i out/film.y4m -i out/film.wav -i samples/film.srt -i samples/film.ffmetadata \
	  -map 0:v -map 1:a -map 2:s -map_metadata 3 -map_chapters 3 \
	  -c:v libx264 -preset slow -crf 23 -threads 1 -pix_fmt yuv420p \
	  -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
	  -c:a libopus -b:a 96k -c:s srt \
	  -metadata:s:a:0 title="Waltz" -metadata:s:s:0 language=eng \
	  -fflags +bitexact -flags:v +bitexact -flags:a +bitexact samples/film.mkv
	rm -f out/film.y4m out/film.wav

clean:
	rm -rf .build out
