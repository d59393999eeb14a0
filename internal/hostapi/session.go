package hostapi

import (
	"hash/fnv"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// sessionData is what scripts have stored in a session: in Session itself and in Session.Env.
// Immutable.
type sessionData struct{ vars, env map[string]*frozen }

// runSession is the session as a run sees it: ordinary objects, made when a script first asks for
// them. What the script has changed is kept when the run ends ([Env.KeepSession]).
type runSession struct {
	session, env *basescript.Object
	// given and givenEnv are the values that are made anew in each run, in the order of their names.
	given, givenEnv []basescript.Value
	stored          *sessionData
}

// sessionKey names the session. The sockets of a user share one, as the pages of a browser do in the
// original; without a user each socket has its own.
func (e *Env) sessionKey() string {
	if e.User.ID != "" {
		return "u" + e.User.ID
	}
	return "s" + e.Socket.Key
}

var nothingStored = &sessionData{}

// sessionObject is the session of the request (spec/basescript.md 3.3). If what is stored cannot be
// shown within the budget of the run, which ends then anyway, it is left out.
func (e *Env) sessionObject(r *basescript.Run) basescript.Value {
	return once(&e.session, func() basescript.Value {
		key := e.sessionKey()
		s := &runSession{stored: nothingStored}
		if v, ok := e.Settings.Shared.sessions.get(key); ok {
			s.stored = v.(*sessionData)
		}
		s.givenEnv = e.givenEnv()
		s.env = record(r, givenEnvNames, s.givenEnv, s.stored.env)
		s.given = e.givenSession(key, s.env)
		s.session = record(r, givenNames, s.given, s.stored.vars)
		e.ofSession = s
		return basescript.ObjectValue(s.session)
	})
}

// record makes an object of what is given and what is stored.
func record(r *basescript.Run, names []string, given []basescript.Value, stored map[string]*frozen) *basescript.Object {
	o := basescript.NewRecord(names, append([]basescript.Value(nil), given...))
	for name := range sortedNames(stored) {
		if v, err := thaw(r, stored[name]); err == nil {
			o.Set(name, v)
		}
	}
	return o
}

// identity are the members of Session and Session.Env that say which user it is. What a script makes of
// them lasts as long as its run: the next one sees the real user again.
var identity = map[string]bool{"cur_user_id": true, "curUserID": true, "curUser": true}

var givenNames = []string{"sid", "cur_user_id", "cur_user_login", "cur_user_fullname", "cur_useragent", "auth_type", "Env"}

func (e *Env) givenSession(key string, env *basescript.Object) []basescript.Value {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(key)) // never fails
	return []basescript.Value{
		basescript.Int(int64(hash.Sum64() >> 1)), userID(e.User), basescript.String(e.User.Login), basescript.String(e.User.Name),
		basescript.String(e.userAgent()), basescript.String(e.authType()), basescript.ObjectValue(env),
	}
}

