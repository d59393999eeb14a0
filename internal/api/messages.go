package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

type socketMessage struct {
	Idempotency
	Socket string `path:"key" doc:"The key of the socket, percent-encoded." example:"%2Fservices%2Fmain_ws_service-s-123"`
	Body   Message
}

type groupMessage struct {
	Idempotency
	Body GroupMessage
}

func (h *handler) registerMessages(router huma.API) {
	huma.Register(router, h.keyed(h.operation("send-message", http.MethodPost, "/sockets/{key}/messages", "Send a message to one socket", http.StatusAccepted,
		http.StatusNotFound, http.StatusTooManyRequests, http.StatusServiceUnavailable)), h.sendMessage)
	huma.Register(router, h.keyed(h.operation("send-messages", http.MethodPost, "/messages", "Send a message to several sockets", http.StatusAccepted, http.StatusServiceUnavailable)), h.sendMessages)
}

func (m Message) mode() hub.Mode {
	if m.JSONCompound {
		return hub.ModeJSON
	}
	return hub.ModeText
}

func (h *handler) sendMessage(ctx context.Context, in *socketMessage) (*answer[Queued], error) {
	depth, err := h.Sockets.Send(ctx, in.Socket, in.Body.toHub(), in.Body.mode())
	if err != nil {
		return nil, problemOf(err, in.Socket)
	}
	return &answer[Queued]{Queued{QueueDepth: depth}}, nil
}

func (h *handler) sendMessages(ctx context.Context, in *groupMessage) (*answer[Delivery], error) {
	delivery, err := h.deliver(ctx, in.Body, "body")
	if err != nil {
		return nil, err
	}
	return &answer[Delivery]{delivery}, nil
}

// deliver queues the message for everybody addressed. A queue that is full or gone
// does not spoil the rest; it is not counted. location says where the request has
// the message.
func (h *handler) deliver(ctx context.Context, m GroupMessage, location string) (Delivery, error) {
	filter, err := m.filter(location)
	if err != nil {
		return Delivery{}, err
	}
	var sent hub.Delivery
	if filter == nil {
		sent, err = h.Sockets.SendMany(ctx, distinct(m.Keys), m.toHub(), m.mode())
	} else { // detached sockets too: their clients get the message when they are back
		sent, err = h.Sockets.SendWhere(ctx, filter.Reaching(), m.toHub(), m.mode())
	}
	if err != nil {
		return Delivery{}, problemOf(err, "")
	}
	return deliveryOf(sent), nil
}

// distinct returns the texts in their order, without repetitions.
func distinct(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	var once []string
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			once = append(once, text)
		}
	}
	return once
}

// filter returns the condition the addressees meet, nil if they are named by
// key. Choosing in more than one way is an error, and so is not choosing: a
// message to everybody is not sent by leaving a field out.
func (m GroupMessage) filter(location string) (*hub.Filter, error) {
	var ways []string
	if m.Filter != nil {
		ways = append(ways, "filter")
	}
	if m.Keys != nil {
		ways = append(ways, "keys")
	}
	if m.UserID != "" {
		ways = append(ways, "user_id")
	}
	if len(ways) != 1 {
		return nil, problem(http.StatusUnprocessableEntity, "Say whom the message is for in one way: filter, keys or user_id. The request has %d of them.", len(ways))
	}
	switch ways[0] {
	case "keys":
		return nil, nil
	case "user_id":
		f, err := parseFilter(userFilter(m.UserID), location+".user_id")
		return &f, err
	}
	f, err := parseFilter(m.Filter.text(), location+".filter")
	return &f, err
}

// text is the filter in the form [hub.ParseFilter] reads.
func (f FilterValue) text() string {
	var text string
	if json.Unmarshal(f, &text) != nil { // not a string but an object, which is its own text
		return string(f)
	}
	return text
}

// userFilter is the filter for the sockets of a user.
func userFilter(id string) string {
	text, err := json.Marshal(map[string]string{"$user": id})
	if err != nil {
		panic(fmt.Sprintf("api: encode plain text: %v", err))
	}
	return string(text)
}
