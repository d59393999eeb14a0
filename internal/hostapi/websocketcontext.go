package hostapi

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// socketMethods are the static methods of Datex.XHTTP.WebSocketContext (spec/websocket.md B).
var socketMethods = []basescript.Func{
	{
		Name: "GetWebSockets", OptSince: "1.24", Call: getWebSockets,
		Sig: "(filter?: string | object | null, force_remote?: boolean): WebSocketCollection",
		Doc: "The open sockets a filter chooses, all without one; detached ones only if it names $state. force_remote false leaves out those of other nodes.",
	},
	{
		Name: "GetLocalWebSocket", Since: "1.24", Min: 1, Call: getLocalWebSocket,
		Sig: "(socketId: string): WebSocket | null",
		Doc: "The socket of this node with that id, open or detached, null if there is none.",
	},
	{
		Name: "WriteToWebSocketMessageQueue", Min: 3, Original: 3, Call: writeToQueue,
		Sig: "(socketId: string, message: any, json_compound: boolean, conflate_key?: string | number | null): void",
		Doc: "Queues a message for a socket; json_compound asks for an item of a JSON array instead of a frame of its own. An unknown socket is no error. conflate_key, not in the original, says what the message is about: where the service conflates, a full queue keeps only the last message of each key.",
	},
	{
		Name: "WriteToWebSocketsMessageQueueArray", Min: 3, Original: 3, Call: writeToQueues,
		Sig: "(socketIds: string[], message: any, json_compound: boolean, conflate_key?: string | number | null): void",
		Doc: "Queues a message for many sockets, as WriteToWebSocketMessageQueue does for one.",
	},
}

func socketMethod(name string) *basescript.Func {
	for i := range socketMethods {
		if socketMethods[i].Name == name {
			return &socketMethods[i]
		}
	}
	return nil
}

func getWebSockets(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	filter, err := filterArg(r, arg(args, 0))
	if err != nil {
		return basescript.Undefined, err
	}
	// Without the second argument the whole cluster is meant (spec/websocket.md B.1).
	allNodes := len(args) < 2 || args[1].IsNil() || isTrue(args[1])
	env := envOf(r)
	var refs []hub.Ref
	var missing []string
	err = r.Wait(func(ctx context.Context) (err error) {
		refs, missing, err = env.Sockets.Select(ctx, filter, allNodes)
		return err
	})
	if err != nil {
		return basescript.Undefined, err
	}
	env.missing("GetWebSockets", missing, "the sockets there are left out")
	if err := r.Step(1 + len(refs)>>6); err != nil {
		return basescript.Undefined, err
	}
	list := newSocketList(refs)
	if err := r.Alloc(list.bytes); err != nil {
		return basescript.Undefined, err
	}
	return basescript.NewHost(socketListClass, list), nil
}

// filterArg takes a filter as text, as an object of the JSON form, or none (design: "Filter").
func filterArg(r *basescript.Run, v basescript.Value) (hub.Filter, error) {
	v = v.Scalar()
	switch {
	case v.IsNil():
		return hub.Filter{}, nil
	case v.Kind() == basescript.KindString:
		return hub.ParseFilter(v.Str())
	case v.Kind() == basescript.KindObject && v.Object().ClassName() == "JsObject":
		text, err := r.EncodeJSON(v, basescript.JSONOptions{})
		if err != nil {
			return hub.Filter{}, err
		}
		return hub.ParseFilter(text)
	}
	return hub.Filter{}, basescript.Errorf("A filter is a text, an object or null, not %s", kindName(v))
}

// CheckFilter says what is wrong with the text of a filter, nil if nothing is.
func CheckFilter(text string) error {
	_, err := hub.ParseFilter(text)
	return err
}

// kindName names a value in an error, arrays apart from other objects.
func kindName(v basescript.Value) string {
	if v.Object().IsArray() {
		return "an array"
	}
	return v.Kind().String()
}

