# Everything here needs Go alone. Where there is a C compiler too, the tests run with the race detector.
# The go command fetches the toolchain that is named here by itself, also where the environment says GOTOOLCHAIN=local.
export GOTOOLCHAIN := go1.27.3

MODULE  := github.com/jira-lifecycle/jira-lifecycle-mcp
VERSION := $(shell git describe --tags --match 'v*' --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
LDFLAGS := -s -w -X $(MODULE)/internal/buildinfo.version=$(VERSION) -X $(MODULE)/internal/buildinfo.commit=$(COMMIT)

CC_FOUND := $(firstword $(shell command -v $(CC) gcc clang 2>/dev/null))
RACE     := $(if $(CC_FOUND),-race)

# SQLite is C made into Go, and most of what tests with the race detector would do is watch it. So it is built without the detector, and what else
# was made from C without the check of pointers; what this project, database/sql and the driver do is watched as before. No package with copies of
# generic code (sync.Map) may be built like that: the detector would not see what these order. And no program lingers for a second at its end.
RACE_ENV := $(if $(RACE),CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 GOFLAGS="$(GOFLAGS) -gcflags=modernc.org/...=-d=checkptr=0 -gcflags=modernc.org/sqlite/lib=-race=false")

# Where package pgtest finds PostgreSQL, too.
POSTGRES := $(or $(shell ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1),$(patsubst %/initdb,%,$(shell command -v initdb)))
NO_POSTGRES = not found, so tests against it $(if $(filter true,$(CI)),fail,are left out)

# Where package chromium finds a browser, too.
CHROMIUM    := $(firstword $(foreach name,chromium chromium-browser google-chrome-stable google-chrome,$(shell command -v $(name) 2>/dev/null)))
NO_CHROMIUM = not found, so tests in a browser $(if $(filter true,$(CI)),fail,are left out)

# What the accessibility of the HTML report is checked with. The test knows the file's checksum.
AXE    := bin/axe-core-4.14.1.min.js
NO_AXE  = not there, so the check of accessibility $(if $(filter true,$(CI)),fails,is left out); make axe fetches it

# End-to-end tests that several callers or processes take part in: they run with the race detector, in their own process and in the program's. All of
# them run without it besides, since with it they take four times as long.
TOGETHER := Race|Sessions|Desktop|AtOnce|OneToken|Interrupted

# How long each fuzz target runs in `make test`, where the seeds are run as tests besides, and in `make fuzz`.
SHORT_FUZZ := 1s
FUZZTIME   := 1m

.PHONY: build test crashes lint bench demo fuzz axe pictures clean postgres-bin chromium-bin

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/jira-lifecycle-mcp ./cmd/jira-lifecycle-mcp

demo: build
	@bin/jira-lifecycle-mcp demo

test:
	@echo "Atlassian's OpenAPI documents (JIRA_LIFECYCLE_SPECS): $${JIRA_LIFECYCLE_SPECS:-not set, so tests against them are skipped}"
	@echo "PostgreSQL: $(or $(POSTGRES),$(NO_POSTGRES))"
	@echo "Chromium: $(or $(CHROMIUM),$(NO_CHROMIUM))"
	@echo "axe-core: $(or $(wildcard $(AXE)),$(NO_AXE))"
	@echo "Race detector: $(if $(RACE),on,off, since there is no C compiler)"
	$(RACE_ENV) go test $(RACE) -parallel 16 -timeout 15m $$(go list ./... | grep -v /internal/e2e)
	$(RACE_ENV) go test $(RACE) -parallel 16 -timeout 15m -run '$(TOGETHER)' ./internal/e2e
	go test -parallel 16 -timeout 15m ./internal/e2e
	@$(MAKE) --no-print-directory fuzz FUZZTIME=$(SHORT_FUZZ)

# Each target in turn; what a run finds is kept in testdata/fuzz and fails every later test run.
fuzz:
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file" | while read -r target; do \
			echo "fuzz $$target in $$(dirname "$$file") for $(FUZZTIME)"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
		done || exit 1; \
	done

# Every crash of the crash matrix; make test leaves some of a batch's out.
crashes:
	JIRA_LIFECYCLE_CRASHES=all go test -count=1 -timeout 30m -run Crash ./internal/e2e

lint:
	@unformatted=$$(go tool gofumpt -l .); if [ -n "$$unformatted" ]; then echo "gofumpt these:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

bench:
	go run ./internal/bench

# axe-core is large and under another licence (MPL 2.0), so it is fetched with npm and not kept in the tree.
axe: $(AXE)

$(AXE):
	@mkdir -p bin
	cd bin && npm pack --silent axe-core@4.14.1 >/dev/null && tar -xzOf axe-core-4.14.1.tgz package/axe.min.js >axe.unfinished && mv axe.unfinished $(notdir $(AXE)) && rm axe-core-4.14.1.tgz

# The pictures of the HTML report in docs/img, anew: of an audit of the sandbox.
pictures:
	go test -count=1 -run Pictures ./internal/audit -update

postgres-bin:
	@echo "$(POSTGRES)"

chromium-bin:
	@echo "$(CHROMIUM)"

clean:
	rm -rf bin
