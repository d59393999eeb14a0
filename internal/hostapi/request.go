package hostapi

import (
	"net"
	"net/url"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var requestGlobals = []basescript.Global{
	{
		Name: "Request", Sig: "Request", Doc: "The request that opened the connection. In services only.",
		Value: ofService(func(e *Env, _ *basescript.Run) basescript.Value { return e.requestObject() }),
	},
	{
		Name: "CurRequest", Sig: "Request", Doc: "The request that opened the connection. In services only.",
		Value: ofService(func(e *Env, _ *basescript.Run) basescript.Value { return e.requestObject() }),
	},
	{
		Name: "Session", Sig: "Session", Doc: "What scripts keep for the user from one message to the next, copied when the run ends. In services only.",
		Value: ofService((*Env).sessionObject),
	},
	{
		Name: "message", Sig: "string", Doc: "The message of the client. In process of services only.",
		Value: func(r *basescript.Run) (basescript.Value, bool) {
			e := envOf(r)
			return basescript.String(e.Message), e.Hook == HookProcess
		},
	},
}

// ofService is a name that runs of services have and runs of agents have not.
func ofService(get func(*Env, *basescript.Run) basescript.Value) func(*basescript.Run) (basescript.Value, bool) {
	return func(r *basescript.Run) (basescript.Value, bool) {
		e := envOf(r)
		if !e.IsService() {
			return basescript.Undefined, false
		}
		return get(e, r), true
	}
}

// requestClass is the request of the handshake (spec/basescript.md 3.3). It has been answered before the
// first script runs, so what would change the answer fails and says so.
var requestClass = &basescript.Class{Name: "DxTrans", Props: []basescript.Prop{
	requestProp("Method", "string", "The method of the request, GET.", func(e *Env) basescript.Value { return basescript.String(e.Handshake.Method) }),
	requestProp("Url", "string", "The whole address.", func(e *Env) basescript.Value { return basescript.String(e.url().String()) }),
	requestProp("UrlHost", "string", "The host and port of the address.", func(e *Env) basescript.Value { return basescript.String(e.url().Host) }),
	requestProp("UrlPath", "string", "The path of the address.", func(e *Env) basescript.Value { return basescript.String(e.url().Path) }),
	requestProp("UrlParam", "string", "What follows the question mark.", func(e *Env) basescript.Value { return basescript.String(e.url().RawQuery) }),
	requestProp("QueryString", "string", "What follows the question mark.", func(e *Env) basescript.Value { return basescript.String(e.url().RawQuery) }),
	requestProp("Query", "JsObject", "The parameters of the address.", (*Env).queryObject),
	requestProp("Header", "JsObject", "The headers of the request, without secrets.", (*Env).headerObject),
	requestProp("RemoteIP", "string", "The address of the client.", func(e *Env) basescript.Value { return basescript.String(e.remoteIP()) }),
	requestProp("Form", "JsObject", "The fields of a form: none, the request is a handshake.",
		func(e *Env) basescript.Value {
			return once(&e.form, func() basescript.Value { return basescript.ObjectValue(newObject()) })
		}),
	requestProp("Body", "string", "The body: empty, the request is a handshake.", func(*Env) basescript.Value { return basescript.String("") }),
	requestProp("AuthLogin", "string", "The login of the user.", func(e *Env) basescript.Value { return basescript.String(e.User.Login) }),
	requestProp("AuthUserID", "number", "The id of the user.", func(e *Env) basescript.Value { return userID(e.User) }),
	requestProp("AuthPassword", "string", "The password of the user: always empty, scripts do not get it.",
		func(*Env) basescript.Value { return basescript.String("") }),
	{Name: "Session", Sig: "Session", Doc: "The session.",
		Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
			return envOf(r).sessionObject(r), nil
		}},
	{Name: "RespContentType", Sig: "string", Doc: "The type of the answer: empty, and cannot be set, a handshake has none.",
		Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) { return basescript.String(""), nil },
		Set: func(*basescript.Run, basescript.Value, basescript.Value) error { return errAnswered("RespContentType") }},
	{Name: "RespStream", Sig: "never", Doc: "The answer as a stream: fails, the handshake has been answered.",
		Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) {
			return basescript.Undefined, errAnswered("RespStream")
		}},
}, Methods: []basescript.Method{
	answered("AddRespHeader", 2, "(name: string, value: string, replace?: boolean): void"),
	answered("SetRespStatus", 1, "(code: number, text?: string): void"),
	answered("SetWrongAuth", 0, "(options?: string): void"),
	answered("Redirect", 1, "(url: string): void"),
	answered("PermanentRedirect", 1, "(url: string): void"),
	answered("HandleNotFound", 0, "(): void"),
	answered("Execute", 1, "(path: string): void"),
	answered("UpgradeToWebSocket", 0, "(): void"),
	{Name: "CheckLdsAuth", Sig: "(): void", Doc: "Makes sure that the user is known; fails if not.", Call: checkAuth},
	{Name: "GetSessionByID", Sig: "(id?: number): Session | undefined", Doc: "The session, if that is its sid; undefined if not.", Call: sessionByID},
}}

