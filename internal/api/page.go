package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// PageQuery are the parameters of every list. It is exported because the library looks into
// no others when it is embedded.
type PageQuery struct {
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items of the answer."`
	After string `query:"after" doc:"The next of the page before; the first page without it."`
}

// cursorOf makes the "next" of a page: an opaque text that says where in which list
// the page ended. It stays good however the list changes.
func cursorOf(list, position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + ":" + position))
}

// position returns where the page begins that a request asks for, empty for the
// first one. A text that this list did not give out is an error.
func (q PageQuery) position(list string) (string, error) {
	if q.After == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(q.After)
	position, ours := strings.CutPrefix(string(text), list+":")
	if err != nil || !ours || position == "" {
		return "", q.notNext()
	}
	return position, nil
}

// number is position for a list whose items have numbers, 0 for the first page.
func (q PageQuery) number(list string) (uint64, error) {
	position, err := q.position(list)
	if position == "" || err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(position, 10, 64)
	if err != nil || n == 0 {
		return 0, q.notNext()
	}
	return n, nil
}

// notNext says that the text is not where a page of the list begins.
func (q PageQuery) notNext() error {
	p := problem(http.StatusBadRequest, "This is not the next of a page of this list. Take it from the answer before, as it is, or leave it out to begin with the first page.")
	return at(p, "query.after", "not a cursor of this list", q.After)
}

// pageOf returns the page of a list that is there as a whole, ordered by name.
func pageOf[T any](list string, items []T, name func(T) string, q PageQuery) (List[T], error) {
	after, err := q.position(list)
	if err != nil {
		return List[T]{}, err
	}
	for len(items) > 0 && after != "" && name(items[0]) <= after {
		items = items[1:]
	}
	next := ""
	if len(items) > q.Limit {
		items = items[:q.Limit]
		next = cursorOf(list, name(items[q.Limit-1]))
	}
	return listOf(items, next, nil), nil
}
