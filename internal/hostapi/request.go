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
		Value: ofService(func(e *Env) basescript.Value { return e.requestObject() }),
	},
	{
		Name: "Session", Sig: "Session", Doc: "The session of the request. In services only.",
		Value: ofService(func(e *Env) basescript.Value { return e.sessionObject() }),
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
func ofService(get func(*Env) basescript.Value) func(*basescript.Run) (basescript.Value, bool) {
	return func(r *basescript.Run) (basescript.Value, bool) {
		e := envOf(r)
		if !e.IsService() {
			return basescript.Undefined, false
		}
		return get(e), true
	}
}

// requestClass is the request of the handshake (spec/basescript.md 3.3). Nothing can be answered any
// more, so it has no methods.
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
	requestProp("AuthLogin", "string", "The login of the user.", func(e *Env) basescript.Value { return basescript.String(e.User.Login) }),
	requestProp("AuthUserID", "number", "The id of the user.", func(e *Env) basescript.Value { return userID(e.User) }),
	requestProp("Session", "Session", "The session.", (*Env).sessionObject),
}}

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

// sessionObject is the session of the request (spec/basescript.md 3.3). It belongs to the run: what a
// script stores in it is not seen by the next one.
func (e *Env) sessionObject() basescript.Value {
	return once(&e.session, func() basescript.Value {
		env := newObject()
		env.Set("curUserID", userID(e.User))
		env.Set("curUser", e.userObject())
		o := newObject()
		o.Set("sid", basescript.String(e.Socket.Key))
		o.Set("cur_user_id", userID(e.User))
		o.Set("cur_user_login", basescript.String(e.User.Login))
		o.Set("cur_user_fullname", basescript.String(e.User.Name))
		o.Set("Env", basescript.ObjectValue(env))
		return basescript.ObjectValue(o)
	})
}

// userObject is the record of the user.
func (e *Env) userObject() basescript.Value {
	return once(&e.curUser, func() basescript.Value {
		o := newObject()
		for name, value := range sortedFields(e.User.Fields) {
			o.Set(name, basescript.String(value))
		}
		o.Set("id", userID(e.User))
		o.Set("login", basescript.String(e.User.Login))
		o.Set("fullname", basescript.String(e.User.Name))
		return basescript.ObjectValue(o)
	})
}