func errAnswered(what string) error {
	return basescript.Errorf("%s: the handshake of the WebSocket has been answered, nothing of the answer can be changed", what)
}

// answered is a method that would change the answer.
func answered(name string, least int, sig string) basescript.Method {
	return basescript.Method{
		Name: name, Min: least, Sig: sig, Doc: "Would change the answer: fails, the handshake has been answered.",
		Call: func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
			return basescript.Undefined, errAnswered(name)
		},
	}
}

func checkAuth(r *basescript.Run, _ basescript.Value, _ []basescript.Value) (basescript.Value, error) {
	if envOf(r).User.ID == "" {
		return basescript.Undefined, basescript.NewError("CheckLdsAuth: the user is not known")
	}
	return basescript.Undefined, nil
}

func sessionByID(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	session := envOf(r).sessionObject(r)
	if id := arg(args, 0); !id.IsNil() {
		sid, _, err := r.OptProperty(session, "sid")
		if err != nil || id.Text() != sid.Text() {
			return basescript.Undefined, err
		}
	}
	return session, nil
}

func requestProp(name, sig, doc string, get func(*Env) basescript.Value) basescript.Prop {
	return basescript.Prop{Name: name, Sig: sig, Doc: doc, Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
		return get(envOf(r)), nil
	}}
}

func (e *Env) requestObject() basescript.Value {
	return once(&e.request, func() basescript.Value { return basescript.NewHost(requestClass, nil) })
}

// url is the address of the handshake. One that does not parse is shown as a path.
func (e *Env) url() *url.URL {
	u, err := url.Parse(e.Handshake.URL)
	if err != nil {
		u = &url.URL{Path: e.Handshake.URL}
	}
	if u.Host == "" {
		u.Scheme, u.Host = "http", e.Handshake.Host
	}
	return u
}

// remoteIP is the client's address without the port.
func (e *Env) remoteIP() string {
	host, _, err := net.SplitHostPort(e.Handshake.RemoteAddr)
	if err != nil {
		return e.Handshake.RemoteAddr
	}
	return host
}

// queryObject holds the parameters in the order of the address; of a repeated one the first counts.
func (e *Env) queryObject() basescript.Value {
	return once(&e.query, func() basescript.Value {
		o := newObject()
		for pair := range strings.SplitSeq(e.url().RawQuery, "&") {
			name, value, _ := strings.Cut(pair, "=")
			name, value = unescape(name), unescape(value)
			if _, present := o.Get(name); name != "" && !present {
				o.Set(name, basescript.String(value))
			}
		}
		return basescript.ObjectValue(o)
	})
}

func unescape(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

// headerObject holds the headers; the values of a repeated one are joined with commas.
func (e *Env) headerObject() basescript.Value {
	return once(&e.header, func() basescript.Value {
		o := newObject()
		for line := range strings.SplitSeq(e.Handshake.Header, "\r\n") {
			name, value, ok := strings.Cut(line, ":")
			if !ok {
				continue
			}
			value = strings.TrimSpace(value)
			if before, repeated := o.Get(name); repeated {
				value = before.Text() + ", " + value
			}
			o.Set(name, basescript.String(value))
		}
		return basescript.ObjectValue(o)
	})
}

var userNames = []string{"id", "login", "fullname"}

// userObject is the record of the user.
func (e *Env) userObject() basescript.Value {
	return once(&e.curUser, func() basescript.Value {
		o := basescript.NewRecord(userNames, []basescript.Value{userID(e.User), basescript.String(e.User.Login), basescript.String(e.User.Name)})
		for name, value := range sortedFields(e.User.Fields) {
			if _, taken := o.Get(name); !taken {
				o.Set(name, basescript.String(value))
			}
		}
		return basescript.ObjectValue(o)
	})
}
