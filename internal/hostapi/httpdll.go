package hostapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// The .NET form of requests (spec/basescript.md 3.7): an object with Open, a handler that says how,
// an answer that is let go with Dispose. Errors of the transport are no exceptions there but a null
// answer, and two properties that say what went wrong.
const (
	requestAssembly = "HttpRequest"
	requestDLL      = "Websoft.HttpRequest.dll"
)

// RequestClass is the class in Websoft.HttpRequest.dll of which scripts make objects.
const RequestClass = "Websoft.HttpRequest.HttpRequest"

// httpAssemblyClass is the assembly in Websoft.HttpRequest.dll.
var httpAssemblyClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{{
	Name: "CreateClassObject", Min: 1,
	Call: func(_ *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
		if name := args[0].Text(); name != RequestClass {
			return basescript.Undefined, basescript.Errorf("Unknown class: %s (there is %s)", name, RequestClass)
		}
		return newDotNetRequest(), nil
	},
	Sig: "(className: 'Websoft.HttpRequest.HttpRequest'): DotNetHttpRequest",
	Doc: "Makes an object that sends requests.",
}}}

// dotNetRequest is Websoft.HttpRequest.HttpRequest.
type dotNetRequest struct{ failure string }

func newDotNetRequest() basescript.Value {
	return basescript.NewHost(dotNetRequestClass, &dotNetRequest{})
}

var dotNetRequestClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	{
		Name: "Error",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			q, _ := basescript.Self[*dotNetRequest](self)
			if q.failure != "" {
				return basescript.Int(1), nil
			}
			return basescript.Int(0), nil
		},
		Sig: "number", Doc: "1 if the last request found no server or no answer, else 0.",
	},
	{
		Name: "ErrorMessage",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			q, _ := basescript.Self[*dotNetRequest](self)
			return basescript.String(q.failure), nil
		},
		Sig: "string", Doc: "Why the last request found no server or no answer.",
	},
}, Methods: []basescript.Method{
	{
		Name: "CreateNewHttpClientHandler",
		Call: func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
			return newHandler()
		},
		Sig: "(ignoreServerCertificate?: boolean): HttpClientHandler",
		Doc: "Makes the settings of a series of requests. The certificate of a server is always checked, whatever the argument says.",
	},
	{
		Name: "CreateNewHttpClient", Min: 1,
		Call: func(_ *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
			h, err := handlerArg(args[0])
			if err != nil {
				return basescript.Undefined, err
			}
			return basescript.NewHost(httpClientClass, h), nil
		},
		Sig: "(handler: HttpClientHandler): HttpClient",
		Doc: "Makes a client that can be used for many requests.",
	},
	{
		Name: "Open", Min: 1, Call: openRequest,
		Sig: "(url: string, method?: string, body?: string, headers?: string, handler?: HttpClientHandler | null, client?: HttpClient | null, seconds?: number, multipart?: string): DotNetHttpResponse | null",
		Doc: "Sends a request to a host that http_request.allow lists. The answer has any status; null means that there is none, see Error and ErrorMessage. multipart is the JSON of the parts of a form, which is posted.",
	},
}}

// handler is System.Net.Http.HttpClientHandler. Its cookies live as long as it does, within the run.
type handler struct {
	jar       *boundedJar
	cookies   bool
	redirects int
}

func newHandler() (basescript.Value, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.NewHost(handlerClass, &handler{jar: &boundedJar{CookieJar: jar}, cookies: true, redirects: maxRedirects}), nil
}

// boundedJar keeps cookies as a browser does, but not any number of them: a server could fill our
// memory with names. It belongs to a run's goroutine.
type boundedJar struct {
	http.CookieJar
	known map[string]bool // host, path and name of cookies that were taken
}

const (
	maxCookies = 500
	maxCookie  = 4 << 10 // bytes, as browsers have it
)

// SetCookies takes new cookies while there is room, and new values of old ones always.
func (j *boundedJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	var taken []*http.Cookie
	for _, c := range cookies {
		key := u.Hostname() + c.Domain + " " + c.Path + " " + c.Name
		if len(c.Raw) > maxCookie || !j.known[key] && len(j.known) >= maxCookies {
			continue
		}
		if j.known == nil {
			j.known = make(map[string]bool)
		}
		j.known[key] = true
		taken = append(taken, c)
	}
	j.CookieJar.SetCookies(u, taken)
}

