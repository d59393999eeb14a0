package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// clientPolicy lets the test client load its own files and nothing else. Sockets may go
// anywhere, because the test client is also pointed at other servers.
const clientPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types svelte-trusted-html"

// referencePolicy is that of the reference page: it talks to this server alone. The library
// that draws it has icons as data: in its style sheet, and writes markup as plain text.
const referencePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// contentTypes names the kinds of files a build yields. The table of the operating system
// is not asked: it differs between machines.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".md":   "text/markdown; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is one built file, ready to be served.
type asset struct {
	body         []byte
	compressed   bool // whether body is the file in gzip
	contentType  string
	cacheControl string
}

// handler serves the assets; the map is complete before it is shared and never changes.
type handler struct {
	assets map[string]asset // by URL path
}

// Handler serves the built pages under their own paths, such as /client/. It answers GET
// and HEAD; other methods get 405 and unknown paths 404. It may be called more than once
// and the result may be used by any number of requests at a time.
func Handler() http.Handler {
	h := &handler{assets: make(map[string]asset)}
	err := fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		h.add(strings.TrimPrefix(name, "dist"), body)
		return nil
	})
	if err != nil {
		panic("web: embedded files cannot be read: " + err.Error()) // they are part of the binary
	}
	return h
}

// add registers a file under its path, and a page also under its folder. A file that the
// build has compressed goes under the name it had.
func (h *handler) add(urlPath string, body []byte) {
	urlPath, compressed := strings.CutSuffix(urlPath, ".gz")
	a := asset{body: body, compressed: compressed, contentType: contentTypes[path.Ext(urlPath)], cacheControl: "no-cache"}
	if path.Base(path.Dir(urlPath)) == "assets" {
		// The name holds a hash of the content, so the content of this name never changes.
		a.cacheControl = "public, max-age=31536000, immutable"
	}
	h.assets[urlPath] = a
	if folder, ok := strings.CutSuffix(urlPath, "index.html"); ok {
		h.assets[folder] = a
	}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policyOf(r.URL.Path))
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if _, page := h.assets[r.URL.Path+"/"]; page {
		http.Redirect(w, r, path.Base(r.URL.Path)+"/", http.StatusPermanentRedirect)
		return
	}
	a, ok := h.assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", a.cacheControl)
	if a.compressed {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header) {
			header.Set("Content-Encoding", "gzip")
		} else {
			a.body = decompress(a.body)
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

func policyOf(urlPath string) string {
	if urlPath == "/api" || strings.HasPrefix(urlPath, "/api/") {
		return referencePolicy
	}
	return clientPolicy
}

// acceptsGzip says whether a client takes answers in gzip, as browsers do.
func acceptsGzip(header http.Header) bool {
	for _, list := range header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(list, ",") {
			name, weight, weighed := strings.Cut(part, ";")
			if strings.TrimSpace(name) != "gzip" {
				continue
			}
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return !weighed || err == nil && q > 0
		}
	}
	return false
}

// decompress returns a file as it was before the build compressed it.
func decompress(body []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(r)
	}
	if err != nil {
		panic("web: an embedded file cannot be decompressed: " + err.Error()) // it is part of the binary
	}
	return body
}
