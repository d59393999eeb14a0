package hostapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// The form in which GlobalStorage keeps values: JSON where JSON has the type (null, booleans, texts,
// integers, arrays), and an object with one member for the rest.
const (
	tagUndefined = "undefined" // true
	tagReal      = "real"      // text
	tagBytes     = "bytes"     // Base64 of a text that is not UTF-8
	tagDate      = "date"      // [RFC 3339 text, which parts there are]
	tagObject    = "object"    // [[name, value], …]
	tagError     = "error"     // the message
)

func marshalFrozen(f *frozen) (json.RawMessage, error) {
	tree, err := frozenTree(f, 0)
	if err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

func frozenTree(f *frozen, depth int) (any, error) {
	if depth > maxFrozenDepth {
		return nil, basescript.NewError("A value that contains itself cannot be stored")
	}
	switch f.kind {
	case frozenScalar:
		return scalarTree(f.scalar), nil
	case frozenError:
		return map[string]any{tagError: f.fault.Message}, nil
	case frozenShared:
		return nil, basescript.NewError("A lock or a cache cannot be stored")
	}
	list := make([]any, 0, len(f.items))
	for i, item := range f.items {
		tree, err := frozenTree(item, depth+1)
		if err != nil {
			return nil, err
		}
		if f.kind == frozenObject {
			tree = []any{scalarTree(basescript.String(f.keys[i])), tree}
		}
		list = append(list, tree)
	}
	if f.kind == frozenObject {
		return map[string]any{tagObject: list}, nil
	}
	return list, nil
}

func scalarTree(v basescript.Value) any {
	switch v.Kind() {
	case basescript.KindUndefined:
		return map[string]any{tagUndefined: true}
	case basescript.KindBool:
		return v.Bool()
	case basescript.KindInt:
		return v.Int()
	case basescript.KindReal:
		return map[string]any{tagReal: strconv.FormatFloat(v.Real(), 'g', -1, 64)}
	case basescript.KindString:
		if !utf8.ValidString(v.Str()) {
			return map[string]any{tagBytes: base64.StdEncoding.EncodeToString([]byte(v.Str()))}
		}
		return v.Str()
	case basescript.KindDate:
		d := v.Date()
		return map[string]any{tagDate: []any{d.Time.Format(time.RFC3339Nano), d.HasTime, d.HasSeconds, d.HasZone}}
	}
	return nil
}

// unmarshalFrozen is the reverse of marshalFrozen.
func unmarshalFrozen(text json.RawMessage) (*frozen, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, basescript.NewError("The stored value cannot be read")
	}
	f := frozenOf(tree)
	if f == nil {
		return nil, basescript.NewError("The stored value cannot be read")
	}
	return f, nil
}

// frozenOf returns nil for a tree marshalFrozen does not make.
func frozenOf(tree any) *frozen {
	switch tree := tree.(type) {
	case nil:
		return &frozen{scalar: basescript.Null}
	case bool:
		return &frozen{scalar: basescript.Bool(tree)}
	case string:
		return &frozen{scalar: basescript.String(tree)}
	case json.Number:
		if i, err := strconv.ParseInt(tree.String(), 10, 64); err == nil {
			return &frozen{scalar: basescript.Int(i)}
		}
	case []any:
		f := &frozen{kind: frozenArray}
		for _, item := range tree {
			thawed := frozenOf(item)
			if thawed == nil {
				return nil
			}
			f.items = append(f.items, thawed)
		}
		return f
	case map[string]any:
		for tag, content := range tree {
			return taggedFrozen(tag, content)
		}
	}
	return nil
}

func taggedFrozen(tag string, content any) *frozen {
	switch tag {
	case tagUndefined:
		return &frozen{}
	case tagReal:
		text, _ := content.(string)
		x, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(x, 0) {
			return nil
		}
		return &frozen{scalar: basescript.Real(x)}
	case tagBytes:
		text, _ := content.(string)
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil
		}
		return &frozen{scalar: basescript.String(string(data))}
	case tagError:
		text, _ := content.(string)
		return &frozen{kind: frozenError, fault: basescript.NewError(text)}
	case tagDate:
		return frozenDate(content)
	case tagObject:
		return frozenProperties(content)
	}
	return nil
}

func frozenDate(content any) *frozen {
	list, _ := content.([]any)
	if len(list) != 4 {
		return nil
	}
	text, _ := list[0].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil
	}
	is := func(i int) bool { yes, _ := list[i].(bool); return yes }
	d := basescript.Date{Time: at, HasTime: is(1), HasSeconds: is(2), HasZone: is(3)}
	if !d.HasZone { // its fields count, not the instant
		d.Time = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.Local)
	}
	return &frozen{scalar: basescript.DateValue(d)}
}

func frozenProperties(content any) *frozen {
	list, ok := content.([]any)
	if !ok {
		return nil
	}
	f := &frozen{kind: frozenObject}
	for _, entry := range list {
		pair, _ := entry.([]any)
		if len(pair) != 2 {
			return nil
		}
		key, value := frozenOf(pair[0]), frozenOf(pair[1])
		if key == nil || value == nil || key.scalar.Kind() != basescript.KindString {
			return nil
		}
		f.keys, f.items = append(f.keys, key.scalar.Str()), append(f.items, value)
	}
	return f
}
