package webtutor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/auth/webtutor"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

var _ auth.Method = (*webtutor.Method)(nil)

func TestTheSessionSaysWhoIsCalling(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.enter("a", "7177256154427237596"), w.enter("b", "42")
	want := hub.User{ID: "7177256154427237596", Login: "anna", Name: "Анна Петрова", Fields: map[string]string{"email": "anna@example.com"}}
	if !reflect.DeepEqual(a.User, want) || a.Services != nil || !a.MayOpen("anything") {
		t.Errorf("anna is %+v", a)
	}
	if !b.User.Admin || !slices.Equal(b.Services, []string{"chat", "course"}) || b.MayOpen("anything") {
		t.Errorf("boris is %+v", b)
	}
	if a.Lease == b.Lease {
		t.Error("two sessions share a lease")
	}
	if again := w.enter("a", "7177256154427237596"); again.Lease != a.Lease {
		t.Error("two sockets of one session have two leases")
	}
	w.refused(handshake("SessionID=of-nobody"), auth.ErrUnauthenticated)
	w.refused(handshake(""), auth.ErrNoCredentials)
	w.refused(handshake("theme=dark; SessionID=; sessionid=a"), auth.ErrNoCredentials)
}

func TestStatus401IsNobody(t *testing.T) {
	w := newWorld(t, nil)
	w.portal.answer(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusUnauthorized) })
	w.refused(handshake("SessionID=a"), auth.ErrUnauthenticated)
}

func TestOnlyNamedCookiesAreSent(t *testing.T) {
	for name, c := range map[string]struct {
		cookies []string
		want    string
	}{
		"one":                   {[]string{"SessionID=a"}, "SessionID=a"},
		"among others":          {[]string{"theme=dark; SessionID=a; _ga=GA1.2; x-auth-id=q"}, "SessionID=a; x-auth-id=q"},
		"in two headers":        {[]string{"x-auth-id=q; y=1", "SessionID=a"}, "x-auth-id=q; SessionID=a"},
		"names that are alike":  {[]string{"sessionid=1; SessionID2=2; SessionID=a; X-SessionID=3"}, "SessionID=a"},
		"twice":                 {[]string{"SessionID=a; SessionID=z"}, "SessionID=a; SessionID=z"},
		"no blanks":             {[]string{"x=1;SessionID=a;y=2"}, "SessionID=a"},
		"quotes, commas, signs": {[]string{`SessionID=a; x-auth-id="q, w=e";z=1`}, `SessionID=a; x-auth-id="q, w=e"`},
		"bytes beyond ASCII":    {[]string{"SessionID=a; x-auth-id=\xcf\xf0\xe8\xc0 \xff"}, "SessionID=a; x-auth-id=\xcf\xf0\xe8\xc0 \xff"},
		"a name in a value":     {[]string{"x=SessionID=1; SessionID=a"}, "SessionID=a"},
		"without a value":       {[]string{"SessionID; x-auth-id=; SessionID=a"}, "SessionID=a"},
		"odd separators":        {[]string{";;  ;SessionID=a;=;"}, "SessionID=a"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			r := handshake("")
			r.Header["Cookie"] = c.cookies
			r.Header.Set("Authorization", "Basic YTpi")
			r.Header.Set("X-Secret-Of-The-Browser", "1")
			if caller, err := w.Authenticate(r); err != nil || caller.User.Login != "anna" {
				t.Fatalf("got %+v, error %v", caller, err)
			}
			h := w.portal.header()
			if got := h["Cookie"]; !slices.Equal(got, []string{c.want}) {
				t.Errorf("WebTutor got %q, want %q", got, c.want)
			}
			for name := range h {
				if !slices.Contains([]string{"Accept", "Cookie", "User-Agent"}, name) {
					t.Errorf("WebTutor got the header %s as well", name)
				}
			}
		})
	}
}

func TestCookiesThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	for name, cookies := range map[string]string{
		"line break":  "SessionID=a\r\nX-Injected: 1",
		"zero":        "SessionID=a\x00",
		"rubout":      "SessionID=a\x7f",
		"tabulator":   "SessionID=a\tb",
		"too long":    "SessionID=" + strings.Repeat("a", webtutor.MaxCookies),
		"too many":    strings.Repeat("SessionID=aaaaaaaa; ", webtutor.MaxCookies/20+20),
		"long others": "theme=" + strings.Repeat("x", 100_000) + "; SessionID=\x01",
	} {
		t.Run(name, func(t *testing.T) {
			(&world{T: t, Method: w.Method}).refused(handshake(cookies), auth.ErrUnauthenticated)
		})
	}
	if n := w.portal.asked.Load(); n != 0 {
		t.Errorf("WebTutor was asked %d times", n)
	}
}

// TestCookiesOfOtherOrigins: a page of another site that makes a browser connect gets nobody's session.
func TestCookiesOfOtherOrigins(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) {
		c.Origins = []string{"https://Portal.example.com/", "http://intra.example.com:8080", "no origin"}
	})
	plain, encrypted := "http://sockets.example.com/services/chat", "https://sockets.example.com/services/chat"
	for name, c := range map[string]struct {
		url    string
		header http.Header
		ok     bool
	}{
		"own":                       {encrypted, http.Header{"Origin": {"https://sockets.example.com"}}, true},
		"own with the usual port":   {encrypted, http.Header{"Origin": {"https://sockets.example.com:443"}}, true},
		"own in other letters":      {encrypted, http.Header{"Origin": {"https://SOCKETS.example.com."}}, true},
		"own behind a proxy":        {plain, http.Header{"Origin": {"https://sockets.example.com"}}, true},
		"own over http":             {plain, http.Header{"Origin": {"http://sockets.example.com"}}, true},
		"own with a port":           {"http://sockets.example.com:8080/x", http.Header{"Origin": {"http://sockets.example.com:8080"}}, true},
		"own by address":            {"http://[::1]:8080/x", http.Header{"Origin": {"http://[::1]:8080"}}, true},
		"listed":                    {encrypted, http.Header{"Origin": {"https://portal.example.com"}}, true},
		"listed with a port":        {encrypted, http.Header{"Origin": {"http://intra.example.com:8080"}}, true},
		"downgraded":                {encrypted, http.Header{"Origin": {"http://sockets.example.com"}}, false},
		"another port":              {plain, http.Header{"Origin": {"http://sockets.example.com:8080"}}, false},
		"another site":              {encrypted, http.Header{"Origin": {"https://evil.example.net"}}, false},
		"a name below":              {encrypted, http.Header{"Origin": {"https://x.sockets.example.com"}}, false},
		"a name that begins so":     {encrypted, http.Header{"Origin": {"https://sockets.example.com.evil.net"}}, false},
		"listed, another port":      {encrypted, http.Header{"Origin": {"http://intra.example.com"}}, false},
		"listed, another scheme":    {encrypted, http.Header{"Origin": {"http://portal.example.com"}}, false},
		"with a user":               {encrypted, http.Header{"Origin": {"https://sockets.example.com@evil.net"}}, false},
		"null":                      {encrypted, http.Header{"Origin": {"null"}}, false},
		"an extension":              {encrypted, http.Header{"Origin": {"chrome-extension://sockets.example.com"}}, false},
		"empty":                     {encrypted, http.Header{"Origin": {""}}, false},
		"two":                       {encrypted, http.Header{"Origin": {"https://sockets.example.com", "https://evil.net"}}, false},
		"none":                      {encrypted, http.Header{}, true},
		"none, the same site":       {encrypted, http.Header{"Sec-Fetch-Site": {"same-origin"}}, true},
		"none, the address bar":     {encrypted, http.Header{"Sec-Fetch-Site": {"none"}}, true},
		"none, another site":        {encrypted, http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		"none, a neighbour's site":  {encrypted, http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
		"own, says a foreign page":  {encrypted, http.Header{"Origin": {"https://evil.net"}, "Sec-Fetch-Site": {"same-origin"}}, false},
		"own, with more than that":  {encrypted, http.Header{"Origin": {"https://sockets.example.com/x"}}, false},
		"own, with a question mark": {encrypted, http.Header{"Origin": {"https://sockets.example.com?"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", c.url, nil)
			r.Header = c.header.Clone()
			r.Header.Set("Cookie", "SessionID=a")
			_, err := w.Authenticate(r)
			if c.ok && err != nil || !c.ok && !errors.Is(err, auth.ErrNoCredentials) {
				t.Errorf("error %v, want success %v", err, c.ok)
			}
		})
	}
}

// Every page of the world can put itself into a frame whose origin is null.
func TestCookiesOfSandboxedFramesDoNotCount(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) { c.Origins = []string{"null"} })
	r := handshake("SessionID=a")
	r.Header.Set("Origin", "null")
	if _, err := w.Authenticate(r); !errors.Is(err, auth.ErrNoCredentials) || w.portal.asked.Load() != 0 {
		t.Errorf("error %v, WebTutor was asked %d times", err, w.portal.asked.Load())
	}
}

