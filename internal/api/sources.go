package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ScriptKind is a kind of scripts with sources and versions.
type ScriptKind string

// The kinds.
const (
	KindService ScriptKind = "service"
	KindLibrary ScriptKind = "library"
	KindAgent   ScriptKind = "agent"
)

// collection is the first part of the paths of a kind.
func (k ScriptKind) collection() string {
	if k == KindLibrary {
		return "libraries"
	}
	return string(k) + "s"
}

// one is the kind in a sentence.
func (k ScriptKind) one() string {
	if k == KindAgent {
		return "an agent"
	}
	return "a " + string(k)
}

// SourceInfo is what is known of the text of a script.
type SourceInfo struct {
	Name    string     `json:"name" doc:"Name of the script; the code of a library."`
	Kind    ScriptKind `json:"kind" enum:"service,library,agent" doc:"What the script is."`
	URL     string     `json:"url" doc:"Where errors and logs place it: x-local://…"`
	ETag    string     `json:"etag" doc:"Names the text; If-Match of a write takes it."`
	Version int        `json:"version,omitempty" doc:"Number of the version with this text in the history."`
	Problem string     `json:"problem,omitempty" doc:"Why this text is not in force. The last good version, if there is one, keeps running."`
}

// Source is the text of a script as its file has it now.
type Source struct {
	SourceInfo
	Source string `json:"source" doc:"The text of the script."`
}

// NewSource is a text to write.
type NewSource struct {
	Source string `json:"source" doc:"The text of the script."`
	Note   string `json:"note,omitempty" maxLength:"200" doc:"Why it is changed, for the history."`
}

// Version is a text of a script that was in force.
type Version struct {
	N       int       `json:"n" doc:"Its number, from 1."`
	At      time.Time `json:"at" doc:"When it came into force."`
	By      string    `json:"by" doc:"Who brought it: file (a change in the app folder), start (it was there when the server started), or who used the API."`
	Note    string    `json:"note" doc:"Why it was changed, as far as somebody said."`
	Bytes   int       `json:"bytes" doc:"Length of the text."`
	ETag    string    `json:"etag" doc:"Names the text; If-Match of a write takes it."`
	Current bool      `json:"current" doc:"Whether it is in force."`
}

// VersionSource is a version with its text.
type VersionSource struct {
	Version
	Source string `json:"source" doc:"The text of the script in this version."`
}

// Errors a [Sources] returns; they may be wrapped.
var (
	// ErrNoScript says that the app has no such script: 404.
	ErrNoScript = errors.New("no such script")
	// ErrNoVersion says that the history has no such version: 404.
	ErrNoVersion = errors.New("no such version")
	// ErrNoAppFolder says that the embedded sample app is served, which cannot be changed: 409.
	ErrNoAppFolder = errors.New("no app folder")
	// ErrBadScriptName says that a script cannot have this name: 422.
	ErrBadScriptName = errors.New("not a name for a script")
	// ErrSourceTooLarge says that a script may not be so large: 413.
	ErrSourceTooLarge = errors.New("the script is too large")
	// ErrFile says that the file cannot be read or written: 409.
	ErrFile = errors.New("the file cannot be read or written")
)

// CompileError is the error of a [Sources] for a text that does not compile: 422.
type CompileError struct {
	URL     string `json:"url"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Caret   string `json:"caret,omitempty"`
	Message string `json:"-"`
}

func (e *CompileError) Error() string { return e.Message }

// SourceWrite is a text that somebody wants to be in force.
type SourceWrite struct {
	Kind ScriptKind
	Name string
	By   string
	NewSource
	// Allow decides whether the present text may be replaced; nothing comes between it and the change.
	Allow func(etag string, exists bool) error
}

// Sources are the texts of scripts and their history.
type Sources interface {
	// Libraries are the code libraries of the app, ordered by name.
	Libraries() []Script
	// Source returns the text of a script as it is now.
	Source(ctx context.Context, kind ScriptKind, name string) (Source, error)
	// Write returns when the text is in force and in the history, with the version it is there. Not being
	// able to note it is no error: then the version is zero.
	Write(ctx context.Context, w SourceWrite) (info SourceInfo, v Version, created bool, err error)
	// Versions returns the history of a script, the newest first. One that is gone may have a history.
	Versions(ctx context.Context, kind ScriptKind, name string) ([]Version, error)
	// Version returns one version.
	Version(ctx context.Context, kind ScriptKind, name string, n int) (VersionSource, error)
	// Diff returns the unified diff from one version to another.
	Diff(from, to VersionSource) string
}

type scriptSource struct {
	Name        string `path:"name" doc:"Name of the script; the code of a library."`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag: the answer is 304 without a body if the text is still that one."`
}

