package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/userdata"
)

// UserDataStore keeps what scripts store; *userdata.Store has these methods.
type UserDataStore interface {
	List(ctx context.Context, prefix string, limit int, after string) (page []userdata.Entry, next string, err error)
	Look(ctx context.Context, key string) (value userdata.Value, ok bool, err error)
	SetIf(ctx context.Context, key string, value json.RawMessage, ttl time.Duration, may userdata.Condition) (revision uint64, err error)
	DeleteIf(ctx context.Context, key string, may userdata.Condition) (held bool, err error)
}

// UserData is a key with its value.
type UserData struct {
	Key       string     `json:"key" doc:"The key."`
	Value     AnyJSON    `json:"value,omitempty" doc:"In lists only with values=true. A recipients list is shown as scripts see it."`
	TTL       int64      `json:"ttl,omitempty" doc:"Seconds it has left, rounded up; absent: it stays until it is removed."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When its time is over; absent: it stays until it is removed."`
}

// UserDataRequest is a value to store.
type UserDataRequest struct {
	Value AnyJSON `json:"value"`
	TTL   int64   `json:"ttl,omitempty" minimum:"1" maximum:"3153600000" doc:"Seconds it lives; without it, it stays until it is removed."`
}

// AnyJSON is a JSON value as it was written, so that long numbers in it stay exact.
type AnyJSON []byte

// UnmarshalJSON keeps the value.
func (v *AnyJSON) UnmarshalJSON(data []byte) error {
	*v = append((*v)[:0], data...)
	return nil
}

// MarshalJSON writes the value; without one it is null.
func (v AnyJSON) MarshalJSON() ([]byte, error) {
	if len(v) == 0 {
		return []byte("null"), nil
	}
	return v, nil
}

// Schema says that it may be anything.
func (AnyJSON) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Description: "Any JSON value."}
}

// maxValues bounds the values of one page, in bytes; one value may be longer.
const maxValues = 4 << 20

// putTime bounds the storing of one value.
const putTime = 10 * time.Minute

type userDataQuery struct {
	Prefix string `query:"prefix" doc:"Only keys that begin so."`
	Values bool   `query:"values" doc:"Whether to tell the values too. A page then ends early when they are large."`
	Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"100" doc:"Most items of the answer."`
	After  string `query:"after" doc:"The next of the page before; the first page without it."`
}

type userDataKey struct {
	Key         string `path:"key" doc:"The key of the value."`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag: the answer is 304 without a body if the value is still that one."`
}

type userDataPut struct {
	Key         string `path:"key" doc:"The key of the value."`
	IfMatch     string `header:"If-Match" doc:"The ETag of the value to replace, or * for any: another one gives 412. Without it any value is replaced, or a new one stored."`
	IfNoneMatch string `header:"If-None-Match" doc:"* writes only where there is no value yet; where there is one that gives 412."`
	Body        UserDataRequest
}

type userDataDelete struct {
	Key     string `path:"key" doc:"The key of the value."`
	IfMatch string `header:"If-Match" doc:"The ETag of the value to remove, or * for any: another one gives 412. Without it any value is removed."`
}

type userDataAnswer struct {
	Status int
	ETag   string `header:"ETag" doc:"Names the value; If-Match of a write takes it. Recipients lists have none."`
	Body   UserData
}