func TestAnswersCountForAWhile(t *testing.T) {
	w := newWorld(t, nil)
	asked := func(want int64) {
		t.Helper()
		if got := w.portal.asked.Load(); got != want {
			t.Fatalf("WebTutor was asked %d times, want %d", got, want)
		}
	}
	a := w.enter("a", "7177256154427237596")
	w.clock.move(9 * time.Second)
	w.enter("a", "7177256154427237596")
	asked(1)
	w.enter("b", "42")
	asked(2)
	w.clock.move(2 * time.Second)
	w.portal.logout("a")
	w.refused(handshake("SessionID=a"), auth.ErrUnauthenticated)
	asked(3)
	w.over(a.Lease, "the WebTutor session has ended") // a new socket has found out before the next check

	// Nobody is cached as well, but whoever logs in does not wait long.
	w.portal.login("a", boris)
	w.clock.move(time.Second)
	w.refused(handshake("SessionID=a"), auth.ErrUnauthenticated)
	asked(3)
	w.clock.move(time.Second)
	if next := w.enter("a", "42"); next.Lease == a.Lease {
		t.Error("the new session has the lease of the old one")
	}
	asked(4)
}

func TestWithoutACacheEachSocketAsks(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) { c.Cache = 0 })
	a := w.enter("a", "7177256154427237596")
	if b := w.enter("a", "7177256154427237596"); b.Lease != a.Lease || w.portal.asked.Load() != 2 {
		t.Errorf("WebTutor was asked %d times; the leases are one: %v", w.portal.asked.Load(), a.Lease == b.Lease)
	}
}

// TestACrowdAsksOncePerSession: five thousand handshakes of fifty browsers, all before WebTutor has
// answered the first.
func TestACrowdAsksOncePerSession(t *testing.T) {
	const browsers, crowd = 50, 5000
	w := newWorld(t, nil)
	open := make(chan struct{})
	w.portal.answer(func(rw http.ResponseWriter, r *http.Request) {
		<-open
		c, _ := r.Cookie("SessionID")
		_, _ = fmt.Fprintf(rw, `{"id":%s,"login":"x","name":"X","admin":false}`, c.Value)
	})
	var all sync.WaitGroup
	var waiting, wrong atomic.Int64
	leases := make([]atomic.Pointer[auth.Lease], browsers)
	for i := range crowd {
		all.Go(func() {
			id := 1 + i%browsers
			waiting.Add(1)
			c, err := w.Authenticate(handshake(fmt.Sprintf("theme=%d; SessionID=%d", i, id)))
			if err != nil || c.User.ID != fmt.Sprint(id) {
				wrong.Add(1)
				return
			}
			leases[id-1].CompareAndSwap(nil, c.Lease)
			if leases[id-1].Load() != c.Lease {
				wrong.Add(1)
			}
		})
	}
	w.eventually("the crowd is there", func() bool { return waiting.Load() == crowd && w.portal.asked.Load() > 0 })
	close(open)
	all.Wait()
	if n := wrong.Load(); n != 0 {
		t.Errorf("%d handshakes of %d went wrong", n, crowd)
	}
	if n := w.portal.asked.Load(); n != browsers {
		t.Errorf("WebTutor was asked %d times about %d sessions", n, browsers)
	}
}

