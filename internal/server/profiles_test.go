package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

func TestProfiles(t *testing.T) {
	s := servertest.Start(t)
	for _, name := range []string{"heap?gc=1", "heap", "goroutine", "allocs", "threadcreate", "profile?seconds=1", "block?seconds=1", "mutex?seconds=1"} {
		resp, body := s.Ask(t, "GET", "/debug/pprof/"+name, "")
		unpacked, err := gzip.NewReader(strings.NewReader(body))
		if err == nil {
			_, err = io.Copy(io.Discard, unpacked)
		}
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("%s: %d, %v", name, resp.StatusCode, err)
		}
	}
	if resp, body := s.Ask(t, "GET", "/debug/pprof/trace?seconds=1", ""); resp.StatusCode != 200 || !bytes.HasPrefix([]byte(body), []byte("go 1.")) {
		t.Errorf("trace: %d %.20q", resp.StatusCode, body)
	}
	for path, want := range map[string]string{
		"": "/debug/pprof/heap\n", "goroutine?debug=2": "goroutine ", "symbol?0x0": "num_symbols: 1\n",
	} {
		if resp, body := s.Ask(t, "GET", "/debug/pprof/"+path, ""); resp.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, resp.StatusCode, body)
		}
	}
}

func TestWrongProfiles(t *testing.T) {
	s := servertest.Start(t)
	for request, status := range map[string]int{
		"GET profile?seconds=0": 422, "GET profile?seconds=61": 422, "GET trace?seconds=x": 422, "GET heap?debug=3": 422,
		"GET cmdline": 404, "GET none": 404, "GET heap/x": 404, "POST heap": 405, "DELETE profile": 405,
	} {
		method, path, _ := strings.Cut(request, " ")
		resp, body := s.Ask(t, method, "/debug/pprof/"+path, "")
		if resp.StatusCode != status || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", request, resp.StatusCode, body)
		}
	}
	for _, path := range []string{"", "heap", "profile", "cmdline", "symbol"} {
		for _, authorization := range []string{"", "Bearer wrong", "Basic " + s.Token()} {
			resp, _ := s.Ask(t, "GET", "/debug/pprof/"+path, "", "Authorization", authorization)
			if resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") == "" || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s with %q: %d", path, authorization, resp.StatusCode)
			}
		}
	}
}

// TestOneRecordingAtATime, which ends when its client leaves, or with the server.
func TestOneRecordingAtATime(t *testing.T) {
	s := servertest.Start(t)
	record := func(ctx context.Context, name string) (ended <-chan struct{}) {
		req, err := http.NewRequestWithContext(ctx, "GET", s.URL()+"/debug/pprof/"+name+"?seconds=60", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Token())
		req.Close = true
		resp, err := http.DefaultTransport.RoundTrip(req) // the answer begins with the recording
		if err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}()
		return done
	}
	status := func() int {
		resp, _ := s.Ask(t, "GET", "/debug/pprof/block?seconds=1", "")
		return resp.StatusCode
	}
	ctx, leave := context.WithCancel(t.Context())
	done := record(ctx, "profile")
	if got := status(); got != 409 {
		t.Errorf("beside another: %d", got)
	}
	leave()
	<-done
	for deadline := time.Now().Add(servertest.Patience); status() != 200; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the recording goes on without its client")
		}
	}
	done = record(t.Context(), "trace")
	began := time.Now()
	s.Stop(t)
	<-done
	if took := time.Since(began); took > servertest.Patience/2 {
		t.Errorf("stopping took %v", took)
	}
}
