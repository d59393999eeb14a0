package hostapi

import "github.com/tutorsocket/tutorsocket/internal/basescript"

// Invocation returns the object a hook of a service is called with, the `context` of scripts
// (design: product, "An app").
func (e *Env) Invocation() basescript.Value {
	switch e.Hook {
	case HookOpen:
		return basescript.NewHost(openClass, nil)
	case HookClose:
		return basescript.NewHost(closeClass, nil)
	}
	return basescript.NewHost(processClass, nil)
}

// currentSocket is the socket object of the run's own socket.
func (e *Env) currentSocket() basescript.Value {
	return once(&e.current, func() basescript.Value { return newSocket(e.Socket) })
}

var (
	contextID = requestProp("WebSocketCurrentId", "string", "The id of the socket.",
		func(e *Env) basescript.Value { return basescript.String(e.Socket.Key) })
	contextSocket = since124(requestProp("WebSocketCurrent", "WebSocket", "The socket.", (*Env).currentSocket))

	openClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket}}

	processClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket,
		ours(requestProp("WebSocketMessage", "string", "The message of the client, also in the variable message.",
			func(e *Env) basescript.Value { return basescript.String(e.Message) })),
	}}

	closeClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket,
		ours(requestProp("CloseCode", "number", "The code the connection was closed with; 1006 if it broke.",
			func(e *Env) basescript.Value { return basescript.Int(int64(e.Closed.Code)) })),
		ours(requestProp("CloseReason", "string", "The text that came with the code.",
			func(e *Env) basescript.Value { return basescript.String(e.Closed.Text) })),
	}}
)

// ours marks a property that the original does not have, as far as is known.
func ours(p basescript.Prop) basescript.Prop {
	p.Origin = basescript.Superset
	return p
}

// since124 marks a property that came with Datex.XHTTP 1.24.
func since124(p basescript.Prop) basescript.Prop {
	p.Since = "1.24"
	return p
}

// Hooks returns the functions of a service that the server calls, each with the class of its one
// argument, by the names of Classes.
func Hooks() []basescript.Func {
	return []basescript.Func{
		{Name: "open", Sig: "(context: OpenContext): any", Doc: "Called when a socket opens; false or an error refuses it."},
		{Name: "process", Sig: "(context: ProcessContext): any", Doc: "Called for each message of the client."},
		{Name: "close", Sig: "(context: CloseContext): any", Doc: "Called once when the socket has ended."},
	}
}
