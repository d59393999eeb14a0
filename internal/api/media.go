package api

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/keys"
)

const badMediaType = "The body must be JSON. Send it with the header Content-Type: application/json."

// terms are what must be right of a request before its operation is begun, as far
// as the library does not look at it.
type terms struct {
	operation string // its id
	scope     keys.Scope
	body      bool
	limit     int64    // of the body, in bytes
	answers   []string // types of successes; empty if they have no body
	values    []string // parameters of the query that must have a value, since an empty text is none of theirs
}

// termsOf collects them by the pattern of the route.
func termsOf(doc *huma.OpenAPI) map[string]terms {
	all := map[string]terms{}
	for op := range operations(doc) {
		m := terms{operation: op.OperationID, scope: scopeOf(op.OperationID), body: op.RequestBody != nil, limit: op.MaxBodyBytes}
		if m.limit <= 0 {
			m.limit = maxBody
		}
		for _, p := range op.Parameters {
			if p.In == "query" && p.Schema.Type != huma.TypeString && p.Schema.Type != huma.TypeArray {
				m.values = append(m.values, p.Name)
			}
		}
		for code, r := range op.Responses {
			if code[0] != '2' {
				continue
			}
			for kind := range r.Content {
				m.answers = append(m.answers, kind)
			}
		}
		slices.Sort(m.answers)
		all[op.Method+" "+Base+op.Path] = m
	}
	return all
}

// wrongMedia says what of the headers that speak of types cannot be met. The
// library would take any Accept, and read a compressed body as it is.
func (m terms) wrongMedia(r *http.Request) *huma.ErrorModel {
	if accept := acceptOf(r); accept != "" && len(m.answers) > 0 && !slices.ContainsFunc(m.answers, func(kind string) bool { return accepts(accept, kind) }) {
		return at(problem(http.StatusNotAcceptable, "%s %s answers with %s, which Accept leaves out.", r.Method, shorten(r.URL.Path), strings.Join(m.answers, " or ")),
			"header.Accept", "must allow "+strings.Join(m.answers, " or "), shorten(accept))
	}
	if !m.body {
		return nil
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return at(problem(http.StatusUnsupportedMediaType, "A compressed body is not taken. Send it without Content-Encoding."), "header.Content-Encoding", "must be absent", shorten(encoding))
	}
	content := r.Header.Get("Content-Type")
	if content == "" {
		return nil
	}
	_, params, err := mime.ParseMediaType(content)
	if err != nil {
		return at(problem(http.StatusUnsupportedMediaType, badMediaType), "header.Content-Type", "cannot be read", shorten(content))
	}
	if charset := params["charset"]; !slices.Contains([]string{"", "utf-8", "utf8", "us-ascii"}, strings.ToLower(charset)) {
		return at(problem(http.StatusUnsupportedMediaType, "The body must be in UTF-8."), "header.Content-Type", "must not have another charset than UTF-8", shorten(content))
	}
	return nil
}

// emptyValue says which parameter of the query has no value: the library would take
// it for one that is not there.
func (m terms) emptyValue(r *http.Request) *huma.ErrorModel {
	query := r.URL.Query()
	for _, name := range m.values {
		if query.Has(name) && query.Get(name) == "" {
			return at(problem(http.StatusUnprocessableEntity, "The parameter %q has no value. Leave it out or give it one.", name), place(name), "must have a value", "")
		}
	}
	return nil
}

// accepts says whether a list of media ranges (RFC 9110, 12.5.1) includes a type:
// the most exact range that covers it counts, and must not have the weight 0.
// Errors have a type of their own, and come whatever Accept says.
func accepts(accept, kind string) bool {
	_, weight := preference(accept, kind)
	return weight > 0
}

// acceptOf is what a request says of the types it wants, in all its headers.
func acceptOf(r *http.Request) string { return strings.Join(r.Header.Values("Accept"), ",") }

// preferred returns the type that a list of media ranges wants most: of those with
// the same weight one that it names, of these the first. Without a list it is the
// first of all.
func preferred(accept string, kinds ...string) string {
	best, exact, weight := kinds[0], 0, 0.0
	for _, kind := range kinds {
		if e, w := preference(accept, kind); w > weight || w == weight && w > 0 && e > exact {
			best, exact, weight = kind, e, w
		}
	}
	return best
}

// preference is how exactly a list of media ranges covers a type, from 0 (not at all)
// to 3 (by its name), and with what weight; 0 means that it is not wanted.
func preference(accept, kind string) (exact int, weight float64) {
	family, _, _ := strings.Cut(kind, "/")
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		covers := 0
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case kind:
			covers = 3
		case family + "/*":
			covers = 2
		case "*/*", "*":
			covers = 1
		}
		if covers > exact || covers == exact && covers > 0 && weight == 0 {
			exact, weight = covers, weightOf(params)
		}
	}
	return exact, weight
}

// weightOf reads the parameter q; 1 without one, and if it is none.
func weightOf(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		if weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
			return weight
		}
	}
	return 1
}