func getLocalWebSocket(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	key, err := stringArg("socketId", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	ref, ok := envOf(r).Sockets.Local(key)
	if !ok {
		return basescript.Null, nil
	}
	return newSocket(ref), nil
}

func writeToQueue(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	key, err := stringArg("socketId", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	text := args[1].Text()
	if err := r.Step(1 + len(text)>>6); err != nil {
		return basescript.Undefined, err
	}
	conflateKey, err := conflateKeyArg(arg(args, 3))
	if err != nil {
		return basescript.Undefined, err
	}
	env := envOf(r)
	message, mode := env.message(text, conflateKey), modeArg(args[2])
	key = strings.Clone(key)
	err = r.Wait(func(ctx context.Context) error {
		_, err := env.Sockets.Send(ctx, key, message, mode)
		return err
	})
	return basescript.Undefined, env.unreached("WriteToWebSocketMessageQueue", ignoreGone(err))
}

func writeToQueues(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	keys, err := keysArg(r, args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	text := args[1].Text()
	if err := r.Step(1 + len(keys) + len(text)>>6); err != nil {
		return basescript.Undefined, err
	}
	conflateKey, err := conflateKeyArg(arg(args, 3))
	if err != nil {
		return basescript.Undefined, err
	}
	env := envOf(r)
	message, mode := env.message(text, conflateKey), modeArg(args[2])
	const name = "WriteToWebSocketsMessageQueueArray"
	var sent hub.Delivery
	err = r.Wait(func(ctx context.Context) (err error) {
		sent, err = env.Sockets.SendMany(ctx, keys, message, mode)
		return err
	})
	env.missing(name, sent.Missing, "whether the sockets there get the message is not known")
	return basescript.Undefined, env.unreached(name, ignoreGone(err))
}

// keysArg takes the ids of sockets as an array or a collection of texts.
func keysArg(r *basescript.Run, v basescript.Value) ([]string, error) {
	items, ok := r.Items(v)
	if !ok {
		return nil, basescript.Errorf("socketIds must be an array, not %s", v.Kind())
	}
	var keys []string
	for item := range items {
		key, err := stringArg("Each of socketIds", item)
		if err != nil {
			return nil, err
		}
		if err := r.Alloc(16 + len(key)); err != nil {
			return nil, err
		}
		keys = append(keys, strings.Clone(key))
	}
	return keys, nil
}

func modeArg(v basescript.Value) hub.Mode {
	if isTrue(v) {
		return hub.ModeJSON
	}
	return hub.ModeText
}

// conflateKeyArg takes what a message is about: any scalar as its text; nothing, or an empty text,
// means that it is about nothing.
func conflateKeyArg(v basescript.Value) (string, error) {
	v = v.Scalar()
	switch {
	case v.IsNil():
		return "", nil
	case v.Kind() == basescript.KindObject:
		return "", basescript.Errorf("conflate_key must be text, not %s", kindName(v))
	}
	key := v.Text()
	if n := utf8.RuneCountInString(key); n > hub.MaxConflateKey {
		return "", basescript.Errorf("conflate_key has %d characters; at most %d are possible", n, hub.MaxConflateKey)
	}
	return key, nil
}

// message returns the text as a message about what the key says, the one sent last if both are the
// same: scripts send one text to many sockets in a loop, and a message is encoded once however many
// get it.
func (e *Env) message(text, conflateKey string) *hub.Message {
	if e.sent == nil || e.sentText != text || e.sentKey != conflateKey {
		// The text may be a part of something large, and a queue may hold it for long.
		e.sent = hub.NewMessage(strings.Clone(text)).WithConflateKey(strings.Clone(conflateKey))
		e.sentText, e.sentKey = text, conflateKey
	}
	return e.sent
}

// missing writes a line about nodes that did not answer, if there are any; so says what follows.
func (e *Env) missing(function string, nodes []string, so string) {
	if len(nodes) > 0 {
		e.Log.Line(function+": no answer from "+strings.Join(nodes, ", ")+"; "+so, true)
	}
}

// unreached makes a line of an error that says that another node could not be asked: to a script that node's
// sockets are as those that are gone, which it never hears of either. Other errors it returns.
func (e *Env) unreached(function string, err error) error {
	if errors.Is(err, hub.ErrNotStored) {
		return err // the script must know, whatever kept the message from being stored
	}
	if errors.Is(err, hub.ErrNoAnswer) || errors.Is(err, hub.ErrUnavailable) {
		e.Log.Line(function+": "+err.Error(), true)
		return nil
	}
	return err
}

// ignoreGone drops the errors a sender never hears of: a socket that is gone, and one that does not
// take what it gets (spec/websocket.md B.2).
func ignoreGone(err error) error {
	if errors.Is(err, hub.ErrNotFound) || errors.Is(err, hub.ErrClosed) || errors.Is(err, hub.ErrQueueFull) || errors.Is(err, hub.ErrBadKey) {
		return nil
	}
	return err
}
