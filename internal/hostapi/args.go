package hostapi

import (
	"errors"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// arg returns the argument at i, undefined if it was not given.
func arg(args []basescript.Value, i int) basescript.Value {
	if i < len(args) {
		return args[i]
	}
	return basescript.Undefined
}

// textArg takes an argument that must be text: a string, or a number where an id may be one. The
// text is the caller's to keep.
func textArg(what string, v basescript.Value) (string, error) {
	v = v.Scalar()
	switch v.Kind() {
	case basescript.KindString, basescript.KindInt:
		return strings.Clone(v.Text()), nil
	}
	return "", basescript.Errorf("%s must be text, not %s", what, v.Kind())
}

// stringArg is textArg without numbers, for what never is one.
func stringArg(what string, v basescript.Value) (string, error) {
	v = v.Scalar()
	if v.Kind() != basescript.KindString {
		return "", basescript.Errorf("%s must be text, not %s", what, v.Kind())
	}
	return v.Str(), nil
}

// listArg takes an argument that must be an array of the dialect, or empty for no elements.
func listArg(what string, v basescript.Value) ([]basescript.Value, error) {
	if v.IsNil() {
		return nil, nil
	}
	if !v.Object().IsArray() {
		return nil, basescript.Errorf("%s must be an array, not %s", what, v.Kind())
	}
	return v.Object().Elements(), nil
}

// isTrue is tools_web.is_true: true, 1, '1' and 'true' (spec/basescript.md 3.2).
func isTrue(v basescript.Value) bool {
	v = v.Scalar()
	switch v.Kind() {
	case basescript.KindBool:
		return v.Bool()
	case basescript.KindInt:
		return v.Int() == 1
	case basescript.KindReal:
		return v.Real() == 1
	case basescript.KindString:
		s := strings.TrimSpace(v.Str())
		return s == "1" || strings.EqualFold(s, "true")
	}
	return false
}

// userID returns a user's id as scripts have it: an integer wherever it is one.
func userID(u hub.User) basescript.Value { return idValue(u.ID) }

// idValue is an id as scripts have it: an integer wherever it is one.
func idValue(text string) basescript.Value {
	id := basescript.String(text)
	if i, ok := id.ToInt(); ok && basescript.Int(i).Text() == text {
		return basescript.Int(i)
	}
	return id
}

// constant is a name that has the same value in every run.
func constant(name string, v basescript.Value, sig, doc string) basescript.Global {
	return basescript.Global{
		Name: name, Sig: sig, Doc: doc,
		Value: func(*basescript.Run) (basescript.Value, bool) { return v, true },
	}
}

// isScriptError reports whether err is an error of the dialect already, such as the end of the run.
func isScriptError(err error) bool {
	var e *basescript.Error
	return errors.As(err, &e)
}
