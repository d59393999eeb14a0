// Package server makes one program of the rooms: it builds them from a [Config],
// joins them, starts them in order and stops them backwards.
//
// [Start] returns a server that answers; [Server.Close] ends it. Nothing else in
// this package is needed to run one. What is decided here and nowhere else:
//
//   - which room plugs into which interface (the adapters in adapters.go,
//     where two rooms name the same thing differently);
//   - what belongs to the process: the data folder and its lock (data.go), the
//     NATS server in it (store.go), the address file for client commands
//     (admin.go), the listener with its limits and paths (http.go, files.go);
//   - what is counted, and the page and the history that show it (metrics.go,
//     stats.go);
//   - what is noted in the history of scripts, and by whose name (sources.go);
//   - what scripts reach outside of it, and what not (effects.go);
//   - the order of beginning and end (rooms.go, server.go).
//
// The rooms run their own goroutines; those of this package (the HTTP server, the
// watch over the app folder, the sweep of user data) are in one group that Close
// waits for. Command lines are not known here.
package server