// Held implements [basescript.Holder]: what the cookies may take.
func (h *handler) Held(func(basescript.Value)) int64 { return int64(len(h.jar.known)) * maxCookie }

// handlerArg takes a handler, or a client made with one; null is none.
func handlerArg(v basescript.Value) (*handler, error) {
	if v.IsNil() {
		return nil, nil
	}
	h, ok := basescript.Self[*handler](v)
	if !ok {
		return nil, basescript.Errorf("An HttpClientHandler is expected, not %s", v.Kind())
	}
	return h, nil
}

var disposeMethod = basescript.Method{
	Name: "Dispose",
	Call: func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
		return basescript.Undefined, nil
	},
	Sig: "(): void",
	Doc: "Lets go of the object. Nothing has to be let go of here.",
}

var handlerClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{disposeMethod}, Props: []basescript.Prop{
	handlerProp("UseCookies", "boolean", "Whether cookies of answers go with the next requests of this handler; true at first.",
		func(h *handler) basescript.Value { return basescript.Bool(h.cookies) },
		func(h *handler, v basescript.Value) error { h.cookies = isTrue(v); return nil }),
	handlerProp("AllowAutoRedirect", "boolean", "Whether redirects are followed; true at first.",
		func(h *handler) basescript.Value { return basescript.Bool(h.redirects > 0) },
		func(h *handler, v basescript.Value) error {
			if h.redirects = 0; isTrue(v) {
				h.redirects = maxRedirects
			}
			return nil
		}),
	handlerProp("AutomaticDecompression", "any", "Takes any value: packed answers are always unpacked.",
		func(*handler) basescript.Value { return basescript.Int(1) },
		func(*handler, basescript.Value) error { return nil }),
	handlerProp("UseProxy", "boolean", "Always false: there are no proxies.",
		func(*handler) basescript.Value { return basescript.False },
		func(_ *handler, v basescript.Value) error {
			if isTrue(v) {
				return basescript.NewError("Requests do not go through proxies")
			}
			return nil
		}),
	handlerProp("Proxy", "null", "Always null: there are no proxies.",
		func(*handler) basescript.Value { return basescript.Null },
		func(_ *handler, v basescript.Value) error {
			if !v.IsNil() {
				return basescript.NewError("Requests do not go through proxies")
			}
			return nil
		}),
}}

func handlerProp(name, sig, doc string, get func(*handler) basescript.Value, set func(*handler, basescript.Value) error) basescript.Prop {
	return basescript.Prop{
		Name: name, Sig: sig, Doc: doc,
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			h, _ := basescript.Self[*handler](self)
			return get(h), nil
		},
		Set: func(_ *basescript.Run, self basescript.Value, v basescript.Value) error {
			h, _ := basescript.Self[*handler](self)
			return set(h, v)
		},
	}
}

// httpClientClass is System.Net.Http.HttpClient: here the handler it was made with.
var httpClientClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{disposeMethod}}

func openRequest(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	q, _ := basescript.Self[*dotNetRequest](self)
	q.failure = ""
	o, err := dotNetArguments(r, args)
	if err != nil {
		return basescript.Undefined, scriptError(err)
	}
	a, err := o.send(r)
	if isScriptError(err) {
		return basescript.Undefined, err
	}
	if err != nil {
		q.failure = err.Error()
		return basescript.Null, nil
	}
	resp, err := newResponse(r, a)
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.NewHost(dotNetResponseClass, resp), nil
}

// dotNetArguments reads the arguments of Open.
func dotNetArguments(r *basescript.Run, args []basescript.Value) (*outgoing, error) {
	o := &outgoing{url: args[0].Text(), body: textOr(arg(args, 2)), header: http.Header{}, redirects: maxRedirects}
	var err error
	if o.method, err = methodArg(arg(args, 1)); err != nil {
		return nil, err
	}
	if err := o.dotNetHeaders(textOr(arg(args, 3))); err != nil {
		return nil, err
	}
	h, err := handlerArg(arg(args, 5)) // a client has its own
	if err == nil && h == nil {
		h, err = handlerArg(arg(args, 4))
	}
	if err != nil {
		return nil, err
	}
	if h != nil {
		if o.redirects = h.redirects; h.cookies {
			o.jar = h.jar
		}
	}
	if v := arg(args, 6); !v.IsNil() {
		seconds, ok := v.ToReal()
		if !ok || seconds < 0 || math.IsNaN(seconds) {
			return nil, errors.New("the time-out is a number of seconds")
		}
		o.timeout = time.Duration(min(seconds, 24*3600) * float64(time.Second))
	}
	if parts := textOr(arg(args, 7)); parts != "" {
		return o, o.form(r, parts)
	}
	return o, nil
}

