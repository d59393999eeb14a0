package hostapi

import (
	"iter"
	"maps"
	"slices"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var agentGlobals = []basescript.Global{
	{
		Name: "Param", Sig: "JsObject", Doc: "The parameters of the agent, texts. In agents only.",
		Value: ofAgent((*Env).paramObject),
	},
	{
		Name: "OBJECT_ID", Sig: "number | undefined", Doc: "The object the agent was started for (tools.start_agent); undefined if for none. In agents only.",
		Value: ofAgent(func(e *Env) basescript.Value {
			if e.ObjectID == "" {
				return basescript.Undefined
			}
			return idValue(e.ObjectID)
		}),
	},
	{
		Name: "OBJECTS_ID_STR", Sig: "string", Doc: "The objects the agent was started for, separated by semicolons. In agents only.",
		Value: ofAgent(func(e *Env) basescript.Value { return basescript.String(e.ObjectIDs) }),
	},
	{
		Name: "PARAMETERS", Sig: "JsObject", Doc: "The parameters, as in Param. In agents only.",
		Value: ofAgent((*Env).paramObject),
	},
	{
		Name: "RESULT", Assignable: true, Sig: "any", Doc: "What a remote action returns: undefined until the script sets it. In agents only.",
		Value: ofAgent(func(*Env) basescript.Value { return basescript.Undefined }),
	},
	{
		Name: "ERROR", Assignable: true, Sig: "any", Doc: "The error of a remote action: 0 until the script sets it. In agents only.",
		Value: ofAgent(func(*Env) basescript.Value { return basescript.Int(0) }),
	},
	{
		Name: "MESSAGE", Assignable: true, Sig: "any", Doc: "The message of a remote action: empty until the script sets it. In agents only.",
		Value: ofAgent(func(*Env) basescript.Value { return basescript.String("") }),
	},
	{
		Name: "ScopeWVars", Sig: "JsObject", Doc: "The parameters a remote action finds around it: here those of Param. In agents only.",
		Value: ofAgent((*Env).paramObject),
	},
	{
		Name: "HANDLER_WVARS", Sig: "JsObject", Doc: "The parameters of an event's handler: here those of Param. In agents only.",
		Value: ofAgent((*Env).paramObject),
	},
	{
		Name: "COLUMNS", Assignable: true, Sig: "any[]", Doc: "The columns of a remote collection: empty until the script sets it. In agents only.",
		Value: columns,
	},
	{
		Name: "SORT", Assignable: true, Sig: "{ FIELD: string, DIRECTION: string }", Doc: "The order of a remote collection: both empty, none is asked for. In agents only.",
		Value: ofAgent(func(e *Env) basescript.Value {
			return once(&e.sort, func() basescript.Value {
				empty := basescript.String("")
				return basescript.ObjectValue(basescript.NewRecord([]string{"FIELD", "DIRECTION"}, []basescript.Value{empty, empty}))
			})
		}),
	},
	{
		Name: "curUserID", Assignable: true, Sig: "number", Doc: "The id of the user the script runs for.",
		Value: func(r *basescript.Run) (basescript.Value, bool) { return userID(envOf(r).User), true },
	},
	{
		Name: "LdsCurUserID", Sig: "number", Doc: "The id of the user the script runs for.",
		Value: func(r *basescript.Run) (basescript.Value, bool) { return userID(envOf(r).User), true },
	},
	{
		Name: "curUser", Assignable: true, Sig: "JsObject", Doc: "The user the script runs for: id, login, fullname and what else is known.",
		Value: func(r *basescript.Run) (basescript.Value, bool) { return envOf(r).userObject(), true },
	},
	{
		Name: "AppConfig", Sig: "JsObject", Doc: "The configuration of the server, texts: DOTNETCORE-XHTTP is 1, sockets are available.",
		Value: func(r *basescript.Run) (basescript.Value, bool) {
			return once(&envOf(r).appConfig, func() basescript.Value {
				o := newObject()
				for name, value := range sortedFields(envOf(r).Settings.AppConfig) {
					o.Set(name, basescript.String(value))
				}
				o.Set("DOTNETCORE-XHTTP", basescript.String("1"))
				return basescript.ObjectValue(o)
			}), true
		},
	},
}

// columns is one and the same array in all of an agent's run.
func columns(r *basescript.Run) (basescript.Value, bool) {
	e := envOf(r)
	return once(&e.columns, func() basescript.Value { return basescript.ObjectValue(r.NewArray(nil)) }), !e.IsService()
}

// paramObject is the object of the parameters.
func (e *Env) paramObject() basescript.Value {
	return once(&e.params, func() basescript.Value {
		o := newObject()
		for name, value := range sortedFields(e.Params) {
			o.Set(name, basescript.String(value))
		}
		return basescript.ObjectValue(o)
	})
}

// PrepareThread makes the Param of a thread's run, before its program runs.
func (e *Env) PrepareThread(r *basescript.Run) error {
	v, err := thaw(r, e.Thread.param)
	e.params = v
	return err
}

// ofAgent is a name that runs of agents have and runs of services have not.
func ofAgent(get func(*Env) basescript.Value) func(*basescript.Run) (basescript.Value, bool) {
	return func(r *basescript.Run) (basescript.Value, bool) {
		e := envOf(r)
		if e.IsService() {
			return basescript.Undefined, false
		}
		return get(e), true
	}
}

// newObject returns an empty object of the dialect. The ones made here are small: they are not
// charged to the run.
func newObject() *basescript.Object { return new(basescript.Object) }

// sortedFields visits a map in the order of names, so that for-in shows the same in every run.
func sortedFields(fields map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name := range sortedNames(fields) {
			if !yield(name, fields[name]) {
				return
			}
		}
	}
}

// sortedNames visits the keys of a map in their order.
func sortedNames[T any](table map[string]T) iter.Seq[string] {
	if len(table) == 0 {
		return func(func(string) bool) {}
	}
	return slices.Values(slices.Sorted(maps.Keys(table)))
}
