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
	contextSocket = requestProp("WebSocketCurrent", "WebSocket", "The socket.", (*Env).currentSocket)

	openClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket}}

	processClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket,
		requestProp("WebSocketMessage", "string", "The message of the client, also in the variable message.",
			func(e *Env) basescript.Value { return basescript.String(e.Message) }),
	}}

	closeClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{contextID, contextSocket,
		requestProp("CloseCode", "number", "The code the connection was closed with; 1006 if it broke.",
			func(e *Env) basescript.Value { return basescript.Int(int64(e.Closed.Code)) }),
		requestProp("CloseReason", "string", "The text that came with the code.",
			func(e *Env) basescript.Value { return basescript.String(e.Closed.Text) }),
	}}
)
