package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Batch is several messages to be sent one after the other.
type Batch struct {
	Messages []BatchMessage `json:"messages" nullable:"false" maxItems:"1000" doc:"Sent in this order; each on its own, whatever becomes of the others."`
}

// BatchMessage is one of them. Exactly one of Key, Keys, Filter and UserID chooses
// whom it is for.
type BatchMessage struct {
	GroupMessage
	Key string `json:"key,omitempty" doc:"Key of one socket. If it is gone or full, that is an error."`
}

// BatchResult is what became of one message of a batch.
type BatchResult struct {
	Status     int              `json:"status" doc:"What the message alone would have been answered with: 202, or that of the error."`
	Addressed  *int             `json:"addressed,omitempty" doc:"Sockets whose queue took the message."`
	Nodes      map[string]int   `json:"nodes,omitzero" doc:"How many of them each node holds; left out of a message for one key that another node holds."`
	Missing    []string         `json:"missing,omitzero" doc:"Nodes that did not answer."`
	QueueDepth *int             `json:"queue_depth,omitempty" doc:"Messages waiting in the queue, of a message for one key."`
	Error      *huma.ErrorModel `json:"error,omitempty" doc:"Why the message was not sent."`
}

// BatchResults are in the order of the messages.
type BatchResults struct {
	Results []BatchResult `json:"results" nullable:"false" doc:"What became of each message, in their order."`
}

type batchRequest struct {
	Idempotency
	Body Batch
}

func (h *handler) registerBatch(router huma.API) {
	huma.Register(router, h.keyed(h.operation("send-batch", http.MethodPost, "/messages/batch", "Send several messages", http.StatusAccepted)), h.sendBatch)
}

func (h *handler) sendBatch(ctx context.Context, in *batchRequest) (*answer[BatchResults], error) {
	results := make([]BatchResult, 0, len(in.Body.Messages))
	for i, m := range in.Body.Messages {
		result, err := h.sendOne(ctx, m, fmt.Sprintf("body.messages[%d]", i))
		if err != nil {
			result = failed(err)
		}
		results = append(results, result)
	}
	return &answer[BatchResults]{BatchResults{results}}, nil
}

// sendOne sends one message of a batch; location says where the request has it.
func (h *handler) sendOne(ctx context.Context, m BatchMessage, location string) (BatchResult, error) {
	if m.Key == "" || m.Filter != nil || m.Keys != nil || m.UserID != "" {
		if m.Key != "" {
			return BatchResult{}, at(problem(http.StatusUnprocessableEntity, "Say whom the message is for in one way: key, keys, filter or user_id."), location, "addressed in more than one way", nil)
		}
		delivery, err := h.deliver(ctx, m.GroupMessage, location)
		return BatchResult{Status: http.StatusAccepted, Addressed: &delivery.Addressed, Nodes: delivery.Nodes, Missing: delivery.Missing}, err
	}
	depth, err := h.Sockets.Send(ctx, m.Key, m.toHub(), m.mode())
	if err != nil {
		return BatchResult{}, problemOf(err, m.Key)
	}
	addressed := 1
	var nodes map[string]int // a send does not say which of the other nodes has the socket
	if _, ok := h.Sockets.Local(m.Key); ok {
		nodes = map[string]int{h.cfg.Node: 1}
	}
	return BatchResult{Status: http.StatusAccepted, Addressed: &addressed, Nodes: nodes, Missing: []string{}, QueueDepth: &depth}, nil
}

// failed is the result of a message that was not sent.
func failed(err error) BatchResult {
	var p *huma.ErrorModel
	if !errors.As(err, &p) {
		p = problem(http.StatusInternalServerError, "The message could not be sent: %v.", err)
	}
	for _, d := range p.Errors {
		shortenValue(d)
	}
	return BatchResult{Status: p.Status, Error: p}
}
