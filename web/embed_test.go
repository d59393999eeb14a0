package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, target string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
	return recorder.Result()
}

func body(t *testing.T, target string) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("GET %s: status %d", target, recorder.Code)
	}
	return recorder.Body.String()
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, method, path string
		status             int
		header             map[string]string
	}{
		{"page", "GET", "/client/", 200, map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}},
		{"page by file name", "GET", "/client/index.html", 200, map[string]string{"Cache-Control": "no-cache"}},
		{"page with a query", "GET", "/client/?x=1", 200, nil},
		{"head", "HEAD", "/client/", 200, nil},
		{"folder without slash", "GET", "/client", 308, map[string]string{"Location": "/client/"}},
		{"unknown file", "GET", "/client/assets/none.js", 404, nil},
		{"unknown page", "GET", "/client/none", 404, nil},
		{"folder of assets", "GET", "/client/assets/", 404, nil},
		{"root", "GET", "/", 404, nil},
		{"outside", "GET", "/client/../embed.go", 404, nil},
		{"reference", "GET", "/api/", 200, map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}},
		{"reference without slash", "GET", "/api", 308, map[string]string{"Location": "/api/"}},
		{"licences", "GET", "/api/licenses.md", 200, map[string]string{"Content-Type": "text/markdown; charset=utf-8"}},
		{"other method", "POST", "/client/", 405, map[string]string{"Allow": "GET, HEAD"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := get(t, test.method, test.path)
			if response.StatusCode != test.status {
				t.Errorf("status %d, want %d", response.StatusCode, test.status)
			}
			for name, want := range test.header {
				if got := response.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

// Whatever is answered, the browser is told to trust nothing but the page's own files.
func TestSecurityHeaders(t *testing.T) {
	for _, target := range []string{"/client/", "/client/none", "/api/", "/api", "/api/none"} {
		header := get(t, http.MethodGet, target).Header
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", target, got)
		}
		if got := header.Get("X-Frame-Options"); got != "DENY" {
			t.Errorf("%s: X-Frame-Options %q", target, got)
		}
	}
}

// The page names its files relatively, each of them exists and may be kept forever, and
// nothing in it needs what the policy forbids.
func TestPageLoadsItsOwnFilesOnly(t *testing.T) {
	for _, folder := range []string{"/client", "/api"} {
		t.Run(folder, func(t *testing.T) { pageLoadsItsOwnFilesOnly(t, folder) })
	}
}

func pageLoadsItsOwnFilesOnly(t *testing.T, folder string) {
	page := body(t, folder+"/")
	links := regexp.MustCompile(`<(?:script|link)[^>]*(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 3 {
		t.Fatalf("want a script, a style sheet and an icon, got %v", links)
	}
	for _, link := range links {
		if !strings.HasPrefix(link[1], "./assets/") {
			t.Errorf("%q is not one of the page's own files", link[1])
			continue
		}
		response := get(t, http.MethodGet, path.Join(folder, link[1]))
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", link[1], response.StatusCode)
		}
		if got := response.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", link[1], got)
		}
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style|\son\w+=|\sstyle=`).MatchString(page) {
		t.Errorf("inline script or style in the page:\n%s", page)
	}
}

// A kind of file without an entry in contentTypes would be served without a type.
func TestEveryFileHasAType(t *testing.T) {
	var size int64
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if contentTypes[path.Ext(strings.TrimSuffix(name, ".gz"))] == "" {
			t.Errorf("%s has no content type", name)
		}
		info, err := entry.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if limit := int64(700 << 10); size > limit {
		t.Errorf("dist has %d bytes; it was meant to stay below %d", size, limit)
	}
}

// A file the build compressed comes in gzip to those who take it, and whole to others.
func TestCompressedFiles(t *testing.T) {
	names := regexp.MustCompile(`/api/assets/swagger-ui-bundle-[^"]*\.js`)
	target := ""
	for name := range Handler().(*handler).assets {
		if names.MatchString(name) {
			target = name
		}
	}
	if target == "" {
		t.Fatal("the reference has no library")
	}
	var plain []byte
	for _, test := range []struct {
		accept string
		gzip   bool
	}{{"", false}, {"identity", false}, {"gzip;q=0", false}, {"deflate, br", false}, {"gzip, deflate, br", true}, {"br, gzip;q=0.5", true}} {
		request := httptest.NewRequest(http.MethodGet, target, nil)
		request.Header.Set("Accept-Encoding", test.accept)
		recorder := httptest.NewRecorder()
		Handler().ServeHTTP(recorder, request)
		header := recorder.Header()
		if recorder.Code != 200 || header.Get("Vary") != "Accept-Encoding" || header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%q: status %d, header %v", test.accept, recorder.Code, header)
		}
		if got := header.Get("Content-Encoding") == "gzip"; got != test.gzip {
			t.Errorf("%q: gzip is %v", test.accept, got)
		}
		text := recorder.Body.Bytes()
		if test.gzip {
			text = decompress(text)
		}
		if plain == nil {
			plain = text
		}
		if !bytes.Equal(text, plain) || !bytes.Contains(text, []byte("SwaggerUIBundle")) {
			t.Errorf("%q: another file", test.accept)
		}
	}
}
