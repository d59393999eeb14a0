// Package tracing records what becomes of one message: a trace of spans, from the frame that was read to
// the frames that were written, sent to a collector of OpenTelemetry.
//
// A [Tracer] is made by [New] and given to the rooms a message passes: ws begins a trace when a text
// message has been read, engine adds the run of the script, cluster each send, and hub tells when a
// message has left through the [Sent] it carries. The HTTP API begins traces too, or goes on with those
// of its callers, and requests of scripts pass theirs on. The names of spans and attributes are all
// here, in spans.go, so that there is one list of them (docs/en/tracing.md).
//
// Nothing here can hold a message up or fail it. Without an endpoint there is no Tracer: a nil *Tracer
// and a nil *Span are ready to use and do nothing. A trace that was not chosen costs a look at a
// generator of random numbers and a value in a context. Finished spans go through a queue of bounded
// length to one goroutine, which sends them in batches; what does not fit, and what a collector does not
// take in time, is lost and told once a minute.
//
// All of it is our own, with the standard library: the little of OpenTelemetry that is used here, ids,
// batches, the headers of W3C Trace Context and the JSON of OTLP/HTTP, would add 1.2 MB to the program
// as its SDK. The package knows neither sockets nor scripts, only their names.
package tracing
