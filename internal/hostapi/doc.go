// Package hostapi is everything a script can call that is not pure language: alert and the logs,
// tools, tools_web, code libraries and code from files, Request, Datex.XHTTP.WebSocketContext with its
// sockets and tags, requests to other servers, and files.
//
// Each name is an entry of an explicit table ([Globals] joins them), with its signature and a
// sentence of documentation; no Go struct is shown to scripts by reflection. The tables are built
// once and shared by all runs. What belongs to one run (its user, its socket, its message) is an
// [Env], which the engine hands to the run; functions find it with the run they are called with.
//
// The work itself is done by others, through the small interfaces [Sockets], [UserData], [Libraries],
// [Sources], [Storage], [Agents], [Files], [HTTP], [NamedLogs] and [Log]; what may be reached is theirs to say. An
// Env belongs to its run's goroutine; what the interfaces name may be called from many.
//
// Names are those of the original system, exactly, and so are arguments and results
// (spec/basescript.md 2.8 and 3, spec/websocket.md B). Functions of the document database, the desktop
// and the like are entries too: they call the stand-in the app has for them ([Stubs]) or fail and say
// what to do. Calls that reach other rooms wait inside the run's [basescript.Run.Wait]: they end with
// the run, and cost no computing time.
//
// What several runs share (caches, sessions, locks, the Param of a thread) is never an object of a run:
// values are copied out of one run and into another, see frozen in copy.go. [Shared] holds it, bounded.
package hostapi
