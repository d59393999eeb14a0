package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// wrongQuery says what cannot be meant as it stands: the library would leave out
// values that cannot be decoded, as if they had not been asked for, take the
// first of several, and pass on bytes that are no text.
func wrongQuery(r *http.Request) *huma.ErrorModel {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		name, value := wrongPair(r.URL.RawQuery)
		return at(problem(http.StatusBadRequest, "The query cannot be read: %s. Percent-encode values: %%25 is a percent sign, %%26 an ampersand, %%2B a plus, %%3B a semicolon.", shorten(err.Error())),
			place(name), "must be percent-encoded", shorten(value))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !utf8.ValidString(name) || !utf8.ValidString(values[name][0]) {
			return at(problem(http.StatusBadRequest, "The query cannot be read: a parameter is not UTF-8."), place(strings.ToValidUTF8(name, "�")), "must be UTF-8", nil)
		}
		if len(values[name]) > 1 {
			return at(problem(http.StatusBadRequest, "The parameter %q is given more than once.", shorten(name)),
				place(name), "given twice or more; once is meant", nil)
		}
	}
	return nil
}

// wrongPair returns the first parameter of a query that cannot be decoded, as it
// was written. The name is empty if it is what is wrong.
func wrongPair(query string) (name, value string) {
	for pair := range strings.SplitSeq(query, "&") {
		if _, err := url.ParseQuery(pair); err == nil {
			continue
		}
		name, value, _ = strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil {
			return name, value
		}
		return "", pair
	}
	return "", query // too many of them
}

// place is the location of a parameter in problem details.
func place(name string) string {
	if name == "" {
		return "query"
	}
	return "query." + shorten(name)
}
