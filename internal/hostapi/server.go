package hostapi

import (
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// serverGlobals is the one name the original does not have. It is for the built-in scripts, which
// behave as the settings of the server say; a script that reads it runs here only.
var serverGlobals = []basescript.Global{{
	Name: "tutorsocket", Origin: basescript.Superset,
	Doc: "Settings of this server. Not in the original: a script that uses it does not run there.",
	Static: &basescript.Class{Name: "tutorsocket", Props: []basescript.Prop{
		settingProp("profile", "'1.22' | '1.24' | 'native'", "The version of the original that is imitated.",
			func(s *Settings) basescript.Value { return basescript.String(profileName(s.Profile)) }),
		settingProp("silent_errors", "boolean", "Whether failing commands stay without a reply (compat.silent_errors).",
			func(s *Settings) basescript.Value { return basescript.Bool(s.SilentErrors) }),
		settingProp("client_tags_win", "boolean", "Whether tags of a client replace those that say who it is (compat.client_tags_win).",
			func(s *Settings) basescript.Value { return basescript.Bool(s.ClientTagsWin) }),
		{
			Name: "granted_tags", Sig: "object", Get: grantedTags,
			Doc: "The tags that came with what let the user in, such as those of a token; a new object each time. No client may change them.",
		},
	}, Methods: []basescript.Method{{
		Name: "method_refusal", Min: 2, Call: methodRefusal,
		Sig: "(library: string, method: string): string",
		Doc: "Why clients may not call that method with call_method; empty if they may.",
	}, {
		Name: "tag_refused", Min: 1, Call: tagRefused,
		Sig: "(name: string): void",
		Doc: "Has a record made of a tag that a client named and that is not its own to set.",
	}}},
}}

func settingProp(name, sig, doc string, get func(*Settings) basescript.Value) basescript.Prop {
	return basescript.Prop{Name: name, Sig: sig, Doc: doc, Get: func(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
		return get(envOf(r).Settings), nil
	}}
}

func grantedTags(r *basescript.Run, _ basescript.Value) (basescript.Value, error) {
	env := envOf(r)
	o := r.NewObject()
	if !env.IsService() {
		return basescript.ObjectValue(o), nil
	}
	for name, value := range sortedFields(env.Handshake.Granted) {
		if err := r.Alloc(64 + len(name) + len(value)); err != nil {
			return basescript.Undefined, err
		}
		o.Set(name, basescript.String(value))
	}
	return basescript.ObjectValue(o), nil
}

// profileName is the short name of a profile, as scripts compare it.
func profileName(p hub.Profile) string {
	switch p {
	case hub.Profile122:
		return "1.22"
	case hub.Native:
		return "native"
	}
	return "1.24"
}

// methodRefusal tells nothing of what exists about methods that are not allowed.
func methodRefusal(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	library, err := textArg("The code of a library", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	method, err := textArg("The name of a method", args[1])
	if err != nil {
		return basescript.Undefined, err
	}
	env := envOf(r)
	refusal := ""
	switch {
	case !env.mayCall(library, method):
		refusal = "call_method may not call " + library + "." + method
	case !env.Libraries.Has(library, method):
		refusal = "There is no method " + method + " in a library " + library
	}
	if refusal != "" {
		env.noteRefusal(RefusedMethod, refusal)
	}
	return basescript.String(refusal), nil
}

// What [Settings.Refused] is told of.
const (
	RefusedMethod = "call_method" // clients may not call the method
	RefusedTags   = "tags"        // the client has named a tag that is not its own to set
)

// noteRefusal tells who operates the server of a client that asked for what it may not have.
func (e *Env) noteRefusal(what, detail string) {
	if e.IsService() && e.Settings.Refused != nil {
		e.Settings.Refused(e, what, detail)
	}
}

// tagRefused is told of a tag that a client has named and that does not get its value.
func tagRefused(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	name, err := textArg("The name of a tag", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	envOf(r).noteRefusal(RefusedTags, fmt.Sprintf("the tag %s is not the client's to set (compat.client_tags_win)", name))
	return basescript.Undefined, nil
}

// mayCall reports whether clients may call a method, if there is one.
func (e *Env) mayCall(library, method string) bool {
	s := e.Settings
	return s.CallAny || s.MayCall != nil && s.MayCall(library, method) || e.Libraries.ClientCallable(library, method)
}
