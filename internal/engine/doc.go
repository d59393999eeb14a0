// Package engine runs scripts: the hooks of services and agents.
//
// Each run has a fresh environment, budgets, a four-digit thread number that is drawn for it and
// stands on every line it logs, and the snapshot of the app it began with, libraries included. Its
// outcome is returned, and a script error is logged with its position lines. Nothing a run defines
// is seen by another, except copies of what it puts into its session or a cache on purpose.
//
// [Engine] has the methods of ws.Handler, through which sockets reach the hooks, and
// [Engine.Run] for agents and sources in no file. Runs of services and of agents have separate
// bounds: agents that take long cannot hold up messages. A call of a service waits for its turn; an
// agent that finds no place is refused with [ErrBusy]. Threads and agents that scripts start take places
// of agents too, but never the last quarter of them.
//
// All methods may be called at once from any goroutine. On the way to the end [Engine.Refuse] keeps new
// agents from beginning, [Engine.Wait] waits for what runs, and [Engine.Close] ends it. The package
// does not know WebSocket, HTTP or NATS; what scripts can call is package hostapi.
package engine
