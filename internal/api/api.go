package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

// Base is the path everything here is under.
const Base = "/api/v1"

// openAPIPath is where the description of the API is.
const openAPIPath = Base + "/openapi.json"

// maxBody bounds request bodies, in bytes: a queue's worth of text, escaped.
const maxBody = 4 << 20

// Config holds what is not a dependency.
type Config struct {
	// Version of the program, for the OpenAPI document.
	Version string
	// Node is the name of this node.
	Node string
	// Heartbeat is the longest an event stream stays silent; 0 means 15 s.
	Heartbeat time.Duration
	// BodyTimeout is how long a client may take to send a body; 0 means 15 s.
	BodyTimeout time.Duration
}

func (c Config) withDefaults() Config {
	if c.Heartbeat <= 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.BodyTimeout <= 0 {
		c.BodyTimeout = 15 * time.Second
	}
	return c
}

// handler is the API: a router that the library fills, and in front of it what
// the library leaves open.
type handler struct {
	Deps
	cfg     Config
	mux     *http.ServeMux
	terms   map[string]terms // by pattern of the mux
	openAPI func() []byte
	answers answers
	boot    string // differs with each start, for the ids of events
}

// New returns the API. It expects whole paths, beginning with [Base].
func New(cfg Config, deps Deps) http.Handler {
	h := &handler{Deps: deps, cfg: cfg.withDefaults(), mux: http.NewServeMux(), answers: answers{now: time.Now}, boot: strings.ToLower(rand.Text()[:10])}
	router := humago.NewWithPrefix(h.mux, Base, settings(cfg.Version))
	h.registerSockets(router)
	h.registerMessages(router)
	h.registerScripts(router)
	h.registerSources(router)
	h.registerRuns(router)
	h.registerRunList(router)
	h.registerUserData(router)
	h.registerNodes(router)
	h.registerLogs(router)
	h.registerChecks(router)
	h.registerStats(router)
	h.registerEvents(router)
	h.registerTrace(router)
	h.registerTags(router)
	h.registerBatch(router)
	h.registerRefusals(router)
	h.registerUsers(router)
	h.registerKeys(router)
	completeOpenAPI(router.OpenAPI())
	h.terms = termsOf(router.OpenAPI())
	h.openAPI = sync.OnceValue(func() []byte { return encodeOpenAPI(router.OpenAPI()) })
	h.mux.HandleFunc("GET "+openAPIPath, h.serveOpenAPI)
	return counted(h.Metrics, h)
}

// settings of the library: plain JSON without added members, no pages of its own.
func settings(version string) huma.Config {
	cfg := huma.DefaultConfig("tutorsocket", version)
	cfg.Info.Description = aboutAPI
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Formats = map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()}
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil
	cfg.RejectUnknownQueryParameters = true
	cfg.Transformers = []huma.Transformer{shortenValues}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", Description: "The admin token, which a development server writes to admin.json in its data folder, or an API key with the scope of the operation; admin includes the others."},
	}
	return cfg
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if crossOrigin(w, r) {
		return
	}
	outer := r // what is around this handler looks for the route at the request that it has
	var grant keys.Grant
	if r.URL.Path != openAPIPath {
		var err error
		if grant, err = h.Auth.Authenticate(r); err != nil {
			h.unauthorized(w, r, err)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), grantKey{}, grant))
	}
	if p := misplacedKey(r); p != nil {
		writeProblem(w, p)
		return
	}
	_, pattern := h.mux.Handler(r)
	if pattern == "" || path.Clean(r.URL.EscapedPath()) != r.URL.EscapedPath() {
		h.unrouted(w, r)
		return
	}
	outer.Pattern = pattern
	terms := h.terms[pattern]
	nameOperation(w, terms.operation)
	if r.URL.Path != openAPIPath {
		if h.outOfScope(w, r, grant, terms.scope) {
			return
		}
		r = h.stillHolds(r, terms.scope)
	}
	if p := h.wrongRequest(w, r, terms); p != nil {
		writeProblem(w, p)
		return
	}
	if r.Method == http.MethodHead {
		w, r = headersOnly(w, r)
	}
	if r.Header[idempotencyHeader] != nil && takesKey(r) {
		h.serveOnce(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// wrongRequest says what is wrong with a request before its operation looks at it.
func (h *handler) wrongRequest(w http.ResponseWriter, r *http.Request, t terms) *huma.ErrorModel {
	p := wrongQuery(r)
	if p == nil {
		p = t.emptyValue(r)
	}
	if p == nil {
		p = t.wrongMedia(r)
	}
	if p == nil && t.body {
		p = readBody(w, r, t.limit, h.cfg.BodyTimeout)
	}
	return p
}

// misplacedKey recognises a key put into a path as it is, whose slashes make
// another path of it, and one that was percent-encoded twice.
func misplacedKey(r *http.Request) *huma.ErrorModel {
	if key, ok := strings.CutPrefix(r.URL.EscapedPath(), Base+"/user-data/"); ok && strings.Contains(key, "/") {
		return problem(http.StatusBadRequest, "A slash in the key of user data must be percent-encoded in a path: %s/user-data/%s", Base, shorten(strings.ReplaceAll(key, "/", "%2F")))
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), Base+"/sockets/")
	if !ok {
		return nil
	}
	if doubled, err := url.PathUnescape(rest); err == nil && strings.HasPrefix(strings.ToLower(doubled), "%2fservices") {
		return problem(http.StatusBadRequest, "The key of the socket is percent-encoded twice; once is meant: %s/sockets/%s", Base, shorten(doubled))
	}
	key, isKey := strings.CutPrefix("/"+strings.TrimLeft(rest, "/"), "/services/")
	if !isKey {
		return nil
	}
	return problem(http.StatusBadRequest, "The key of a socket must be percent-encoded in a path: %s/sockets/%%2Fservices%%2F%s", Base, shorten(key))
}

// unrouted answers what no route takes: OPTIONS with the methods there are, 405
// where another method would do, else 404.
func (h *handler) unrouted(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := h.mux.Handler(other); pattern != "" && path.Clean(r.URL.EscapedPath()) == r.URL.EscapedPath() {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		writeProblem(w, problem(http.StatusNotFound, "The API has no %s. %s describes what it has.", shorten(r.URL.Path), openAPIPath))
		return
	}
	w.Header().Set("Allow", strings.Join(append(allowed, http.MethodOptions), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	main := slices.DeleteFunc(allowed, func(method string) bool { return method == http.MethodHead })
	writeProblem(w, problem(http.StatusMethodNotAllowed, "%s takes %s, not %s.", shorten(r.URL.Path), strings.Join(main, ", "), shorten(r.Method)))
}

func (h *handler) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	for name := range r.URL.Query() {
		writeProblem(w, at(problem(http.StatusUnprocessableEntity, "validation failed"), place(name), "unknown query parameter", nil))
		return
	}
	w.Header().Set("Content-Type", openAPIType)
	_, _ = w.Write(h.openAPI()) // the client may be gone; there is nobody else to tell
}

// operation describes a route. Beside the errors named it has those of all routes:
// what cannot be read or is wrong, who may not ask, and what can be wrong with a body.
func (h *handler) operation(id, method, path, summary string, status int, errors ...int) huma.Operation {
	if method != http.MethodGet && method != http.MethodDelete {
		errors = append(errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, DefaultStatus: status,
		MaxBodyBytes: maxBody, BodyReadTimeout: h.cfg.BodyTimeout,
		Errors: append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity}, errors...),
	}
}
