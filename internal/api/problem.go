package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

// problem makes problem details (RFC 9457) with a detail for a person.
func problem(status int, format string, args ...any) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...)}
}

// at adds where the request is wrong.
func at(p *huma.ErrorModel, location, message string, value any) *huma.ErrorModel {
	p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location, Message: message, Value: value})
	return p
}

// writeProblem answers a request with problem details.
func writeProblem(w http.ResponseWriter, p *huma.ErrorModel) {
	body, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("api: encode problem details: %v", err))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone; there is nobody else to tell
}

const queueFull = "The queue of this socket is full because its client reads too slowly; the message was dropped. " +
	"Send again later, send less, or allow more with the settings queue.max_messages and queue.max_bytes."

// problemOf translates errors of the rooms behind the API. key is the socket the
// request is about, empty if it is not about one.
func problemOf(err error, key string) error {
	switch {
	case errors.Is(err, hub.ErrNotFound), errors.Is(err, hub.ErrClosed):
		return problem(http.StatusNotFound, "No socket with the key %q is open.", key)
	case errors.Is(err, hub.ErrQueueFull):
		full := problem(http.StatusTooManyRequests, queueFull)
		return huma.ErrorWithHeaders(full, http.Header{"Retry-After": {"1"}})
	case errors.Is(err, hub.ErrTagLimit):
		return problem(http.StatusUnprocessableEntity, "These tags cannot be set, and none was: %s.", strings.TrimPrefix(err.Error(), hub.ErrTagLimit.Error()+": "))
	case errors.Is(err, hub.ErrTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "The service keeps its messages until they are delivered, and this one cannot be kept: %v.", err)
	case errors.Is(err, hub.ErrUnavailable), errors.Is(err, hub.ErrNoAnswer), errors.Is(err, hub.ErrNotStored):
		return huma.ErrorWithHeaders(clusterProblem(err), http.Header{"Retry-After": {"2"}})
	case errors.Is(err, ErrNoAgent):
		return problem(http.StatusNotFound, "The app has no agent of this name. GET %s/agents lists them.", Base)
	case errors.Is(err, ErrBadUser):
		return at(problem(http.StatusUnprocessableEntity, "The user cannot be taken."), "body.user", err.Error(), nil)
	case errors.Is(err, ErrStopping), errors.Is(err, context.Canceled): // or the client is gone, and reads no answer
		stopping := problem(http.StatusServiceUnavailable, "The server is stopping and starts nothing any more. Try again when it is back.")
		return huma.ErrorWithHeaders(stopping, http.Header{"Retry-After": {"5"}})
	case errors.Is(err, ErrTraces):
		watched := problem(http.StatusServiceUnavailable, "Too many sockets are watched at once. Try again when somebody has stopped.")
		return huma.ErrorWithHeaders(watched, http.Header{"Retry-After": {"10"}})
	case errors.Is(err, ErrBusy):
		busy := problem(http.StatusServiceUnavailable, "Too many runs are going on at once. Try again when one has ended.")
		return huma.ErrorWithHeaders(busy, http.Header{"Retry-After": {"1"}})
	}
	return err
}

// clusterProblem says what a node cannot do without the others, or without what they store.
func clusterProblem(err error) *huma.ErrorModel {
	switch {
	case errors.Is(err, hub.ErrNotStored):
		return problem(http.StatusServiceUnavailable, "A service that keeps its messages until they are delivered could not keep this one, so that it is not sent there: %v. Send it again later.", err)
	case errors.Is(err, hub.ErrNoAnswer):
		return problem(http.StatusServiceUnavailable, "Another node is needed for that, and it did not answer in time: %v. What was asked may be done or not. Try again; GET %s/nodes lists the nodes that answer.", err, Base)
	}
	return problem(http.StatusServiceUnavailable, "This node needs the others for that: %v. Its own sockets go on meanwhile.", err)
}

// parseFilter reads a filter; location says where the request has it.
func parseFilter(text, location string) (hub.Filter, error) {
	f, err := hub.ParseFilter(text)
	if err == nil {
		return f, nil
	}
	return f, at(problem(http.StatusBadRequest, "The filter cannot be read: %v.", err), location, err.Error(), text)
}

// shownValue bounds, in bytes, how much of a wrong value an answer repeats.
const shownValue = 200

// shownMistakes is how many things wrong an answer lists.
const shownMistakes = 20

// shortenValues keeps problem details from repeating a whole request body.
func shortenValues(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if p.Status == http.StatusUnsupportedMediaType && len(p.Errors) > 0 && strings.HasPrefix(p.Errors[0].Message, huma.ErrUnknownContentType.Error()) {
		p.Detail = badMediaType
		p.Errors = nil
	}
	slices.SortStableFunc(p.Errors, func(a, b *huma.ErrorDetail) int { return strings.Compare(a.Location, b.Location) })
	if more := len(p.Errors) - shownMistakes; more > 0 {
		p.Errors = p.Errors[:shownMistakes]
		p.Detail += fmt.Sprintf("; %d more mistakes are not listed", more)
	}
	for _, d := range p.Errors {
		d.Location = shorten(d.Location)
		if strings.HasSuffix(d.Location, ".password") {
			d.Value = nil
		}
		shortenValue(d)
	}
	return p, nil
}

func shortenValue(d *huma.ErrorDetail) {
	switch value := d.Value.(type) {
	case string:
		d.Value = shorten(value)
	case map[string]any, []any:
		d.Value = nil
	}
}

func shorten(text string) string {
	if len(text) <= shownValue {
		return text
	}
	end := shownValue
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
