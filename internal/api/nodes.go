package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Node is one process that serves.
type Node struct {
	Name         string    `json:"name" doc:"Name of the node."`
	Version      string    `json:"version" doc:"Version of the program."`
	StartedAt    time.Time `json:"started_at" doc:"When it was started."`
	State        string    `json:"state" enum:"ready,draining" doc:"draining: it is being stopped and takes no new sockets and runs."`
	Sockets      int       `json:"sockets" doc:"Open sockets it holds."`
	Runs         int       `json:"runs" doc:"Agents and threads that run on it."`
	App          string    `json:"app" doc:"The app folder; empty: the embedded sample app."`
	DatexVersion string    `json:"datex_version" doc:"The version of Datex.XHTTP it behaves like."`
	Data         NodeData  `json:"data"`
}

// NodeData is where a node keeps what outlives it.
type NodeData struct {
	Folder        string `json:"folder" doc:"The data folder."`
	Store         string `json:"store" enum:"embedded,nats" doc:"Where data are kept: embedded, in the process, or nats, in servers of their own."`
	Servers       string `json:"servers,omitempty" doc:"Addresses of the NATS servers, separated by commas; absent: the store is embedded."`
	Connected     bool   `json:"connected" doc:"The store can be reached. Without it the node serves the sockets it has."`
	Replicas      int    `json:"replicas,omitempty" doc:"How many NATS servers have a write before it is confirmed; absent: the store is embedded."`
	Sync          string `json:"sync,omitempty" doc:"nats.sync in force: always, or how much of the last writes a power failure may cost. Absent: the NATS servers decide."`
	UserDataBytes int64  `json:"user_data_bytes" doc:"What user data takes on disk; 0 while the store cannot be reached."`
}

// ErrNoNode says that no node has the name: 404.
var ErrNoNode = errors.New("no such node")

// Nodes knows the processes that serve together.
type Nodes interface {
	// List describes them, ordered by name; missing are those that did not answer.
	List(ctx context.Context) (nodes []Node, missing []string, err error)
	// Drain begins to stop a node gently, unless it is stopping already, and describes it;
	// [ErrNoNode] if there is none of the name, hub.ErrNoAnswer
	// or hub.ErrUnavailable if it cannot be asked.
	Drain(ctx context.Context, name string) (Node, error)
}

type nodePath struct {
	Name string `path:"name" doc:"Name of the node."`
}

func (h *handler) registerNodes(router huma.API) {
	huma.Register(router, telling[List[Node]](router, h.operation("list-nodes", http.MethodGet, "/nodes", "Nodes, ordered by name", http.StatusOK)),
		func(ctx context.Context, _ *struct{}) (*told, error) {
			nodes, missing, err := h.Nodes.List(ctx)
			if err != nil {
				return nil, problemOf(err, "")
			}
			return &told{listOf(nodes, "", missing)}, nil
		})
	huma.Register(router, h.operation("drain-node", http.MethodPost, "/nodes/{name}/drain", "Stop a node gently", http.StatusAccepted, http.StatusNotFound, http.StatusServiceUnavailable),
		func(ctx context.Context, in *nodePath) (*answer[Node], error) {
			node, err := h.Nodes.Drain(ctx, in.Name)
			if errors.Is(err, ErrNoNode) {
				return nil, problem(http.StatusNotFound, "There is no node %q. GET %s/nodes lists them.", in.Name, Base)
			}
			if err != nil {
				return nil, problemOf(err, "")
			}
			return &answer[Node]{node}, nil
		})
}