// TestAClientThatGoesAwayHoldsNobodyUp: the answer others wait for does not depend on who asked first.
func TestAClientThatGoesAwayHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, nil)
	open := make(chan struct{})
	w.portal.answer(func(rw http.ResponseWriter, _ *http.Request) {
		<-open
		_, _ = rw.Write([]byte(anna))
	})
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := w.Authenticate(handshake("SessionID=a").WithContext(ctx)); err != nil {
			t.Errorf("the first: %v", err)
		}
	})
	w.eventually("the first has asked", func() bool { return w.portal.asked.Load() == 1 })
	all.Go(func() {
		if _, err := w.Authenticate(handshake("SessionID=a")); err != nil {
			t.Errorf("the second: %v", err)
		}
	})
	leave()
	// One who waits and goes away is free at once.
	if _, err := w.Authenticate(handshake("SessionID=a").WithContext(ctx)); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("who has gone gets %v", err)
	}
	close(open)
	all.Wait()
	if n := w.portal.asked.Load(); n != 1 {
		t.Errorf("WebTutor was asked %d times", n)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	var stranger atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		stranger.Add(1)
		_, _ = rw.Write([]byte(anna))
	}))
	defer elsewhere.Close()
	text := func(s string) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(s)) }
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(code)
			_, _ = rw.Write([]byte(anna))
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		log    string
	}{
		"a redirect": {func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, elsewhere.URL, http.StatusFound) },
			"the answer is a redirect (status 302): the page must be open to those who are not logged in"},
		"a redirect to itself": {func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, "status 307"},
		"a form to log in": {text("<!DOCTYPE html><form>"), "the answer is not JSON"},
		"nothing":          {text(""), "the answer is not JSON"},
		"half of it":       {text(anna[:40]), "the answer is not JSON"},
		"no id":            {text(`{"login":"anna"}`), "the answer has no id"},
		"a refusal":        {text(`{"error":"secret"}`), "compare the secret"},
		"a failure":        {text(`{"error":"failed"}`), "the page has failed"},
		"huge": {func(rw http.ResponseWriter, _ *http.Request) {
			for range 64 {
				if _, err := rw.Write(make([]byte, webtutor.MaxAnswer)); err != nil {
					return
				}
			}
		}, "the answer is larger than 65536 bytes"},
		"a huge header": {func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("X-Large", strings.Repeat("x", 1<<20))
			_, _ = rw.Write([]byte(anna))
		}, "too long a header"},
		"not found":    {status(404), "WebTutor answers with status 404"},
		"forbidden":    {status(403), "compare the secret"},
		"no content":   {status(204), "WebTutor answers with status 204"},
		"an error":     {status(500), "WebTutor answers with status 500"},
		"cut off":      {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"Windows-1251": {text("{\"id\":1,\"name\":\"\xc0\xed\xed\xe0\"}"), "the answer is not UTF-8 text"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.portal.answer(c.answer)
			w.refused(handshake("SessionID=a"), auth.ErrUnavailable)
			if !strings.Contains(w.lines.String(), c.log) {
				t.Errorf("the log says %s, want %s", w.lines, c.log)
			}
			if n, _ := w.Kept(); n != 0 {
				t.Errorf("%d sessions are kept of which nothing is known", n)
			}
			w.portal.answer(nil)
			w.enter("a", "7177256154427237596") // not remembered as wrong
		})
	}
	if n := stranger.Load(); n != 0 {
		t.Errorf("redirects were followed %d times", n)
	}
}

