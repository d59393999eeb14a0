package hostapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// agentToolMethods are members of tools around agents, logs and what a server is able to do.
var agentToolMethods = []basescript.Method{
	{
		Name: "start_agent", Min: 1, Call: startAgent,
		Sig: "(agent: string | number, object_id?: number | null, object_ids?: string | null, date?: Date | null): boolean",
		Doc: "Starts the agent agents/<agent>.js beside this script, with OBJECT_ID and OBJECTS_ID_STR; false if there is none or it cannot be started now.",
	},
	{
		Name: "get_params_code_library", Min: 1,
		Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
			if _, err := textArg("The code of a library", args[0]); err != nil {
				return basescript.Undefined, err
			}
			return basescript.ObjectValue(r.NewObject()), nil
		},
		Sig: "(library: string): JsObject",
		Doc: "The configured parameters of a code library: none here, an empty object.",
	},
	{
		Name: "log", Min: 1, Call: toolsLog,
		Sig: "(text: any, type?: 'info' | 'error' | 'debug', more?: boolean): void",
		Doc: "Writes a line with the type before it to the script log; debug lines only while the log debug is open (EnableLog).",
	},
	{
		Name: "log_event_server", Min: 2, Call: func(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
			return logEvent(r, args)
		},
		Sig: "(log: string, text: any): void",
		Doc: "Writes a line to a named log that is open, as LogEvent does.",
	},
	{
		Name: "xml_header",
		Call: func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
			return basescript.String(xmlHeader), nil
		},
		Sig: "(): string",
		Doc: "The line an XML document begins with.",
	},
}

const xmlHeader = `<?xml version="1.0" encoding="utf-8"?>`

// capabilityProps are numbers of which scripts test bits: nothing that they stand for is here.
func capabilityProps() []basescript.Prop {
	names := []string{"sys_db_capability", "sys_db_capability_ex", "sys_db_capability_role_tags", "UNI_CAP_BASIC", "UNI_CAP_BLOB_STREAM",
		"UNI_CAP_CLUSTER", "UNI_CAP_WORKER_ROLE", "UNI_CAP_WEB_ROLE", "UNI_CAP_IMPORT_DOCS_BATCH", "UNI_CAP_IMPORT_CATALOG_BATCH"}
	props := make([]basescript.Prop, 0, len(names)+1)
	for _, name := range names {
		props = append(props, basescript.Prop{
			Name: name, Sig: "number", Doc: "Of the abilities of the database: always 0, there is none.",
			Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) { return basescript.Int(0), nil },
		})
	}
	return append(props, hostProp("spxml_unibridge", "Unibridge", "The way to the store that nodes share.", unibridgeClass))
}

// hostProp is a property that gives an object of a class without anything behind it.
func hostProp(name, sig, doc string, class *basescript.Class) basescript.Prop {
	return basescript.Prop{Name: name, Sig: sig, Doc: doc, Get: func(*basescript.Run, basescript.Value) (basescript.Value, error) {
		return basescript.NewHost(class, nil), nil
	}}
}

func startAgent(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	a := AgentStart{}
	var err error
	if a.Name, err = textArg("The name of an agent", args[0]); err != nil {
		return basescript.Undefined, err
	}
	if v := arg(args, 1); !v.IsNil() {
		if a.ObjectID, err = textArg("OBJECT_ID", v); err != nil {
			return basescript.Undefined, err
		}
	}
	if v := arg(args, 2); !v.IsNil() {
		if a.ObjectIDs, err = textArg("OBJECTS_ID_STR", v); err != nil {
			return basescript.Undefined, err
		}
	}
	if d := arg(args, 3).Scalar(); d.Kind() == basescript.KindDate && time.Until(d.Date().Time) > time.Second {
		return basescript.Undefined, basescript.NewError("start_agent: an agent can only be started now, not at a later time")
	}
	agents := envOf(r).Agents
	if agents == nil {
		return basescript.Undefined, basescript.NewError("Agents cannot be started here")
	}
	if err := r.Step(64); err != nil {
		return basescript.Undefined, err
	}
	ok, err := agents.StartAgent(a)
	if err != nil {
		return basescript.False, writeLine(r, "start_agent: the agent "+a.Name+" cannot be started: "+err.Error(), true)
	}
	return basescript.Bool(ok), nil
}

func toolsLog(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	text := args[0].Text()
	kind := "info"
	if v := arg(args, 1); !v.IsNil() {
		kind = v.Text()
	}
	switch kind {
	case "error":
		return basescript.Undefined, writeLine(r, "ERROR: "+text, true)
	case "debug":
		return logEvent(r, []basescript.Value{basescript.String("debug"), basescript.String("DEBUG: " + text)})
	}
	return basescript.Undefined, writeLine(r, "INFO: "+text, false)
}

// unibridgeClass leads to the key-value store of a cluster, which here is the user data. Values are
// texts there; what tools_web.set_user_data has stored is shown as JSON.
var unibridgeClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	hostProp("Object", "UnibridgeObject", "The bridge itself.", unibridgeObjectClass),
}}

var unibridgeObjectClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	hostProp("provider", "UnibridgeProvider", "The store.", providerClass),
}}

var providerClass = &basescript.Class{Name: netObject, Methods: []basescript.Method{
	{
		Name: "GetUserData", Min: 1, Call: providerGet,
		Sig: "(key: string): string | null", Doc: "The text stored under the key of user data, null if there is none.",
	},
	{
		Name: "SetUserData", Min: 2, Call: providerSet,
		Sig: "(key: string, value: string, seconds?: number): boolean", Doc: "Stores a text under a key of user data; true.",
	},
	{
		Name: "RemoveUserData", Min: 1, Call: removeUserData,
		Sig: "(key: string): boolean", Doc: "Removes what is stored under the key, and says whether there was anything.",
	},
	{
		Name: "GetUserDataContainsKey", Min: 1, Call: providerHas,
		Sig: "(key: string): boolean", Doc: "Whether anything is stored under the key.",
	},
	{
		Name: "ClearUserDataByPrefix", Min: 1,
		Call: func(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
			_, err := removeUserDataByPrefix(r, self, args)
			return basescript.True, err
		},
		Sig: "(prefix: string): boolean", Doc: "Removes everything whose key begins so; true.",
	},
	{
		Name: "CleanUpThreadResources",
		Call: func(*basescript.Run, basescript.Value, []basescript.Value) (basescript.Value, error) {
			return basescript.True, nil
		},
		Sig: "(): boolean", Doc: "Frees what a thread has taken: there is nothing to free; true.",
	},
}}

// storedUserData reads user data as it is stored; nil if there is none.
func storedUserData(r *basescript.Run, v basescript.Value) (json.RawMessage, error) {
	key, err := textArg(userDataKey, v)
	if err != nil {
		return nil, err
	}
	var value json.RawMessage
	err = userData(r, func(ctx context.Context, data UserData) error {
		found, ok, err := data.Get(ctx, key)
		if ok {
			value = found
		}
		return err
	})
	return value, aboutKey(key, err)
}

func providerGet(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	value, err := storedUserData(r, args[0])
	if err != nil || value == nil {
		return basescript.Null, err
	}
	if err := r.Alloc(len(value)); err != nil {
		return basescript.Undefined, err
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		text = string(value) // no text: an object, a number
	}
	return basescript.String(text), nil
}

func providerHas(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	value, err := storedUserData(r, args[0])
	return basescript.Bool(value != nil), err
}

func providerSet(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	stored := append([]basescript.Value{args[0], basescript.String(args[1].Text())}, args[2:]...)
	_, err := setUserData(r, self, stored)
	return basescript.True, err
}
