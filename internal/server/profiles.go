package server

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// profilesPath is where the profiles of the Go runtime are.
const profilesPath = "/debug/pprof/"

// Bounds of a recording, in seconds.
const (
	maxRecording      = 60
	defaultRecording  = 10
	defaultTracing    = 1
	defaultContention = 5
)

// Rates of the profiles that cost something and so are off but for a recording.
const (
	blockRate    = 10_000 // of blocking, one event each so many nanoseconds
	mutexPortion = 10     // one in so many waits for a mutex
)

// recordings are the profiles that take a while, with how long without ?seconds=.
var recordings = map[string]int{"profile": defaultRecording, "trace": defaultTracing, "block": defaultContention, "mutex": defaultContention}

// snapshots are the profiles of the moment.
var snapshots = []string{"allocs", "goroutine", "heap", "threadcreate"}

// profiles serves what go tool pprof and go tool trace read. Who may ask is decided before it. One recording goes on at a time; it ends early when the client goes away or
// the server stops. The command line of the process, which may hold a token, is not
// among them, and nothing is registered with http.DefaultServeMux.
type profiles struct {
	recording atomic.Bool
}

func (p *profiles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(profilesPath, "/")), "/")
	_, records := recordings[name]
	known := name == "" || name == "symbol" || records || slices.Contains(snapshots, name)
	switch {
	case !known:
		problem(w, http.StatusNotFound, fmt.Sprintf("There is no profile of this name. %s lists them.", profilesPath))
	case r.Method != http.MethodGet && r.Method != http.MethodHead && (r.Method != http.MethodPost || name != "symbol"):
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "A profile is asked for with GET.")
	case name == "":
		writeProfileIndex(w)
	case name == "symbol":
		writeSymbols(w, r)
	case records:
		p.record(w, r, name)
	default:
		writeSnapshot(w, r, name)
	}
}

func writeProfileIndex(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, name := range snapshots {
		fmt.Fprintf(w, "%s%s\n", profilesPath, name)
	}
	for _, name := range []string{"block", "mutex", "profile", "trace"} {
		fmt.Fprintf(w, "%s%s?seconds=%d\n", profilesPath, name, recordings[name])
	}
}

// writeSnapshot writes a profile of the moment: for the tool, or with ?debug=1 or 2
// as text.
func writeSnapshot(w http.ResponseWriter, r *http.Request, name string) {
	debug, ok := number(r.URL.Query(), "debug", 0, 0, 2)
	if !ok {
		problem(w, http.StatusUnprocessableEntity, "debug is 0, 1 or 2.")
		return
	}
	if name == "heap" && r.URL.Query().Get("gc") != "" {
		runtime.GC()
	}
	profileHeader(w, name, debug)
	_ = pprof.Lookup(name).WriteTo(w, debug) // the client may be gone
}

func profileHeader(w http.ResponseWriter, name string, debug int) {
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// record writes a profile of what happens from now on.
func (p *profiles) record(w http.ResponseWriter, r *http.Request, name string) {
	seconds, ok := number(r.URL.Query(), "seconds", recordings[name], 1, maxRecording)
	if !ok {
		problem(w, http.StatusUnprocessableEntity, fmt.Sprintf("seconds is a number from 1 to %d.", maxRecording))
		return
	}
	debug, ok := number(r.URL.Query(), "debug", 0, 0, 2)
	if !ok {
		problem(w, http.StatusUnprocessableEntity, "debug is 0, 1 or 2.")
		return
	}
	if !p.recording.CompareAndSwap(false, true) {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		problem(w, http.StatusConflict, "Another recording goes on. Try again when it has ended.")
		return
	}
	defer p.recording.Store(false)
	profileHeader(w, name, debug)
	out := &recordingWriter{out: w}
	if err := recordFor(out, name, debug, func() {
		out.begin() // the client sees that it goes on
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-r.Context().Done():
		}
	}); err != nil { // it did not begin, and nothing is written
		w.Header().Del("Content-Disposition")
		problem(w, http.StatusConflict, fmt.Sprintf("The recording cannot begin: %v.", err))
	}
}

// recordFor records while wait goes on. An error means that it did not begin.
func recordFor(w io.Writer, name string, debug int, wait func()) error {
	switch name {
	case "profile":
		if err := pprof.StartCPUProfile(w); err != nil {
			return err
		}
		wait()
		pprof.StopCPUProfile()
		return nil
	case "trace":
		if err := trace.Start(w); err != nil {
			return err
		}
		wait()
		trace.Stop()
		return nil
	case "block":
		runtime.SetBlockProfileRate(blockRate)
		defer runtime.SetBlockProfileRate(0)
	case "mutex":
		runtime.SetMutexProfileFraction(mutexPortion)
		defer runtime.SetMutexProfileFraction(0)
	}
	wait()
	_ = pprof.Lookup(name).WriteTo(w, debug) // the client may be gone
	return nil
}

// recordingWriter is an answer that a goroutine of the runtime writes while the
// handler waits.
type recordingWriter struct {
	mu  sync.Mutex // guards out
	out http.ResponseWriter
}

func (w *recordingWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// begin sends the headers.
func (w *recordingWriter) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = http.NewResponseController(w.out).Flush() // writers of tests cannot
}

// maxSymbols bounds what is read of a question for symbols, in bytes.
const maxSymbols = 1 << 20

// writeSymbols names the functions at addresses, as go tool pprof asks for them:
// 0x1234+0x5678 in the body or the query.
func writeSymbols(w http.ResponseWriter, r *http.Request) {
	text := r.URL.RawQuery
	if r.Method == http.MethodPost {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(headerTimeout)) // writers of tests have none
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSymbols))
		if err != nil {
			problem(w, http.StatusBadRequest, "The addresses cannot be read.")
			return
		}
		text = string(body)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "num_symbols: 1") // that there are some
	for word := range strings.SplitSeq(text, "+") {
		pc, err := strconv.ParseUint(strings.TrimSpace(word), 0, 64)
		if err != nil || pc == 0 {
			continue
		}
		if f := runtime.FuncForPC(uintptr(pc)); f != nil {
			fmt.Fprintf(w, "%#x %s\n", pc, f.Name())
		}
	}
}

// number reads a parameter; ok is false when it is none from least to most.
func number(query url.Values, name string, otherwise, least, most int) (n int, ok bool) {
	if !query.Has(name) {
		return otherwise, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= least && n <= most
}