type sourceWrite struct {
	Name        string `path:"name" doc:"Name of the script; the code of a library."`
	IfMatch     string `header:"If-Match" doc:"The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced, or a new one made."`
	IfNoneMatch string `header:"If-None-Match" doc:"* writes only where there is no such script yet; where there is one that gives 412."`
	ContentType string `header:"Content-Type" hidden:"true" doc:"application/json, or text/plain, text/javascript or application/javascript for the text itself."`
	RawBody     []byte
}

type sourceWritten struct {
	Status int
	ETag   string `header:"ETag" doc:"Names the text; If-Match of a write takes it."`
	Body   SourceInfo
}

type versionList struct {
	Name string `path:"name" doc:"Name of the script; the code of a library."`
	PageQuery
}

type versionNumber struct {
	Name string `path:"name" doc:"Name of the script; the code of a library."`
	N    int    `path:"n" minimum:"1" maximum:"1000000000" doc:"Number of the version."`
}

type versionDiff struct {
	Name string `path:"name" doc:"Name of the script; the code of a library."`
	N    int    `path:"n" minimum:"1" maximum:"1000000000" doc:"Number of the version."`
	To   int    `query:"to" minimum:"1" maximum:"1000000000" doc:"Number of the version to compare with; the newest one without it."`
}

type versionRestore struct {
	Name    string `path:"name" doc:"Name of the script; the code of a library."`
	N       int    `path:"n" minimum:"1" maximum:"1000000000" doc:"Number of the version."`
	IfMatch string `header:"If-Match" doc:"The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced."`
}

type versionRestored struct {
	ETag string `header:"ETag" doc:"Names the text; If-Match of a write takes it."`
	Body Version
}

// registerSources adds the routes of the texts of scripts and their versions.
func (h *handler) registerSources(router huma.API) {
	huma.Register(router, telling[List[Script]](router, h.operation("list-libraries", http.MethodGet, "/libraries", "Code libraries of the app, ordered by name", http.StatusOK)),
		func(_ context.Context, in *PageQuery) (*told, error) {
			return pageOfScripts("libraries", h.Sources.Libraries(), *in)
		})
	for _, kind := range []ScriptKind{KindService, KindLibrary, KindAgent} {
		h.registerSourcesOf(router, kind)
	}
}

