package login

import (
	"net/http"
	"strconv"
	"strings"
)

// language is one of those the page is in.
type language string

const (
	english language = "en"
	russian language = "ru"
)

// languages are in the order the page offers them.
var languages = []language{english, russian}

// chosen returns the language that somebody has switched to; "" if that is none of ours.
func chosen(text string) language {
	for _, l := range languages {
		if text == string(l) {
			return l
		}
	}
	return ""
}

// languageOf returns the language that a browser likes best of ours (RFC 9110, section 12.5.4); the
// first it names of several it likes as much, and English if it names none.
func languageOf(h http.Header) language {
	best, liked := english, 0.0
	for part := range strings.SplitSeq(strings.Join(h["Accept-Language"], ","), ",") {
		tag, params, _ := strings.Cut(part, ";")
		main, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if l := chosen(main); l != "" && weight > liked && weight <= 1 {
			best, liked = l, weight
		}
	}
	return best
}