// TestASlowPortal: neither an answer that does not come nor one that does not end is waited for.
func TestASlowPortal(t *testing.T) {
	for name, first := range map[string]string{"silent": "", "in drops": `{"id":`} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *webtutor.Config) { c.Timeout = 50 * time.Millisecond })
			w.portal.answer(func(rw http.ResponseWriter, r *http.Request) {
				_, _ = rw.Write([]byte(first))
				_ = http.NewResponseController(rw).Flush()
				<-r.Context().Done()
			})
			w.refused(handshake("SessionID=a"), auth.ErrUnavailable)
			if !strings.Contains(w.lines.String(), "WebTutor has not answered in time") {
				t.Errorf("the log says %s", w.lines)
			}
		})
	}
}

func TestSessionsAreCheckedAgain(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.enter("a", "7177256154427237596"), w.enter("b", "42")
	ended := make(chan string, 1)
	stop := a.Lease.OnEnd(func(why string) { ended <- why })
	defer stop()
	w.run()
	w.rechecked(time.Minute)
	w.eventually("both were checked", func() bool { return w.portal.asked.Load() == 4 })
	w.holds(a.Lease)
	w.holds(b.Lease)
	w.portal.logout("a")
	w.clock.move(time.Minute)
	if why := <-ended; why != "the WebTutor session has ended" {
		t.Errorf("the sockets of anna hear %q", why)
	}
	w.eventually("boris was checked too", func() bool { return w.portal.asked.Load() == 6 })
	w.holds(b.Lease)
	runtime.KeepAlive(a.Lease)
}

func TestAnAnswerThatEndsTheLease(t *testing.T) {
	const all = `{"id":"42","login":"boris","name":"Boris","admin":true}`
	for name, c := range map[string]struct {
		before, after string
		why           string // "" if the lease holds
	}{
		"nobody":                    {boris, `{"id":null}`, "the WebTutor session has ended"},
		"another user":              {boris, anna, "the WebTutor session has ended"},
		"the same":                  {boris, boris, ""},
		"another name":              {boris, strings.Replace(boris, `"Boris"`, `"Boris B."`, 1), ""},
		"administrator no more":     {boris, strings.Replace(boris, "true", "false", 1), "your rights in WebTutor have changed"},
		"a service less":            {boris, strings.Replace(boris, `,"course"`, ``, 1), "your rights in WebTutor have changed"},
		"no longer all services":    {all, boris, "your rights in WebTutor have changed"},
		"all services":              {boris, all, ""},
		"all services, by name":     {all, strings.Replace(boris, `"chat"`, `"*"`, 1), ""},
		"a service more":            {boris, strings.Replace(boris, `"course"`, `"course","x"`, 1), ""},
		"administrator by now":      {strings.Replace(boris, "true", "false", 1), boris, ""},
		"the id as a number of now": {boris, strings.Replace(boris, `"42"`, `42`, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.portal.login("s", c.before)
			b := w.enter("s", "42")
			w.portal.login("s", c.after)
			w.run()
			w.rechecked(time.Minute)
			if c.why != "" {
				w.over(b.Lease, c.why)
				return
			}
			w.rechecked(time.Minute) // what the first check found is settled before the second
			w.holds(b.Lease)
		})
	}
}

