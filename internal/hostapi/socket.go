package hostapi

import (
	"context"
	"errors"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// webSocket is the Go side of a socket object of a script.
type webSocket struct{ ref hub.Ref }

// Held implements [basescript.Holder].
func (s *webSocket) Held(func(basescript.Value)) int64 { return int64(snapshotSize(s.ref)) }

func newSocket(ref hub.Ref) basescript.Value {
	return basescript.NewHost(socketClass, &webSocket{ref})
}

// socketClass is the socket object (spec/websocket.md B.6). A socket that has ended meanwhile has no
// tags and takes none; that is no error, since sockets end at any moment. Nor is it one that the node of a
// socket does not answer: a line says so.
var socketClass = &basescript.Class{
	Name: netObject,
	Props: []basescript.Prop{
		{
			Name: "Tags", Since: "1.24",
			Get: func(r *basescript.Run, self basescript.Value) (basescript.Value, error) {
				tags, err := readTags(r, self)
				if err != nil {
					return basescript.Undefined, err
				}
				return newTagList(tags), nil
			},
			Sig: "TagCollection", Doc: "The tags as they are now, pairs of Key and Value.",
		},
		{
			Name: "State", Get: socketState,
			Sig: "string", Doc: "Open, Detached while the socket waits for its client to come back, Closed, or None if its node does not answer.",
		},
	},
	Methods: []basescript.Method{
		{
			Name: "GetTag", Since: "1.24", Min: 1, Call: getTag,
			Sig: "(name: string): string | null", Doc: "The value of a tag, null if there is none of that name.",
		},
		{
			Name: "AddOrUpdateTag", Since: "1.24", Min: 2, Call: addOrUpdateTag,
			Sig: "(name: string, value: any): void", Doc: "Sets a tag and keeps the others.",
		},
		{
			Name: "RemoveTag", Since: "1.24", Min: 1, Call: removeTag,
			Sig: "(name: string): boolean", Doc: "Removes a tag, and says whether it was there.",
		},
		{
			Name: "SetTagsFromJson", Since: "1.24", Min: 1, Call: setTagsFromJSON,
			Sig: "(json: string): void", Doc: "Replaces all tags by the properties of a JSON object.",
		},
		{
			Name: "Abort", Call: abortSocket,
			Sig: "(): void", Doc: "Drops the connection at once; the client sees the close code 1006.",
		},
	},
}

// onSocket calls fn with the sockets and the one behind self, in a wait. member is what the script uses.
func onSocket(r *basescript.Run, self basescript.Value, member string, fn func(ctx context.Context, all Sockets, ref hub.Ref) error) error {
	socket, _ := basescript.Self[*webSocket](self)
	env := envOf(r)
	err := r.Wait(func(ctx context.Context) error { return fn(ctx, env.Sockets, socket.ref) })
	if errors.Is(err, hub.ErrClosed) || errors.Is(err, hub.ErrNotFound) {
		return nil
	}
	return env.unreached(member, err)
}

func readTags(r *basescript.Run, self basescript.Value) (tags hub.Tags, err error) {
	err = onSocket(r, self, "Tags", func(ctx context.Context, all Sockets, ref hub.Ref) (err error) {
		tags, err = all.Tags(ctx, ref)
		return err
	})
	return tags, err
}

func socketState(r *basescript.Run, self basescript.Value) (basescript.Value, error) {
	state := "None"
	err := onSocket(r, self, "State", func(ctx context.Context, all Sockets, ref hub.Ref) error {
		info, ok, err := all.Info(ctx, ref)
		switch {
		case err == nil && !ok:
			state = "Closed"
		case ok && info.State == hub.StateOpen:
			state = "Open"
		case ok && info.State == hub.StateDetached:
			state = "Detached"
		}
		return err
	})
	return basescript.String(state), err
}

func getTag(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	name, err := stringArg("The name of a tag", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	tags, err := readTags(r, self)
	if err != nil {
		return basescript.Undefined, err
	}
	value, ok := tags.Get(name)
	if !ok {
		return basescript.Null, nil
	}
	return basescript.String(value), nil
}

func addOrUpdateTag(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	name, err := stringArg("The name of a tag", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	value := strings.Clone(args[1].Text())
	_, err = patchTag(r, self, "AddOrUpdateTag", name, &value)
	return basescript.Undefined, err
}

func removeTag(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	name, err := stringArg("The name of a tag", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	changed, err := patchTag(r, self, "RemoveTag", name, nil)
	return basescript.Bool(changed), err
}

func patchTag(r *basescript.Run, self basescript.Value, member, name string, value *string) (changed bool, err error) {
	patch := map[string]*string{strings.Clone(name): value}
	err = onSocket(r, self, member, func(ctx context.Context, all Sockets, ref hub.Ref) (err error) {
		changed, err = all.PatchTags(ctx, ref, patch)
		return err
	})
	return changed, err
}

func setTagsFromJSON(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	v := args[0].Scalar()
	if v.Kind() != basescript.KindString {
		return basescript.Undefined, basescript.Errorf("SetTagsFromJson takes JSON text, not %s: use EncodeJson", kindName(v))
	}
	if err := r.Step(1 + len(v.Str())>>4); err != nil {
		return basescript.Undefined, err
	}
	tags, changed, err := hub.TagsFromJSON(v.Str(), envOf(r).Settings.Profile)
	if err != nil || !changed {
		return basescript.Undefined, err
	}
	err = onSocket(r, self, "SetTagsFromJson", func(ctx context.Context, all Sockets, ref hub.Ref) error {
		return all.ReplaceTags(ctx, ref, tags)
	})
	return basescript.Undefined, err
}

func abortSocket(r *basescript.Run, self basescript.Value, _ []basescript.Value) (basescript.Value, error) {
	err := onSocket(r, self, "Abort", func(ctx context.Context, all Sockets, ref hub.Ref) error { return all.Abort(ctx, ref) })
	return basescript.Undefined, err
}