func (h *handler) registerUserData(router huma.API) {
	const path = "/user-data/{key}"
	huma.Register(router, h.operation("list-user-data", http.MethodGet, "/user-data", "Keys of user data, in their order", http.StatusOK, http.StatusServiceUnavailable), h.listUserData)
	get := h.operation("get-user-data", http.MethodGet, path, "One value", http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable)
	get.Responses = map[string]*huma.Response{"304": {Description: "The value is still the one named.", Headers: map[string]*huma.Param{
		"ETag": {Description: "Names the value; If-Match of a write takes it.", Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	huma.Register(router, get, h.getUserData)
	put := h.operation("put-user-data", http.MethodPut, path, "Store a value", http.StatusOK,
		http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusInsufficientStorage, http.StatusServiceUnavailable)
	put.MaxBodyBytes = userdata.MaxList + maxBody // a recipients list may be longer than any other value
	huma.Register(router, put, h.putUserData)
	huma.Register(router, h.operation("delete-user-data", http.MethodDelete, path, "Remove a value", http.StatusNoContent,
		http.StatusNotFound, http.StatusPreconditionFailed, http.StatusServiceUnavailable), h.deleteUserData)
}

func (h *handler) listUserData(ctx context.Context, in *userDataQuery) (*answer[List[UserData]], error) {
	after, err := PageQuery{After: in.After}.position("user-data")
	if err != nil {
		return nil, err
	}
	entries, next, err := h.UserData.List(ctx, in.Prefix, in.Limit, after)
	if err != nil {
		return nil, userDataProblem(err)
	}
	items, size := make([]UserData, 0, len(entries)), 0
	for i, entry := range entries {
		value := userdata.Value{Expires: entry.Expires}
		if in.Values {
			var ok bool
			if value, ok, err = h.UserData.Look(ctx, entry.Key); err != nil {
				return nil, userDataProblem(err)
			}
			if !ok {
				continue // removed since
			}
		}
		items = append(items, userDataOf(entry.Key, value))
		if size += len(value.JSON); size > maxValues && i+1 < len(entries) {
			next = entry.Key
			break
		}
	}
	if next != "" {
		next = cursorOf("user-data", next)
	}
	return &answer[List[UserData]]{listOf(items, next, nil)}, nil
}

func userDataOf(key string, v userdata.Value) UserData {
	d := UserData{Key: key, Value: AnyJSON(v.JSON)}
	if !v.Expires.IsZero() {
		expires := v.Expires.UTC()
		d.ExpiresAt, d.TTL = &expires, max(1, int64((time.Until(expires)+time.Second-1)/time.Second))
	}
	return d
}

func (h *handler) getUserData(ctx context.Context, in *userDataKey) (*userDataAnswer, error) {
	if err := checkUserDataKey(in.Key); err != nil {
		return nil, err
	}
	known, err := parseETags("If-None-Match", weakly(in.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	value, ok, err := h.UserData.Look(ctx, in.Key)
	if err != nil {
		return nil, userDataProblem(err)
	}
	if !ok {
		return nil, noUserData(in.Key)
	}
	told := &userDataAnswer{Status: http.StatusOK, ETag: etag(value.Revision), Body: userDataOf(in.Key, value)}
	if known != nil && known(value.Revision, true) {
		told.Status = http.StatusNotModified
	}
	return told, nil
}

func (h *handler) putUserData(ctx context.Context, in *userDataPut) (*userDataAnswer, error) {
	if err := checkUserDataKey(in.Key); err != nil {
		return nil, err
	}
	may, err := condition(in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(in.Body.Value) {
		return nil, at(problem(http.StatusUnprocessableEntity, "The value cannot be taken."), "body.value", "must be UTF-8", nil)
	}
	var text bytes.Buffer
	if err := json.Compact(&text, in.Body.Value); err != nil {
		return nil, at(problem(http.StatusBadRequest, "The value is not JSON: %v.", err), "body.value", "must be JSON", nil)
	}
	ttl := time.Duration(in.Body.TTL) * time.Second
	// A recipients list is many writes: it is not left half written because the client went away, or the time to
	// send the body is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTime)
	defer cancel()
	revision, err := h.UserData.SetIf(ctx, in.Key, text.Bytes(), ttl, may)
	if err != nil {
		return nil, userDataProblem(err)
	}
	stored := userdata.Value{}
	if ttl > 0 {
		stored.Expires = time.Now().Add(ttl)
	}
	return &userDataAnswer{Status: http.StatusOK, ETag: etag(revision), Body: userDataOf(in.Key, stored)}, nil
}

func (h *handler) deleteUserData(ctx context.Context, in *userDataDelete) (*struct{}, error) {
	if err := checkUserDataKey(in.Key); err != nil {
		return nil, err
	}
	may, err := condition(in.IfMatch, "")
	if err != nil {
		return nil, err
	}
	held, err := h.UserData.DeleteIf(ctx, in.Key, may)
	if err != nil {
		return nil, userDataProblem(err)
	}
	if !held {
		return nil, noUserData(in.Key)
	}
	return nil, nil
}

func checkUserDataKey(key string) error {
	if utf8.ValidString(key) {
		return nil
	}
	return at(problem(http.StatusUnprocessableEntity, "The key cannot be taken."), "path.key", "must be UTF-8, percent-encoded", nil)
}

func noUserData(key string) error {
	return problem(http.StatusNotFound, "There is no user data under the key %q, or its time is over.", shorten(key))
}

// etag is how answers name a revision; a list has none.
func etag(revision uint64) string {
	if revision == 0 {
		return ""
	}
	return `"` + strconv.FormatUint(revision, 10) + `"`
}

// weakly makes the weak tags of a list strong ones: where nothing is written, either will do.
func weakly(list string) string { return strings.ReplaceAll(list, `W/"`, `"`) }

// condition reads the headers of a conditional write; nil if there are none.
func condition(ifMatch, ifNoneMatch string) (userdata.Condition, error) {
	wanted, err := parseETags("If-Match", ifMatch)
	if err != nil {
		return nil, err
	}
	unwanted, err := parseETags("If-None-Match", ifNoneMatch)
	if err != nil || wanted == nil && unwanted == nil {
		return nil, err
	}
	return func(revision uint64, exists bool) bool {
		return (wanted == nil || wanted(revision, exists)) && (unwanted == nil || !unwanted(revision, exists))
	}, nil
}

// parseETags reads "*" or a list of tags and returns what says whether one of them is
// that of the present value; nil for an empty text. Tags that are not ours match nothing.
func parseETags(header, text string) (userdata.Condition, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "":
		return nil, nil
	case "*":
		return func(_ uint64, exists bool) bool { return exists }, nil
	}
	tags := map[string]bool{}
	for tag := range strings.SplitSeq(text, ",") {
		tag = strings.TrimSpace(tag)
		if plain := strings.TrimPrefix(tag, "W/"); len(plain) < 2 || plain[0] != '"' || plain[len(plain)-1] != '"' {
			return nil, at(problem(http.StatusBadRequest, `The header %s holds * or the ETag of an answer, with its quotes: "17".`, header),
				"header."+header, "is not a list of ETags", text)
		}
		tags[tag] = true
	}
	return func(revision uint64, exists bool) bool { return exists && tags[etag(revision)] }, nil
}

// userDataProblem translates errors of the store.
func userDataProblem(err error) error {
	switch {
	case errors.Is(err, userdata.ErrBadKey):
		return at(problem(http.StatusUnprocessableEntity, "The key cannot be taken: a key has 1 to 4096 bytes."), "path.key", "is too long", nil)
	case errors.Is(err, userdata.ErrTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "The value is larger than the store takes: %v.", err)
	case errors.Is(err, userdata.ErrFull):
		return problem(http.StatusInsufficientStorage, "The store is full. Remove user data that is not needed any more.")
	case errors.Is(err, userdata.ErrChanged):
		return problem(http.StatusPreconditionFailed, "The value is not the one that the request expects: somebody wrote or removed it meanwhile. Read it again.")
	case errors.Is(err, userdata.ErrClosed):
		stopping := problem(http.StatusServiceUnavailable, "The store is closed: the server is stopping.")
		return huma.ErrorWithHeaders(stopping, http.Header{"Retry-After": {"5"}})
	case errors.Is(err, userdata.ErrUnavailable):
		away := problem(http.StatusServiceUnavailable, "The store does not answer: the NATS servers that keep the data cannot be reached. Try again.")
		return huma.ErrorWithHeaders(away, http.Header{"Retry-After": {"5"}})
	}
	return err
}