// TestAnOutage: sockets stay for the grace, new ones are refused, what is fresh still counts.
func TestAnOutage(t *testing.T) {
	w := newWorld(t, nil)
	a := w.enter("a", "7177256154427237596")
	w.run()
	w.portal.away()
	w.clock.move(5 * time.Second)
	if again := w.enter("a", "7177256154427237596"); again.Lease != a.Lease {
		t.Error("another lease")
	}
	w.refused(handshake("SessionID=b"), auth.ErrUnavailable)
	w.clock.move(6 * time.Second)
	w.refused(handshake("SessionID=a"), auth.ErrUnavailable) // it is not fresh any more; the grace begins
	for range 4 {
		w.rechecked(time.Minute)
		w.holds(a.Lease)
	}
	w.clock.move(time.Minute)
	w.over(a.Lease, "the WebTutor session cannot be checked")
	w.refused(handshake("SessionID=a"), auth.ErrUnavailable)
	w.portal.answer(nil)
	w.clock.move(2 * time.Second)
	if next := w.enter("a", "7177256154427237596"); next.Lease == a.Lease {
		t.Error("the lease that is over was given away again")
	}
	if n, _ := w.Kept(); n != 1 {
		t.Errorf("%d sessions are kept, want the one of anna", n)
	}
}

func TestAnOutageThatEndsInTime(t *testing.T) {
	w := newWorld(t, nil)
	a := w.enter("a", "7177256154427237596")
	w.run()
	for range 3 { // three outages, each shorter than the grace and all together longer
		w.portal.away()
		for range 4 {
			w.rechecked(time.Minute)
		}
		w.portal.answer(nil)
		w.rechecked(30 * time.Second)
		w.rechecked(time.Minute)
		w.holds(a.Lease)
	}
}

func TestWithoutAGraceAnOutageEndsSocketsAtTheNextCheck(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) { c.Grace = 0 })
	a := w.enter("a", "7177256154427237596")
	w.run()
	w.portal.away()
	w.rechecked(time.Minute)
	w.over(a.Lease, "the WebTutor session cannot be checked")
}

// TestAGraceIsNotRoundedUp: it ends between two attempts as well.
func TestAGraceIsNotRoundedUp(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) { c.Grace = time.Second })
	a := w.enter("a", "7177256154427237596")
	w.run()
	w.portal.away()
	w.rechecked(time.Minute)
	w.holds(a.Lease)
	w.clock.move(time.Second)
	w.over(a.Lease, "the WebTutor session cannot be checked")
}

// TestAnOutageIsNotMadeWorse: a server that does not answer gets few requests, and one when its pause is over.
func TestAnOutageIsNotMadeWorse(t *testing.T) {
	w := newWorld(t, nil)
	w.portal.away()
	try := func(n int) int64 {
		before := w.portal.asked.Load()
		for i := range n {
			w.refused(handshake(fmt.Sprintf("SessionID=s%d", i)), auth.ErrUnavailable)
		}
		return w.portal.asked.Load() - before
	}
	if n := try(100); n != 3 {
		t.Errorf("100 handshakes made %d requests, want 3", n)
	}
	w.clock.move(time.Second)
	if n := try(100); n != 1 {
		t.Errorf("after a second 100 handshakes made %d requests, want 1", n)
	}
	w.portal.answer(nil)
	w.refused(handshake("SessionID=a"), auth.ErrUnavailable)
	w.clock.move(time.Second)
	w.enter("a", "7177256154427237596")
	w.enter("b", "42")
	logged := w.lines.String()
	if strings.Count(logged, "WebTutor sessions cannot be checked") != 2 || strings.Count(logged, "WebTutor answers again") != 1 {
		t.Errorf("the log of one outage is\n%s", logged)
	}
}

// TestASessionThatIsAnsweredWronglyHarmsNoOther: what is wrong with one user is no outage.
func TestASessionThatIsAnsweredWronglyHarmsNoOther(t *testing.T) {
	w := newWorld(t, nil)
	w.portal.login("broken", `{"id":{}}`)
	for range 10 {
		w.refused(handshake("SessionID=broken"), auth.ErrUnavailable)
	}
	w.enter("a", "7177256154427237596")
}

// TestASessionWithoutSocketsIsForgotten: it is not asked about any more, and its cookies are gone.
func TestASessionWithoutSocketsIsForgotten(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.enter("a", "7177256154427237596"), w.enter("b", "42")
	_ = a
	a = auth.Caller{}
	w.run()
	w.eventually("the session of anna is forgotten", func() bool {
		w.clock.move(10 * time.Second)
		return w.Forget() == 1
	})
	if _, bytes := w.Kept(); bytes > 1000 {
		t.Errorf("one session counts as %d bytes", bytes)
	}
	w.holds(b.Lease)
	runtime.KeepAlive(b.Lease)
}

