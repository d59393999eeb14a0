package hostapi

import (
	"iter"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// socketPairSize is what the pair of a socket costs a run that keeps it, in bytes.
const socketPairSize = 256

// socketList is what GetWebSockets returns: a snapshot of sockets. Pairs of key and socket are made
// as they are visited, one at a time; a hundred thousand sockets cost what a script keeps of them.
type socketList struct {
	refs  []hub.Ref
	bytes int // what they take
}

// refSize is what a reference takes beside the snapshot of a remote socket, in bytes.
const refSize = 32

func newSocketList(refs []hub.Ref) *socketList {
	list := &socketList{refs: refs, bytes: refSize * len(refs)}
	for _, ref := range refs {
		list.bytes += snapshotSize(ref)
	}
	return list
}

// snapshotSize is what a reference holds of a socket of another node, with its key.
func snapshotSize(ref hub.Ref) int {
	if ref.Remote == nil {
		return 0
	}
	return len(ref.Key) + ref.Remote.Size()
}

// Held implements [basescript.Holder].
func (l *socketList) Held(func(basescript.Value)) int64 { return int64(l.bytes) }

var socketListClass = &basescript.Class{
	Name: netObject,
	Props: []basescript.Prop{
		{Name: "length", Get: socketCount, Sig: "number", Doc: "The number of sockets."},
		{Name: "Count", Get: socketCount, Sig: "number", Doc: "The number of sockets."},
	},
	Methods: []basescript.Method{{
		Name: "ToArray", Call: socketsToArray,
		Sig: "(): WebSocketPair[]",
		Doc: "The same as an array.",
	}},
	Iterate: func(_ *basescript.Run, self basescript.Value) iter.Seq[basescript.Value] {
		list, _ := basescript.Self[*socketList](self)
		return func(yield func(basescript.Value) bool) {
			for _, ref := range list.refs {
				if !yield(newSocketPair(ref)) {
					return
				}
			}
		}
	},
	Len: func(self basescript.Value) int {
		list, _ := basescript.Self[*socketList](self)
		return len(list.refs)
	},
	At: func(_ *basescript.Run, self basescript.Value, i int) basescript.Value {
		list, _ := basescript.Self[*socketList](self)
		return newSocketPair(list.refs[i])
	},
}

func socketCount(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
	list, _ := basescript.Self[*socketList](self)
	return basescript.Int(int64(len(list.refs))), nil
}

func socketsToArray(r *basescript.Run, self basescript.Value, _ []basescript.Value) (basescript.Value, error) {
	list, _ := basescript.Self[*socketList](self)
	if err := r.Step(len(list.refs)); err != nil {
		return basescript.Undefined, err
	}
	if err := r.Alloc(socketPairSize * len(list.refs)); err != nil {
		return basescript.Undefined, err
	}
	pairs := make([]basescript.Value, len(list.refs))
	for i, ref := range list.refs {
		pairs[i] = newSocketPair(ref)
	}
	return basescript.ObjectValue(r.NewArray(pairs)), nil
}

// socketPair is the KeyValuePair of a socket.
type socketPair struct {
	ref   hub.Ref
	value basescript.Value // the socket, made when it is first asked for
}

// Held implements [basescript.Holder]. The list the pair is from may be gone.
func (p *socketPair) Held(visit func(basescript.Value)) int64 {
	visit(p.value)
	return int64(snapshotSize(p.ref))
}

func newSocketPair(ref hub.Ref) basescript.Value {
	return basescript.NewHost(socketPairClass, &socketPair{ref: ref})
}

var socketPairClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	{
		Name: "Key",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			pair, _ := basescript.Self[*socketPair](self)
			return basescript.String(pair.ref.Key), nil
		},
		Sig: "string", Doc: "The socket's id, such as /services/main_ws_service-s-123.",
	},
	{
		Name: "Value",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			pair, _ := basescript.Self[*socketPair](self)
			return once(&pair.value, func() basescript.Value { return newSocket(pair.ref) }), nil
		},
		Sig: "WebSocket", Doc: "The socket. One of another node has the tags it had when it was listed.",
	},
}}

// tagList is the tags of a socket at one moment.
type tagList struct{ pairs []tagPair }

type tagPair struct{ name, value string }

func newTagList(tags hub.Tags) basescript.Value {
	list := &tagList{pairs: make([]tagPair, 0, tags.Len())}
	for name, value := range tags.All() {
		list.pairs = append(list.pairs, tagPair{name, value})
	}
	return basescript.NewHost(tagListClass, list)
}

var tagListClass = &basescript.Class{
	Name: netObject,
	Props: []basescript.Prop{
		{Name: "length", Get: tagCount, Sig: "number", Doc: "The number of tags."},
		{Name: "Count", Get: tagCount, Sig: "number", Doc: "The number of tags."},
	},
	Methods: []basescript.Method{{
		Name: "ToArray", Call: tagsToArray,
		Sig: "(): TagPair[]",
		Doc: "The same as an array.",
	}},
	Iterate: func(_ *basescript.Run, self basescript.Value) iter.Seq[basescript.Value] {
		list, _ := basescript.Self[*tagList](self)
		return func(yield func(basescript.Value) bool) {
			for i := range list.pairs {
				if !yield(basescript.NewHost(tagPairClass, &list.pairs[i])) {
					return
				}
			}
		}
	},
	Len: func(self basescript.Value) int {
		list, _ := basescript.Self[*tagList](self)
		return len(list.pairs)
	},
	At: func(_ *basescript.Run, self basescript.Value, i int) basescript.Value {
		list, _ := basescript.Self[*tagList](self)
		return basescript.NewHost(tagPairClass, &list.pairs[i])
	},
}

func tagCount(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
	list, _ := basescript.Self[*tagList](self)
	return basescript.Int(int64(len(list.pairs))), nil
}

func tagsToArray(r *basescript.Run, self basescript.Value, _ []basescript.Value) (basescript.Value, error) {
	list, _ := basescript.Self[*tagList](self)
	if err := r.Alloc(socketPairSize * len(list.pairs)); err != nil {
		return basescript.Undefined, err
	}
	pairs := make([]basescript.Value, len(list.pairs))
	for i := range pairs {
		pairs[i] = basescript.NewHost(tagPairClass, &list.pairs[i])
	}
	return basescript.ObjectValue(r.NewArray(pairs)), nil
}

var tagPairClass = &basescript.Class{Name: netObject, Props: []basescript.Prop{
	{
		Name: "Key",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			pair, _ := basescript.Self[*tagPair](self)
			return basescript.String(pair.name), nil
		},
		Sig: "string", Doc: "The tag's name.",
	},
	{
		Name: "Value",
		Get: func(_ *basescript.Run, self basescript.Value) (basescript.Value, error) {
			pair, _ := basescript.Self[*tagPair](self)
			return basescript.String(pair.value), nil
		},
		Sig: "string", Doc: "The tag's value.",
	},
}}