func (h *handler) registerSourcesOf(router huma.API, kind ScriptKind) {
	schemas, path := router.OpenAPI().Components.Schemas, "/"+kind.collection()+"/{name}"
	op := func(verb, method, rest, summary string, errors ...int) huma.Operation {
		return h.operation(fmt.Sprintf(verb, kind), method, path+rest, fmt.Sprintf(summary, kind.one()), http.StatusOK, errors...)
	}
	read := op("get-%s-source", http.MethodGet, "/source", "Text of %s", http.StatusNotFound, http.StatusConflict)
	read.Responses = map[string]*huma.Response{"200": sourceAnswer(schemas), "304": {Description: "The text is still the one named.", Headers: sourceTag()}}
	huma.Register(router, read, func(ctx context.Context, in *scriptSource) (*streamAnswer, error) { return h.getSource(ctx, kind, in) })

	write := op("put-%s-source", http.MethodPut, "/source", "Replace the text of %s, or make a new one", http.StatusConflict,
		http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	write.Responses = map[string]*huma.Response{"201": {
		Description: "The script is new and in force.",
		Headers:     sourceTag(),
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schemaOf[SourceInfo](schemas)}},
	}}
	huma.Register(router, write, func(ctx context.Context, in *sourceWrite) (*sourceWritten, error) { return h.putSource(ctx, kind, in) })
	// Said afterwards, or the library would read the body as JSON whatever it is.
	router.OpenAPI().Paths[path+"/source"].Put.RequestBody.Content = sourceBody(schemas)

	huma.Register(router, op("list-%s-versions", http.MethodGet, "/versions", "Versions of %s, the newest version first", http.StatusNotFound),
		func(ctx context.Context, in *versionList) (*answer[List[Version]], error) {
			return h.listVersions(ctx, kind, in)
		})
	huma.Register(router, op("get-%s-version", http.MethodGet, "/versions/{n}", "One version of %s with its text", http.StatusNotFound),
		func(ctx context.Context, in *versionNumber) (*answer[VersionSource], error) {
			v, err := h.Sources.Version(ctx, kind, in.Name, in.N)
			if err != nil {
				return nil, sourceProblem(err, kind, in.Name)
			}
			return &answer[VersionSource]{v}, nil
		})
	compare := op("diff-%s-versions", http.MethodGet, "/versions/{n}/diff", "Unified diff from one version of %s to another", http.StatusNotFound)
	compare.Responses = map[string]*huma.Response{"200": {
		Content: map[string]*huma.MediaType{diffType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	huma.Register(router, compare, func(ctx context.Context, in *versionDiff) (*streamAnswer, error) {
		return h.diffVersions(ctx, kind, in)
	})
	huma.Register(router, op("restore-%s-version", http.MethodPost, "/versions/{n}/restore", "Make an earlier text of %s the present one", http.StatusNotFound,
		http.StatusConflict, http.StatusPreconditionFailed),
		func(ctx context.Context, in *versionRestore) (*versionRestored, error) {
			return h.restoreVersion(ctx, kind, in)
		})
}

// Media types of texts.
const (
	textType       = "text/plain"
	scriptType     = "text/javascript"
	scriptTypeAlso = "application/javascript"
	diffType       = "text/x-diff"
	jsonType       = "application/json"
)

func (h *handler) getSource(ctx context.Context, kind ScriptKind, in *scriptSource) (*streamAnswer, error) {
	source, err := h.Sources.Source(ctx, kind, in.Name)
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	return raw(func(w http.ResponseWriter, r *http.Request) {
		as := preferred(acceptOf(r), jsonType, textType, scriptType, scriptTypeAlso)
		w.Header().Set("ETag", source.ETag)
		w.Header().Add("Vary", "Accept")
		if in.IfNoneMatch != "" && names(in.IfNoneMatch, source.ETag, true) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if as != jsonType {
			w.Header().Set("Content-Type", as+"; charset=utf-8")
			_, _ = io.WriteString(w, source.Source) // the client may be gone; there is nobody else to tell
			return
		}
		w.Header().Set("Content-Type", jsonType)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(source) // as above
	}), nil
}

// names reports whether a list of entity tags, or "*", names the tag. Weak tags name something only
// where that is enough.
func names(list, tag string, weak bool) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}

func (h *handler) putSource(ctx context.Context, kind ScriptKind, in *sourceWrite) (*sourceWritten, error) {
	text, where, err := readSource(in)
	if err != nil {
		return nil, err
	}
	w := SourceWrite{Kind: kind, Name: in.Name, By: callerOf(ctx), NewSource: text, Allow: allow(in.IfMatch, in.IfNoneMatch, h.sourcePath(kind, in.Name))}
	info, _, created, err := h.Sources.Write(ctx, w)
	if err != nil {
		return nil, at422(sourceProblem(err, kind, in.Name), where)
	}
	written := &sourceWritten{Status: http.StatusOK, ETag: info.ETag, Body: info}
	if created {
		written.Status = http.StatusCreated
	}
	return written, nil
}

func (h *handler) sourcePath(kind ScriptKind, name string) string {
	return Base + "/" + kind.collection() + "/" + shorten(name) + "/source"
}

// allow decides by the headers of a request whether the present text may be replaced.
func allow(ifMatch, ifNoneMatch, path string) func(etag string, exists bool) error {
	return func(etag string, exists bool) error {
		switch {
		case ifMatch != "" && !exists:
			return problem(http.StatusPreconditionFailed, "If-Match names a text to replace, and there is no such script. Leave the header out to make it.")
		case ifMatch != "" && !names(ifMatch, etag, false):
			return stale(etag, path, "The script was changed by somebody else: its ETag is %s now.", etag)
		case ifNoneMatch != "" && exists && names(ifNoneMatch, etag, true):
			return stale(etag, path, "If-None-Match forbids to replace the present text, whose ETag is %s.", etag)
		}
		return nil
	}
}

func stale(etag, path, format string, args ...any) error {
	p := problem(http.StatusPreconditionFailed, format+" Nothing was written. Read it (GET %s), put your change into that text, and write it with If-Match: %s.", append(args, path, etag)...)
	return huma.ErrorWithHeaders(p, http.Header{"Etag": {etag}})
}

// readSource reads the body of a write. where is the place of the text in it.
func readSource(in *sourceWrite) (text NewSource, where string, err error) {
	kind, _, err := mime.ParseMediaType(cmp.Or(in.ContentType, jsonType))
	switch {
	case err != nil:
		return text, "", unknownBody(in.ContentType)
	case kind == jsonType:
		err := readJSON(in.RawBody, &text)
		return text, "body.source", err
	case kind != textType && kind != scriptType && kind != scriptTypeAlso:
		return text, "", unknownBody(in.ContentType)
	}
	if i := invalidUTF8(in.RawBody); i >= 0 {
		return text, "", at(problem(http.StatusBadRequest, "The body is not UTF-8."), "body", position(in.RawBody, i)+": not UTF-8", nil)
	}
	text.Source = string(in.RawBody)
	return text, "body", nil
}

func unknownBody(contentType string) error {
	return problem(http.StatusUnsupportedMediaType, "The body must be JSON (Content-Type: %s) or the text itself (%s, %s or %s), not %s.",
		jsonType, scriptType, textType, scriptTypeAlso, shorten(contentType))
}

// readJSON reads a body as the library does where it reads it.
func readJSON(body []byte, text *NewSource) error {
	var value any
	if err := unmarshalStrictly(body, &value); err != nil {
		return at(problem(http.StatusBadRequest, "The body cannot be read as JSON. Send {\"source\": \"…\"}, or the text itself with Content-Type: %s.", scriptType), "body", err.Error(), nil)
	}
	result := &huma.ValidateResult{}
	place := huma.NewPathBuffer([]byte{}, 0)
	place.Push("body")
	huma.Validate(newSourceSchemas, newSourceSchema, place, huma.ModeWriteToServer, value, result)
	if len(result.Errors) == 0 {
		return json.Unmarshal(body, text)
	}
	p := problem(http.StatusUnprocessableEntity, "validation failed")
	for _, err := range result.Errors {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			p.Errors = append(p.Errors, detail)
		}
	}
	return p
}

