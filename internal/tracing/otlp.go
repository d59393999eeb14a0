package tracing

import (
	"encoding/json"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
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
		Dropped      int             `json:"droppedAttributesCount,omitempty"`
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
		Bool   *bool    `json:"boolValue,omitempty"`
		Int    *string  `json:"intValue,omitempty"`
		Double *float64 `json:"doubleValue,omitempty"`
	}
)

// Flags of a span beside those of W3C: whether it is known, and true, that the parent is elsewhere.
const (
	flagRemoteKnown = 0x100
	flagRemote      = 0x200
)

// encode writes spans of one process; there is at least one.
func encode(spans []sdktrace.ReadOnlySpan) ([]byte, error) {
	first := spans[0]
	list := make([]otlpSpan, len(spans))
	for i, s := range spans {
		list[i] = encodeSpan(s)
	}
	return json.Marshal(otlpRequest{[]otlpResourceSpans{{
		Resource: otlpResource{encodeAttributes(first.Resource().Attributes())},
		ScopeSpans: []otlpScopeSpans{{
			Scope: otlpScope{first.InstrumentationScope().Name, first.InstrumentationScope().Version},
			Spans: list,
		}},
	}}})
}

func encodeSpan(s sdktrace.ReadOnlySpan) otlpSpan {
	sc := s.SpanContext()
	span := otlpSpan{
		TraceID: sc.TraceID().String(), SpanID: sc.SpanID().String(), TraceState: sc.TraceState().String(),
		Flags: flags(sc, s.Parent()), Name: s.Name(), Kind: int(s.SpanKind()), // the numbers are the same
		Start: nanoseconds(s.StartTime()), End: nanoseconds(s.EndTime()),
		Attributes: encodeAttributes(s.Attributes()), Dropped: s.DroppedAttributes(), Status: encodeStatus(s.Status()),
	}
	if s.Parent().HasSpanID() {
		span.ParentSpanID = s.Parent().SpanID().String()
	}
	for _, e := range s.Events() {
		span.Events = append(span.Events, otlpEvent{nanoseconds(e.Time), e.Name, encodeAttributes(e.Attributes)})
	}
	return span
}

func flags(sc, parent trace.SpanContext) uint32 {
	f := uint32(sc.TraceFlags()) | flagRemoteKnown
	if parent.IsRemote() {
		f |= flagRemote
	}
	return f
}

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// encodeStatus: the numbers of OTLP are 1 for ok and 2 for an error; nothing means unset.
func encodeStatus(s sdktrace.Status) *otlpStatus {
	switch s.Code {
	case codes.Error:
		return &otlpStatus{Code: 2, Message: s.Description}
	case codes.Ok:
		return &otlpStatus{Code: 1}
	}
	return nil
}

func encodeAttributes(attrs []attribute.KeyValue) []otlpAttribute {
	list := make([]otlpAttribute, len(attrs))
	for i, a := range attrs {
		list[i] = otlpAttribute{string(a.Key), encodeValue(a.Value)}
	}
	return list
}

func encodeValue(v attribute.Value) otlpValue {
	switch v.Type() {
	case attribute.BOOL:
		b := v.AsBool()
		return otlpValue{Bool: &b}
	case attribute.INT64:
		n := strconv.FormatInt(v.AsInt64(), 10)
		return otlpValue{Int: &n}
	case attribute.FLOAT64:
		f := v.AsFloat64()
		return otlpValue{Double: &f}
	}
	text := v.String() // nobody here makes lists
	return otlpValue{String: &text}
}
