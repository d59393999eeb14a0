#!/usr/bin/env bash
# Runs every test of the project: ./test.sh. It needs Go, gcc and Node 20; Chromium is used where it
# is installed and installed on Debian where that is allowed.
#
#   ./test.sh          everything, within 15 minutes on two cores
#   ./test.sh --long   in addition fuzzing, repeated runs and the benchmarks
set -euo pipefail
cd "$(dirname "$0")"

long=no
for arg in "$@"; do
	case $arg in
	--long) long=yes ;;
	-h | --help)
		sed -n '2,7s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		echo "test.sh: unknown argument $arg (only --long is known)" >&2
		exit 2
		;;
	esac
done

started=$SECONDS
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain='' && export NO_COLOR=1; fi
step() { printf '%s[%3ds] %s%s\n' "$bold" $((SECONDS - started)) "$*" "$plain"; }
need() {
	command -v "$1" >/dev/null || {
		echo "test.sh: $1 is missing. $2" >&2
		exit 1
	}
}

# The mission document, where it is at hand, adds the user's own scripts to the project's equivalents.
for doc in "${TUTORSOCKET_MISSION_DOC:-}" ../shared/seed/websockets-in-webtutor.md; do
	if [ -n "$doc" ] && [ -f "$doc" ]; then
		TUTORSOCKET_MISSION_DOC=$(cd "$(dirname "$doc")" && pwd)/$(basename "$doc")
		export TUTORSOCKET_MISSION_DOC
		break
	fi
done

find_chromium() {
	local name
	for name in "${TUTORSOCKET_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
		if [ -n "$name" ] && command -v "$name" >/dev/null; then
			TUTORSOCKET_CHROMIUM=$(command -v "$name")
			export TUTORSOCKET_CHROMIUM
			return 0
		fi
	done
	return 1
}

ensure_chromium() {
	find_chromium && return
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		step "installing Chromium (Debian package chromium)"
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
	fi
	find_chromium || {
		echo "test.sh: Chromium is missing. Install the package chromium, or name a browser in TUTORSOCKET_CHROMIUM." >&2
		exit 1
	}
}

need go "Install Go 1.26 or newer: https://go.dev/dl/"
need gcc "The race detector needs it: install the package gcc."
need node "Install Node 20 or newer."
need npm "It comes with Node."
ensure_chromium

step "format and static checks"
unformatted=$(gofmt -l cmd internal test web/*.go web/e2e)
if [ -n "$unformatted" ]; then
	printf 'test.sh: run gofmt -w on:\n%s\n' "$unformatted" >&2
	exit 1
fi
go vet ./...
go vet -tags e2e ./web/e2e ./internal/login
go vet -tags types ./internal/check
go tool -modfile=tools/go.mod staticcheck ./...
go mod tidy -diff

# What is known to be wrong with the dependencies and with Go itself, as far as the program calls it. The database is on
# the network, which a test must not depend on: where it is not reached, that is said. GOVULNDB names another one.
step "known vulnerabilities"
code=0
report=$(timeout 5m go tool -modfile=tools/go.mod govulncheck -db "${GOVULNDB:-https://vuln.go.dev}" ./... 2>&1) || code=$?
case $code:$report in
0:*) echo "none that the program calls" ;;
124:* | 1:*"fetching vulnerabilities"*) echo "not looked for: the database ${GOVULNDB:-https://vuln.go.dev} is not reached from here" ;;
*)
	printf '%s\n' "$report" >&2
	echo "test.sh: govulncheck ended with $code; update what it names" >&2
	exit 1
	;;
esac

step "web: unit tests, types, and the committed build"
(
	cd web
	npm ci --no-audit --no-fund --loglevel=error
	npm run --silent check
	npm test --silent
	npm run --silent openapi -- --check
	npm run --silent build
)
stale=$(git status --porcelain web/dist)
if [ -n "$stale" ]; then
	printf 'test.sh: web/dist is not what web/src builds; run npm run build in web and commit it:\n%s\n' "$stale" >&2
	exit 1
fi

step "the editor typings, by the TypeScript compiler"
go test -tags types -run Typings ./internal/check

step "Go tests with the race detector"
go test -race -timeout 12m ./...

step "time budgets, without the race detector"
go test -run 'StopInTime|HostilePrograms' ./internal/basescript ./internal/hostapi

step "the pages in a real browser"
go test -tags e2e -timeout 5m ./web/e2e
go test -tags e2e -timeout 5m -run Browser ./internal/login

step "the evaluator beside goja: same results"
(cd internal/basescript/gojabench && go test ./...)

if [ "$long" = yes ]; then
	step "fuzzing, a minute each"
	(cd tools && go build -o ../.fuzzall ./fuzzall) && ./.fuzzall -time 60s; rm -f .fuzzall
	step "hostile programs and every function with values of full size: time past the limit"
	go test -timeout 20m -run 'StopInTime|HostilePrograms' ./internal/basescript -args -long
	go test -run NamedScriptsStopInTime -count 5 ./internal/hostapi
	step "a thousand changes of a script under load"
	go test -v -timeout 20m ./test/reload -args -long
	step "the latency of those who read beside clients that never do"
	go test -v -timeout 20m ./test/slowreaders -run Latency -args -long
	step "connections broken in every way, many more rounds"
	go test -v -timeout 40m ./test/faults -args -long
	step "nodes and NATS servers broken in every way, ten times over"
	go test -v -timeout 120m ./test/cluster -args -long
	step "the program killed two hundred times while data and durable messages flow"
	go test -v -timeout 60m ./test/durability -args -long
	step "what claims, sends and a million sockets cost several nodes"
	go test -v -timeout 60m ./test/scale -args -long
	step "user data beside bbolt"
	(cd internal/userdata/boltbench && go test -run Beside -beside -rounds 9 -v .)
	step "the wire, with messages of every size"
	go test -timeout 20m ./test/conformance -args -long
	step "a day of a thousand sockets, in simulated time"
	go test -v -timeout 20m -run 'ADay|TestWindows' ./internal/ws -args -long
	step "ten more rounds with the race detector"
	go test -race -count 10 -timeout 60m ./internal/hub ./internal/ws ./internal/engine ./internal/userdata ./test/...
	step "benchmarks beside their peers"
	(cd internal/basescript/gojabench && go test -run '^$' -bench . -benchmem -count 7)
	go test -run '^$' -bench . -benchmem ./internal/hub ./internal/ws
fi

step "all tests passed"