// at422 says where in the body the text is that does not compile.
func at422(err error, where string) error {
	var p *huma.ErrorModel
	if errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity && len(p.Errors) == 1 && p.Errors[0].Location == "" {
		p.Errors[0].Location = where
	}
	return err
}

func (h *handler) listVersions(ctx context.Context, kind ScriptKind, in *versionList) (*answer[List[Version]], error) {
	all, err := h.Sources.Versions(ctx, kind, in.Name)
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	list := "versions/" + string(kind) + "/" + in.Name
	before, err := in.number(list)
	if err != nil {
		return nil, err
	}
	if before > 0 {
		all = slices.DeleteFunc(all, func(v Version) bool { return uint64(v.N) >= before })
	}
	next := ""
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = cursorOf(list, strconv.Itoa(all[in.Limit-1].N))
	}
	return &answer[List[Version]]{listOf(all, next, nil)}, nil
}

func (h *handler) diffVersions(ctx context.Context, kind ScriptKind, in *versionDiff) (*streamAnswer, error) {
	from, err := h.Sources.Version(ctx, kind, in.Name, in.N)
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	if in.To == 0 {
		all, err := h.Sources.Versions(ctx, kind, in.Name)
		if err != nil {
			return nil, sourceProblem(err, kind, in.Name)
		}
		in.To = all[0].N
	}
	to, err := h.Sources.Version(ctx, kind, in.Name, in.To)
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	text := h.Sources.Diff(from, to)
	return raw(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", diffType+"; charset=utf-8")
		_, _ = io.WriteString(w, text) // the client may be gone; there is nobody else to tell
	}), nil
}

func (h *handler) restoreVersion(ctx context.Context, kind ScriptKind, in *versionRestore) (*versionRestored, error) {
	old, err := h.Sources.Version(ctx, kind, in.Name, in.N)
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	info, v, _, err := h.Sources.Write(ctx, SourceWrite{
		Kind: kind, Name: in.Name, By: callerOf(ctx),
		NewSource: NewSource{Source: old.Source, Note: fmt.Sprintf("restored from %d", in.N)},
		Allow:     allow(in.IfMatch, "", h.sourcePath(kind, in.Name)),
	})
	if err != nil {
		return nil, sourceProblem(err, kind, in.Name)
	}
	return &versionRestored{ETag: info.ETag, Body: v}, nil
}

// sourceProblem translates errors about the text of a script.
func sourceProblem(err error, kind ScriptKind, name string) error {
	var wrong *CompileError
	switch {
	case errors.As(err, &wrong):
		p := problem(http.StatusUnprocessableEntity, "The script does not compile, nothing was written: %s", wrong.Message)
		if wrong.Line > 0 {
			p.Detail += fmt.Sprintf(" (line %d, column %d)", wrong.Line, wrong.Column)
		}
		return at(p, "", wrong.Message, wrong)
	case errors.Is(err, ErrNoScript):
		return problem(http.StatusNotFound, "The app has no %s %q. GET %s/%s lists them.", kind, shorten(name), Base, kind.collection())
	case errors.Is(err, ErrNoVersion):
		return problem(http.StatusNotFound, "The history of the %s %q has no such version. GET %s/%s/%s/versions lists them.", kind, shorten(name), Base, kind.collection(), shorten(name))
	case errors.Is(err, ErrNoAppFolder):
		return problem(http.StatusConflict, "The embedded sample app is served, which cannot be changed. Make an app folder with: tutorsocket init FOLDER, and serve it with: tutorsocket dev FOLDER")
	case errors.Is(err, ErrBadScriptName):
		return at(problem(http.StatusUnprocessableEntity, "A script cannot have this name."), "path.name", err.Error(), shorten(name))
	case errors.Is(err, ErrSourceTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "%v.", err)
	case errors.Is(err, ErrFile):
		return problem(http.StatusConflict, "%v.", err)
	}
	return err
}
