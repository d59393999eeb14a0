package tracing

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// The types below are ExportTraceServiceRequest in the JSON encoding of OTLP: ids in lower-case hex,
// whole numbers of 64 bits as texts, enumerations as numbers.
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		TraceState   string          `json:"traceState,omitempty"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Flags        uint32          `json:"flags"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes,omitempty"`
		Events       []otlpEvent     `json:"events,omitempty"`
		Status       *otlpStatus     `json:"status,omitempty"`
	}
	otlpEvent struct {
		Time       string          `json:"timeUnixNano"`
		Name       string          `json:"name"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
	}
	otlpStatus struct {
		Message string `json:"message,omitempty"`
		Code    int    `json:"code,omitempty"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string  `json:"stringValue,omitempty"`
		Int    *string  `json:"intValue,omitempty"`
		Double *float64 `json:"doubleValue,omitempty"`
	}
)

// Flags of a span beside those of W3C: whether it is known, and true, that the parent is elsewhere.
const (
	flagRemoteKnown = 0x100
	flagRemote      = 0x200
)

// statusError is the code of a failed span; the others have no status.
const statusError = 2

// encode writes spans, which have ended, of a process.
func encode(process Process, resource []attribute, spans []*Span) ([]byte, error) {
	list := make([]otlpSpan, len(spans))
	for i, s := range spans {
		list[i] = encodeSpan(s)
	}
	return json.Marshal(otlpRequest{[]otlpResourceSpans{{
		Resource:   otlpResource{encodeAttributes(resource)},
		ScopeSpans: []otlpScopeSpans{{Scope: otlpScope{scope, process.Version}, Spans: list}},
	}}})
}

func encodeSpan(s *Span) otlpSpan {
	span := otlpSpan{
		TraceID: hex.EncodeToString(s.place.trace[:]), SpanID: hex.EncodeToString(s.place.span[:]), TraceState: s.place.state,
		Flags: uint32(s.place.flags) | flagRemoteKnown, Name: s.name, Kind: int(s.kind),
		Start: nanoseconds(s.began), End: nanoseconds(s.ended), Attributes: encodeAttributes(s.attrs),
	}
	if s.parent != (place{}) {
		span.ParentSpanID = hex.EncodeToString(s.parent.span[:])
	}
	if s.parent.remote {
		span.Flags |= flagRemote
	}
	for _, e := range s.events {
		span.Events = append(span.Events, otlpEvent{nanoseconds(e.at), e.name, encodeAttributes(e.attrs)})
	}
	if s.failed {
		span.Status = &otlpStatus{Code: statusError, Message: s.status}
	}
	return span
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func encodeAttributes(attrs []attribute) []otlpAttribute {
	list := make([]otlpAttribute, len(attrs))
	for i, a := range attrs {
		list[i] = otlpAttribute{a.key, encodeValue(a)}
	}
	return list
}

func encodeValue(a attribute) otlpValue {
	switch a.typ {
	case typeWhole:
		n := strconv.FormatInt(a.whole, 10)
		return otlpValue{Int: &n}
	case typeReal:
		return otlpValue{Double: &a.real}
	}
	return otlpValue{String: &a.text}
}
