// Package userdata keeps what scripts store with tools_web.set_user_data: JSON
// values under text keys, each with a time to live, and the "<type>_recipients"
// lists of spec/websocket.md C.3. It lives on a JetStream key-value bucket, so
// values outlive the process and are shared by the nodes of a cluster.
//
// A [Store] is the only door. hostapi, api and cluster call it, concurrently.
//
// # What is stored
//
// Three kinds of subjects make up the bucket (architecture.md 4):
//
//	d.<key>           a plain value; its expiry is in a header
//	s.<key>           the head of a recipients list: generation and expiry
//	m.<key>.<socket>  one member of a list, with the generation it joined
//
// Keys are any text; [encodeKey] turns them into what NATS allows. Expiry is
// checked whenever something is read, against the store's own clock; the TTL of
// the messages only collects what nobody reads again.
//
// # Recipients lists
//
// A list is a set with one entry per member, never one growing value, so
// simultaneous joins write different subjects and none is lost. The life of all
// members ends with the head's, which each join renews by compare-and-set. A
// member counts only if its generation is the head's; a list that expired or was
// replaced gets a new generation, and what is left of the old one is invisible at
// once and collected by [Store.Sweep], as are members whose sockets are gone.
//
// The id of a socket may be in use again before the end of the one that had it is
// through. So a member also says when the socket was opened that joined, the newest
// one counts, and [Store.Leave] and [Store.Succeed] take away what is of this socket
// or earlier ones. An id that was entered while nobody had it is nobody's: it goes
// with the next end of a socket that has it.
//
// Every store follows heads and members in memory ([mirror]), fed by the bucket
// itself in stream order and complete when [Open] returns. The mirror makes
// reading a list and removing a socket from all of them cheap, which happen per
// message and per closed connection. A write returns once the mirror has seen it:
// a caller reads what it wrote. Other nodes see it a moment later; one that is
// cut off from NATS for longer than an hour may go on showing members that left.
package userdata