// userAgent is what the client calls itself.
func (e *Env) userAgent() string {
	for line := range strings.SplitSeq(e.Handshake.Header, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "User-Agent") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// formAuth is what the original says of who has filled in its form for logging in.
const formAuth = "form"

// authType is how the user has said who he is: "form" for accounts of this server, as the original has it, and where
// nobody logs in, so that a script finds in development what it finds later; otherwise the name of the method.
func (e *Env) authType() string {
	if e.Handshake == nil || e.Handshake.LoginBy == "" || e.Handshake.LoginBy == "accounts" {
		return formAuth
	}
	return e.Handshake.LoginBy
}

var givenEnvNames = []string{"curUserID", "curUser", "curLngID", "curHostName", "curHostPath", "curAnonymousAccess",
	"curObjectID", "curDocID", "curMode"}

func (e *Env) givenEnv() []basescript.Value {
	host, _, err := net.SplitHostPort(e.Handshake.Host)
	if err != nil {
		host = e.Handshake.Host
	}
	return []basescript.Value{
		userID(e.User), e.userObject(), basescript.String("ru"), basescript.String(host), basescript.String("/"),
		basescript.Bool(e.User.ID == ""), basescript.Null, basescript.Null, basescript.String(""),
	}
}

// KeepSession stores what the run has changed in its session, for the runs after it. What cannot be
// kept (functions, objects of the host, more than there is room for) is named in the log. The engine
// calls it when the run has ended, before the run is closed.
func (e *Env) KeepSession(r *basescript.Run) {
	s := e.ofSession
	if s == nil || r.Context().Err() != nil {
		return
	}
	k := &keeper{env: e, run: r, room: maxSessionValue}
	vars := k.changes("Session", s.session, givenNames, s.given, s.stored.vars)
	env := k.changes("Session.Env", s.env, givenEnvNames, s.givenEnv, s.stored.env)
	if len(vars)+len(env) == 0 {
		return
	}
	e.Settings.Shared.sessions.update(e.sessionKey(), sessionIdle, func(old any) (any, int) {
		present, _ := old.(*sessionData)
		if present == nil {
			present = &sessionData{}
		}
		return &sessionData{vars: merged(present.vars, vars), env: merged(present.env, env)}, maxSessionValue - k.room
	})
}

// merged applies changes to a table: a nil value removes an entry.
func merged(table, changes map[string]*frozen) map[string]*frozen {
	if len(changes) == 0 {
		return table
	}
	next := maps.Clone(table)
	if next == nil {
		next = make(map[string]*frozen)
	}
	for name, f := range changes {
		if f == nil {
			delete(next, name)
		} else {
			next[name] = f
		}
	}
	return next
}

// keeper finds what a run has changed in its session.
type keeper struct {
	env  *Env
	run  *basescript.Run
	room int
}

// changes returns the members of an object that differ from what is stored; nil stands for one that is
// gone.
func (k *keeper) changes(what string, o *basescript.Object, names []string, given []basescript.Value, stored map[string]*frozen) map[string]*frozen {
	var changed map[string]*frozen
	change := func(name string, f *frozen) {
		if changed == nil {
			changed = make(map[string]*frozen)
		}
		changed[name] = f
	}
	for i := 0; i < len(o.Keys()); i++ { // a getter may change them
		name := o.Keys()[i]
		v, _ := o.Get(name)
		if identity[name] {
			continue
		}
		if i < len(names) && names[i] == name && same(given[i], v) && stored[name] == nil {
			continue
		}
		f, err := k.copyOf(o, name)
		if err != nil {
			k.env.Log.Line(what+"."+name+" is not kept: "+plain(err), true)
		} else if !equalFrozen(f, stored[name]) {
			change(name, f)
		}
	}
	for name := range stored {
		if _, ok := o.Get(name); !ok {
			change(name, nil)
		}
	}
	return changed
}

// copyOf copies a member, as far as there is room.
func (k *keeper) copyOf(o *basescript.Object, name string) (*frozen, error) {
	v, _, err := k.run.OptProperty(basescript.ObjectValue(o), name)
	if err != nil {
		return nil, err
	}
	f, size, err := freeze(k.run, v, k.room)
	if err == nil {
		k.room -= size
	}
	return f, err
}

// plain is the message of an error without position lines.
func plain(err error) string {
	if e, ok := err.(*basescript.Error); ok {
		return e.Message
	}
	return err.Error()
}

// same reports whether two values are the same object or scalar.
func same(a, b basescript.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case basescript.KindUndefined, basescript.KindNull:
		return true
	case basescript.KindObject:
		return a.Object() == b.Object()
	case basescript.KindString:
		return a.Str() == b.Str()
	case basescript.KindDate:
		return a.Date() == b.Date()
	case basescript.KindBool:
		return a.Bool() == b.Bool()
	}
	return a.Int() == b.Int() // the bits of a real
}

// equalFrozen reports whether two frozen values are alike in all parts. It looks at a bounded number of
// them: what is larger counts as different, and is stored once more.
func equalFrozen(a, b *frozen) bool {
	c := comparison{left: 10_000}
	return c.alike(a, b)
}

type comparison struct{ left int }

func (c *comparison) alike(a, b *frozen) bool {
	if c.left--; c.left < 0 || a == nil || b == nil || a.kind != b.kind || len(a.items) != len(b.items) {
		return false
	}
	switch a.kind {
	case frozenScalar:
		return same(a.scalar, b.scalar)
	case frozenShared:
		return a.self == b.self
	case frozenError:
		return a.fault.Message == b.fault.Message
	}
	if !slices.Equal(a.keys, b.keys) {
		return false
	}
	for i := range a.items {
		if !c.alike(a.items[i], b.items[i]) {
			return false
		}
	}
	return true
}
