package conformance

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/tutorsocket/tutorsocket/test/echo/echoserver"
)

var long = flag.Bool("long", false, "send every size of the large messages, and many random sessions")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echoOptions are those of the server that all but few tests talk to.
var echoOptions = echoserver.Options{Deflate: true}

// target is a server under test.
type target struct {
	addr string
	path string
	tls  *tls.Config // nil: plain
}

func (to *target) dial() (net.Conn, error) {
	if to.tls != nil {
		return tls.Dial("tcp", to.addr, to.tls)
	}
	return net.Dial("tcp", to.addr)
}

// start runs an echo server until the test ends.
func start(t *testing.T, opts echoserver.Options) *target {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := echoserver.Start(ln, opts)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	to := &target{addr: ln.Addr().String(), path: "/"}
	if opts.TLS != nil {
		// Thousands of handshakes: as cheap as they may be.
		to.tls = &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	}
	return to
}

// onBoth runs a test over TCP and over TLS, where the server reads in another way.
func onBoth(t *testing.T, opts echoserver.Options, test func(t *testing.T, to *target)) {
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	secure := opts
	secure.TLS = &tls.Config{Certificates: certified.TLS.Certificates, CurvePreferences: []tls.CurveID{tls.X25519}}
	certified.Close()
	t.Run("plain", func(t *testing.T) { t.Parallel(); test(t, start(t, opts)) })
	t.Run("tls", func(t *testing.T) { t.Parallel(); test(t, start(t, secure)) })
}

// A conformanceCase is what a client does on a fresh connection, and what must come of it.
type conformanceCase struct {
	name  string // RFC/section/what
	run   func(c *client)
	offer string // of extensions; "" for none
	inOne bool   // sent in whole pieces only: it is large, or cuts by itself
}

// all returns the cases of every section.
func all() (cases []conformanceCase) {
	for _, section := range [][]conformanceCase{
		framing(), masking(), fragmentation(), control(), closings(), texts(), ends(),
		negotiation(), compressed(), broken(),
	} {
		cases = append(cases, section...)
	}
	return cases
}

// Every case on a connection of its own, sent in one piece, byte by byte, and, where a piece costs no record of
// TLS, in random pieces.
func TestConformance(t *testing.T) {
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, tt := range all() {
			t.Run(tt.name, func(t *testing.T) {
				for c := whole; c <= random; c++ {
					if tt.inOne && c != whole || to.tls != nil && c == random {
						return
					}
					t.Run(c.String(), func(t *testing.T) { tt.run(open(t, to, c, tt.offer)) })
				}
			})
		}
	})
}

// Two cases of one name would hide each other.
func TestNamesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range all() {
		if seen[tt.name] {
			t.Errorf("two cases are called %s", tt.name)
		}
		seen[tt.name] = true
	}
}

// named makes a case out of a name with formatted parts.
func named(run func(c *client), format string, args ...any) conformanceCase {
	return conformanceCase{name: fmt.Sprintf(format, args...), run: run}
}