func TestTheNumberOfSessionsIsBounded(t *testing.T) {
	for name, bound := range map[string][2]int{"in number": {2, 1 << 20}, "in bytes": {100, 1500}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.Bound(bound[0], bound[1])
			a, b := w.enter("a", "7177256154427237596"), w.enter("b", "42")
			w.portal.login("c", `{"id":3}`)
			w.refused(handshake("SessionID=c"), auth.ErrUnavailable)
			w.holds(b.Lease)
			runtime.KeepAlive(a.Lease)
			runtime.KeepAlive(b.Lease)
			a, b = auth.Caller{}, auth.Caller{}
			w.eventually("there is room again", func() bool { // nobody holds the two any more
				w.clock.move(time.Second)
				w.Forget()
				_, err := w.Authenticate(handshake("SessionID=c"))
				return err == nil
			})
			if n, bytes := w.Kept(); n != 1 || bytes > 1000 {
				t.Errorf("%d sessions of %d bytes are kept", n, bytes)
			}
		})
	}
}

// TestChecksAreSpread: hundreds of sessions that began together are not checked together.
func TestChecksAreSpread(t *testing.T) {
	const sessions = 300
	w := newWorld(t, func(c *webtutor.Config) { c.Recheck = 40 * time.Second })
	w.portal.answer(anybody)
	leases := make([]*auth.Lease, sessions)
	for i := range leases {
		leases[i] = w.enter(fmt.Sprint(i+1), fmt.Sprint(i+1)).Lease
	}
	w.run()
	w.clock.move(19 * time.Second) // before half of the interval nothing is due
	quarters := [4]int64{}
	before := w.portal.asked.Load()
	for i := range quarters {
		w.clock.move(5*time.Second + time.Second/4)
		w.eventually("what is due is checked", func() bool { return w.Due() == 0 })
		n := w.portal.asked.Load()
		quarters[i], before = n-before, n
	}
	if n := quarters[0] + quarters[1] + quarters[2] + quarters[3]; n < sessions {
		t.Errorf("%d checks of %d sessions within an interval", n, sessions)
	}
	for _, n := range quarters {
		if n < sessions/10 || n > sessions/2 {
			t.Errorf("checks in the quarters of the time: %v", quarters)
			break
		}
	}
	runtime.KeepAlive(leases)
}

// anybody answers with the value of the cookie as the id.
func anybody(rw http.ResponseWriter, r *http.Request) {
	c, _ := r.Cookie("SessionID")
	_, _ = fmt.Fprintf(rw, `{"id":%s}`, c.Value)
}

// TestFewChecksAtOnce: however many sessions are due, WebTutor gets a few requests at a time.
func TestFewChecksAtOnce(t *testing.T) {
	const sessions = 100
	w := newWorld(t, nil)
	w.portal.answer(anybody)
	leases := make([]*auth.Lease, sessions)
	for i := range leases {
		leases[i] = w.enter(fmt.Sprint(i+1), fmt.Sprint(i+1)).Lease
	}
	var under, most atomic.Int64
	next := make(chan struct{})
	w.portal.answer(func(rw http.ResponseWriter, r *http.Request) {
		n := under.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-next
		under.Add(-1)
		anybody(rw, r)
	})
	w.run()
	w.clock.move(time.Minute)
	w.eventually("as many as may be", func() bool { return under.Load() >= webtutor.MaxRechecks })
	for range sessions {
		next <- struct{}{}
	}
	w.eventually("all are checked", func() bool { return w.Due() == 0 })
	if n := most.Load(); n != webtutor.MaxRechecks {
		t.Errorf("%d checks at the same time, want %d", n, webtutor.MaxRechecks)
	}
	for _, l := range leases {
		w.holds(l)
	}
}

