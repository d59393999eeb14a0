package hostapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var httpGlobals = []basescript.Global{{Name: "HttpRequest", Func: &basescript.Func{
	Name: "HttpRequest", Min: 1, Call: httpRequest,
	Sig: "(url: string, method?: string, body?: string, headers?: string): HttpResponse",
	Doc: "Sends a request to a host that http_request.allow lists. A status other than 200 is an error unless the headers have the line Ignore-Errors: 1; every header line, the last too, ends in a line break.",
}}}

// httpRequest is spec/basescript.md 3.7.
func httpRequest(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	o, ignoreErrors, err := builtinRequest(args)
	if err != nil {
		return basescript.Undefined, scriptError(err)
	}
	a, err := o.send(r)
	if err != nil {
		return basescript.Undefined, scriptError(err)
	}
	// Even 201 and 204 are errors (spec/basescript.md 3.7).
	if a.code != http.StatusOK && !ignoreErrors {
		return basescript.Undefined, basescript.Errorf("HTTP %s", a.status)
	}
	return newHTTPResponse(r, a)
}

// builtinRequest reads the arguments of HttpRequest; headers hold options as well.
func builtinRequest(args []basescript.Value) (o *outgoing, ignoreErrors bool, err error) {
	o = &outgoing{url: args[0].Text(), body: textOr(arg(args, 2)), header: http.Header{}, redirects: maxRedirects}
	if o.method, err = methodArg(arg(args, 1)); err != nil {
		return nil, false, err
	}
	lines, err := parseHeaders(textOr(arg(args, 3)))
	if err != nil {
		return nil, false, err
	}
	var login, password string
	for _, line := range lines {
		name, value := line[0], line[1]
		switch strings.ToLower(name) {
		case "ignore-errors":
			ignoreErrors = isTrue(basescript.String(value))
		case "auto-redirect":
			if o.redirects = 0; isTrue(basescript.String(value)) {
				o.redirects = maxRedirects
			}
		case "authlogin":
			login = value
		case "authpassword":
			password = value
		case "ask-auth", "ignorestoredcookies": // there is nobody to ask, and no cookie is stored
		default:
			if err := addHeader(o.header, name, value); err != nil {
				return nil, false, err
			}
		}
	}
	if login != "" || password != "" {
		basic := http.Request{Header: o.header}
		basic.SetBasicAuth(login, password)
	}
	if o.body != "" && o.header.Get("Content-Type") == "" {
		o.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return o, ignoreErrors, nil
}

// scriptError is an error in the form of the others: it begins with a capital letter.
func scriptError(err error) error {
	if err == nil || isScriptError(err) {
		return err
	}
	text := err.Error()
	return basescript.NewError(strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):])
}

// httpResponse is an answer as scripts have it.
type httpResponse struct {
	*answer
	bodyText basescript.Value
	headers  basescript.Value // made when asked for
	disposed bool
}

// newResponse takes the answer over; its memory counts as long as the script has it.
func newResponse(r *basescript.Run, a *answer) (*httpResponse, error) {
	size := headerBytes(a.header)
	if err := r.Alloc(size + len(a.body)); err != nil {
		return nil, err
	}
	resp := &httpResponse{answer: a, bodyText: basescript.String(string(a.body))}
	a.body = nil
	return resp, nil
}

func newHTTPResponse(r *basescript.Run, a *answer) (basescript.Value, error) {
	resp, err := newResponse(r, a)
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.NewHost(httpResponseClass, resp), nil
}

func headerBytes(header http.Header) int {
	size := 512
	for name, values := range header {
		size += 64 + len(name)
		for _, v := range values {
			size += 32 + len(v)
		}
	}
	return size
}

// Held implements [basescript.Holder].
func (h *httpResponse) Held(visit func(basescript.Value)) int64 {
	visit(h.bodyText)
	visit(h.headers)
	return int64(headerBytes(h.header))
}

// headerObject is the headers as an object; the values of a repeated one are joined with commas.
func (h *httpResponse) headerObject() basescript.Value {
	return once(&h.headers, func() basescript.Value {
		o := newObject()
		for _, name := range slices.Sorted(maps.Keys(h.header)) {
			o.Set(name, basescript.String(strings.Join(h.header[name], ", ")))
		}
		return basescript.ObjectValue(o)
	})
}

var httpResponseClass = &basescript.Class{Name: "HttpResponse", Props: []basescript.Prop{
	responseProp("RespCode", "number", "The status of the answer, such as 200.",
		func(h *httpResponse) basescript.Value { return basescript.Int(int64(h.code)) }),
	responseProp("Body", "string", "The body of the answer, its bytes as they came.",
		func(h *httpResponse) basescript.Value { return h.bodyText }),
	responseProp("BinaryBody", "string", "The body of the answer, as Body.",
		func(h *httpResponse) basescript.Value { return h.bodyText }),
	responseProp("ContentType", "string", "The header Content-Type of the answer.",
		func(h *httpResponse) basescript.Value { return basescript.String(h.header.Get("Content-Type")) }),
	responseProp("Header", "JsObject", "The headers of the answer, by name.", (*httpResponse).headerObject),
	responseProp("Url", "string", "The address the answer came from, after all redirects.",
		func(h *httpResponse) basescript.Value { return basescript.String(h.url) }),
}, Methods: []basescript.Method{{
	Name: "SaveToFile", Min: 1,
	Call: func(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
		h, _ := basescript.Self[*httpResponse](self)
		return basescript.Undefined, writeFile(r, args[0].Text(), h.bodyText.Str())
	},
	Sig: "(url: string): void",
	Doc: "Writes the body to a file.",
}}}

func responseProp(name, sig, doc string, get func(*httpResponse) basescript.Value) basescript.Prop {
	return basescript.Prop{Name: name, Sig: sig, Doc: doc, Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
		h, _ := basescript.Self[*httpResponse](self)
		if h.disposed {
			return basescript.Undefined, basescript.NewError("The response is disposed")
		}
		return get(h), nil
	}}
}

// loadURL returns what is at an address of the web; its errors are those of HttpRequest.
func loadURL(r *basescript.Run, url string) ([]byte, error) {
	o := &outgoing{method: http.MethodGet, url: url, header: http.Header{}, redirects: maxRedirects}
	a, err := o.send(r)
	if err != nil {
		return nil, scriptError(err)
	}
	if a.code != http.StatusOK {
		return nil, basescript.Errorf("HTTP %s", a.status)
	}
	return a.body, nil
}

// urlAnswers reports whether a server has something at an address.
func urlAnswers(r *basescript.Run, url string) (bool, error) {
	o := &outgoing{method: http.MethodHead, url: url, header: http.Header{}, redirects: maxRedirects}
	a, err := o.send(r)
	if err != nil {
		return false, scriptError(err)
	}
	return a.code == http.StatusOK, nil
}

func isWebURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isContentHeader tells the headers of an answer that .NET keeps with the body, not with the answer.
func isContentHeader(name string) bool {
	return strings.HasPrefix(name, "Content-") || name == "Allow" || name == "Expires" || name == "Last-Modified"
}
