package jwt

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/go-jose/go-jose/v4/json"

	"github.com/tutorsocket/tutorsocket/internal/auth"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const (
	// maxUserID bounds the id of a user, in bytes: it is kept with every socket.
	maxUserID = 128
	// maxName bounds login and name, in bytes.
	maxName = 256
)

// caller returns whom claims name. The error says which claim is wrong.
func (c ClaimsConfig) caller(claims claimSet) (auth.Caller, error) {
	id, err := userID(claims, c.UserID)
	if err != nil {
		return auth.Caller{}, err
	}
	services, err := servicesOf(claims, c.Services)
	if err != nil {
		return auth.Caller{}, err
	}
	tags := collect(claims, c.Tags)
	if err := hub.NewTags(tags).Check(); err != nil {
		return auth.Caller{}, fmt.Errorf("its claims for tags are too much: %w", err)
	}
	return auth.Caller{
		User: hub.User{
			ID:     id,
			Login:  nameOf(claims, c.Login),
			Name:   nameOf(claims, c.Name),
			Admin:  isAdmin(claims, c.Admin),
			Fields: collect(claims, c.Fields),
		},
		Method:   auth.MethodJWT,
		Tags:     tags,
		Services: services,
	}, nil
}

// find returns the value of a claim, nil if it is null or absent. A name may hold dots itself
// (https://example.com/roles); where there is no such claim it is a path into objects.
func (c claimSet) find(name string) (value any, present bool) {
	if name == "" { // nothing says it, and so does not a claim that is called like that
		return nil, false
	}
	if value, ok := c[name]; ok {
		return value, true
	}
	first, rest, dots := strings.Cut(name, ".")
	if inner, ok := c[first].(map[string]any); ok && dots {
		return claimSet(inner).find(rest)
	}
	return nil, false
}

// integer is a whole number as JSON writes it: WebTutor's ids have 19 digits, more than a float keeps.
var integer = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`) })

func userID(claims claimSet, name string) (string, error) {
	var id string
	value, _ := claims.find(name)
	switch v := value.(type) {
	case nil:
		return "", fmt.Errorf("it has no claim %s, which names the user", shown(name))
	case string:
		id = v
	case json.Number:
		if id = v.String(); !integer().MatchString(id) {
			return "", fmt.Errorf("its claim %s is not a whole number written with its digits", shown(name))
		}
	default:
		return "", fmt.Errorf("its claim %s is neither a text nor a whole number", shown(name))
	}
	if err := checkUserID(id); err != nil {
		return "", fmt.Errorf("its claim %s: %w", shown(name), err)
	}
	return id, nil
}

// checkUserID refuses what would spoil log lines, tags and comparisons.
func checkUserID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("the id of the user is empty")
	case len(id) > maxUserID:
		return fmt.Errorf("the id of the user has %d bytes, at most %d are possible", len(id), maxUserID)
	case strings.ContainsFunc(id, func(c rune) bool { return !unicode.IsGraphic(c) || unicode.IsSpace(c) || c == unicode.ReplacementChar }):
		return fmt.Errorf("the id of the user is not plain text without blanks")
	}
	return nil
}

// nameOf reads a claim that people write themselves at some issuers: what cannot be seen in it becomes a blank, and
// what is too long is cut.
func nameOf(claims claimSet, claim string) string {
	value, _ := claims.find(claim)
	text, ok := value.(string)
	if !ok {
		return ""
	}
	text = strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return ' '
		}
		return c
	}, text)
	if len(text) > maxName {
		text = strings.ToValidUTF8(text[:maxName], "")
	}
	return strings.TrimSpace(text)
}

// isAdmin reads "NAME", a claim that is true, or "NAME=VALUE", one that is the value, or contains it as an item of a list
// or as a word of a text.
func isAdmin(claims claimSet, rule string) bool {
	name, want, hasValue := strings.Cut(rule, "=")
	value, _ := claims.find(name)
	switch v := value.(type) {
	case bool:
		return v && !hasValue
	case string:
		return hasValue && (v == want || slices.Contains(strings.Fields(v), want))
	case []any:
		return hasValue && slices.ContainsFunc(v, func(item any) bool { return item == want })
	}
	return false
}

// servicesOf reads which services the user may open. A claim that is there and cannot be read is an error, not all
// services; an empty one is none.
func servicesOf(claims claimSet, name string) ([]string, error) {
	value, present := claims.find(name)
	if name == "" || !present {
		return nil, nil
	}
	if text, ok := value.(string); ok {
		return append([]string{}, strings.Fields(text)...), nil
	}
	list, ok := texts(value)
	if !ok || value == nil {
		return nil, fmt.Errorf("its claim %s is neither a list of names nor a text with them", shown(name))
	}
	return append([]string{}, list...), nil
}

// entryOf takes an entry NAME or TO=NAME apart.
func entryOf(entry string) (to, claim string) {
	to, claim, ok := strings.Cut(entry, "=")
	if !ok {
		claim = to
	}
	return to, claim
}

// collect reads claims for fields or tags, a later entry over an earlier one; nil if there are none.
func collect(claims claimSet, entries []string) map[string]string {
	values := map[string]string{}
	for _, entry := range entries {
		to, claim := entryOf(entry)
		value, _ := claims.find(claim)
		if members, ok := value.(map[string]any); ok && !strings.Contains(entry, "=") {
			for name, member := range members {
				if member != nil {
					values[name] = text(member)
				}
			}
			continue
		}
		if value != nil {
			values[to] = text(value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

// text writes a claim as a field or a tag has it: texts as they are, numbers as they are written, lists and objects as
// JSON.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	written, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("jwt: write what was read from JSON: %v", err))
	}
	return string(written)
}