// dotNetHeaders adds header lines. Those about the body are left out where there is none, and a body
// without a type is plain text (spec/basescript.md 3.7, and .NET).
func (o *outgoing) dotNetHeaders(text string) error {
	lines, err := parseHeaders(text)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if err := addHeader(o.header, line[0], line[1]); err != nil {
			return err
		}
	}
	if o.body == "" {
		o.header.Del("Content-Type")
	} else if o.header.Get("Content-Type") == "" {
		o.header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	return nil
}

// formPart is one part of the form of the eighth argument.
type formPart struct {
	Type, FieldName, Value          string
	FilePath, FileName, ContentType string
}

// form makes the body of a form with files. It is always posted, as the original does.
func (o *outgoing) form(r *basescript.Run, text string) error {
	if err := r.Alloc(4 * len(text)); err != nil {
		return err
	}
	var parts []formPart
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return errors.New(`the form is not a JSON array of { "Type": "field", "FieldName": …, "Value": … } and { "Type": "file", "FieldName": …, "FilePath": … }`)
	}
	var b strings.Builder
	w := multipart.NewWriter(&b)
	for _, part := range parts {
		if err := part.write(r, w, &b); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	o.method, o.body = http.MethodPost, b.String()
	o.header.Set("Content-Type", w.FormDataContentType())
	return nil
}

func (p formPart) write(r *basescript.Run, w *multipart.Writer, b *strings.Builder) error {
	switch p.Type {
	case "field":
		return w.WriteField(p.FieldName, p.Value)
	case "file":
		data, err := loadFile(r, p.FilePath)
		if err != nil {
			return err
		}
		if b.Len()+len(data) > maxData {
			return fmt.Errorf("the form is %w", tooLarge{})
		}
		if err := r.Alloc(2 * (b.Len() + len(data))); err != nil { // the builder grows by doubling
			return err
		}
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoted.Replace(p.FieldName), quoted.Replace(p.FileName)))
		if strings.ContainsAny(p.ContentType, "\r\n") {
			return fmt.Errorf("%q is no type of a file", clip(p.ContentType))
		}
		if p.ContentType != "" {
			header.Set("Content-Type", p.ContentType)
		}
		part, err := w.CreatePart(header)
		if err == nil {
			_, err = part.Write(data)
		}
		return err
	}
	return fmt.Errorf("a part of the form has the type %q, not field or file", clip(p.Type))
}

// quoted keeps a name within its quotes.
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ")

// dotNetResponseClass is what Open returns.
var dotNetResponseClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	responseProp("RespCode", "number", "The status of the answer, such as 200.",
		func(h *httpResponse) basescript.Value { return basescript.Int(int64(h.code)) }),
	responseProp("Body", "string", "The body of the answer.",
		func(h *httpResponse) basescript.Value { return h.bodyText }),
	responseProp("BinaryBody", "string", "The body of the answer, its bytes as they came.",
		func(h *httpResponse) basescript.Value { return h.bodyText }),
	responseProp("Headers", "string", "The headers of the answer as JSON, without those about its body.", (*httpResponse).headerJSON),
	responseProp("ContentType", "string", "The header Content-Type of the answer.",
		func(h *httpResponse) basescript.Value { return basescript.String(h.header.Get("Content-Type")) }),
}, Methods: []basescript.Method{{
	Name: "Dispose",
	Call: func(_ *basescript.Run, self basescript.Value, _ []basescript.Value) (basescript.Value, error) {
		h, _ := basescript.Self[*httpResponse](self)
		h.bodyText, h.headers, h.header, h.disposed = basescript.Undefined, basescript.Undefined, nil, true
		return basescript.Undefined, nil
	},
	Sig: "(): void",
	Doc: "Lets go of the answer, which cannot be read any more then.",
}}}

// headerJSON is { "Location": "…" }, the values of a repeated header joined with commas.
func (h *httpResponse) headerJSON() basescript.Value {
	return once(&h.headers, func() basescript.Value {
		o := make(map[string]string, len(h.header))
		for name, values := range h.header {
			if !isContentHeader(name) {
				o[name] = strings.Join(values, ", ")
			}
		}
		text, _ := json.Marshal(o) // texts always encode; names come sorted
		return basescript.String(string(text))
	})
}
