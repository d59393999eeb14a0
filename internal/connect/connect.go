package connect

import (
	"context"
	"io"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// Config says what to talk to, and how.
type Config struct {
	Dial      wsclient.Options
	Reconnect bool // connect again when the connection breaks
	Raw       bool // show JSON as it came, also when it is long
	JSON      bool // print the lines of a recording instead of messages; not on a console

	// Console is the terminal of a person. Without one the lines are those of Script, or if that is nil of In.
	Console Console
	Script  []string
	In      io.Reader
	Out     io.Writer // messages
	Err     io.Writer // what is to be said about the connection
	Visible bool      // Out is shown to a person, so messages are made safe for a terminal

	Wait   time.Duration // for answers, when the server has read the last line of a script or pipe
	Expect time.Duration // how long /expect waits

	Record  io.Writer // nil: nothing is recorded
	History string    // the file of earlier lines; "" keeps them in memory

	Tags   Tags  // nil if the HTTP API is out of reach
	NoTags error // why Tags is nil

	Now    func() time.Time
	Colour func(style, text string) string // an ANSI style, or the text as it is
}

// Tags reads and changes the tags of a socket.
type Tags interface {
	// Tags returns the tags of the socket with the key.
	Tags(ctx context.Context, key string) (map[string]string, error)
	// ChangeTags sets tags, and removes those that are nil. It returns what there is then.
	ChangeTags(ctx context.Context, key string, change map[string]*string) (map[string]string, error)
}

// Console is a terminal at which a person types and reads.
type Console interface {
	io.ReadWriter
	// MakeRaw passes keys on as they are pressed, until restore is called.
	MakeRaw() (restore func() error, err error)
	// Size is the width and height in characters; zeros if the terminal does not know.
	Size() (width, height int)
}

// Run connects and lets both sides talk until the input ends, the connection ends and is not to come back, or ctx
// ends, which closes the connection with 1000. Its error is the connection that did not come about, that ended
// otherwise than with 1000, or the line of a script that failed; with a console only the first of these, and a terminal
// that cannot be used.
//
// After it returned the console may be read once more: a pending read cannot be taken back.
func Run(ctx context.Context, cfg Config) error {
	conn, err := wsclient.Dial(ctx, cfg.Dial)
	if err != nil {
		return err
	}
	s, err := newSession(cfg)
	if err != nil {
		conn.Drop()
		return err
	}
	return s.run(ctx, conn)
}