// TestNothingSecretIsLogged: whatever goes wrong, the log shows no cookie, no secret and no answer.
func TestNothingSecretIsLogged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "header")
	if err := os.WriteFile(file, []byte("X-Tutorsocket-Secret=topsecret0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *webtutor.Config) {
		c.Header = file
		c.URL += "?key=topsecret1"
		c.Timeout = time.Second
	})
	for _, answer := range []func(http.ResponseWriter, *http.Request){
		func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"id":"topsecret2`)) },
		func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"id":1,"name":["topsecret3"]}`))
		},
		func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/topsecret4", http.StatusFound) },
		func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(503)
			_, _ = rw.Write([]byte("topsecret5"))
		},
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		raw("topsecret8 is no status line\r\n\r\n"),
		raw("HTTP/1.1 200 OK\r\ntopsecret9 is no header\r\n\r\n"),
		raw("HTTP/1.1 2topsecret OK\r\n\r\n"),
		raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: topsecret10\r\n\r\n"),
		raw("HTTP/1.1 200 OK\r\nContent-Length: topsecret11\r\n\r\n"),
	} {
		w.portal.answer(answer)
		w.refused(handshake("SessionID=topsecret6"), auth.ErrUnavailable)
		w.clock.move(2 * time.Minute)
	}
	if got := w.portal.header().Get("X-Tutorsocket-Secret"); got != "topsecret0" {
		t.Errorf("the page got the secret %q", got)
	}
	w.portal.Close()
	w.refused(handshake("SessionID=topsecret7"), auth.ErrUnavailable)
	logged := w.lines.String()
	if n := strings.Count(logged, "cannot be checked"); n != 11 {
		t.Errorf("%d failures of 11 are logged", n)
	}
	if strings.Contains(logged, "topsecret") {
		t.Errorf("the log shows what is secret:\n%s", logged)
	}
}

// raw answers with bytes that need not be HTTP, and hangs up.
func raw(text string) func(http.ResponseWriter, *http.Request) {
	return func(rw http.ResponseWriter, _ *http.Request) {
		if nc, _, err := http.NewResponseController(rw).Hijack(); err == nil {
			_, _ = io.WriteString(nc, text)
			_ = nc.Close()
		}
	}
}

func TestCertificates(t *testing.T) {
	p := &portal{sessions: map[string]string{"a": anna}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = log.New(io.Discard, "", 0) // that a handshake fails is meant
	p.StartTLS()
	defer p.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pemOf(p.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		ca   string
		want error
	}{"trusted": {ca, nil}, "not trusted": {"", auth.ErrUnavailable}} {
		t.Run(name, func(t *testing.T) {
			m, err := webtutor.New(webtutor.Config{URL: p.URL, Cookies: []string{"SessionID"}, Timeout: patience, Recheck: time.Minute, CA: c.ca})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if _, err := m.Authenticate(handshake("SessionID=a")); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestClose: who waits when the server stops is refused, and a check that was under way ends nobody's lease.
func TestClose(t *testing.T) {
	w := newWorld(t, func(c *webtutor.Config) { c.Grace = 0 })
	a := w.enter("a", "7177256154427237596")
	w.portal.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w.run()
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := w.Authenticate(handshake("SessionID=b")); !errors.Is(err, auth.ErrUnavailable) {
			t.Errorf("who waits gets %v", err)
		}
	})
	w.clock.move(time.Minute)
	w.eventually("a handshake and a check are under way", func() bool { return w.portal.asked.Load() == 3 })
	w.Close()
	all.Wait()
	w.eventually("the check has ended", func() bool { return w.Due() == 0 })
	w.refused(handshake("SessionID=c"), auth.ErrUnavailable)
	w.holds(a.Lease)
	if logged := w.lines.String(); logged != "" {
		t.Errorf("logged: %s", logged)
	}
}
