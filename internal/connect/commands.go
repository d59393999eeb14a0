package connect

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/spelling"
	"github.com/tutorsocket/tutorsocket/internal/wsclient"
)

// command is a line that begins with a slash.
type command struct {
	name, args, help string
	script           bool // for scripts and pipes only
	run              func(s *session, args string) error
}

// commands is filled below, since help reads it.
var commands []command

func init() {
	commands = []command{
		{name: "help", help: "this list", run: (*session).help},
		{name: "ping", help: "measure the round trip of a ping", run: (*session).pingOnce},
		{name: "tags", args: "[set NAME=VALUE…|remove NAME…]", help: "show or change the tags of the socket", run: (*session).tags},
		{name: "status", help: "address, key, counts, latency", run: (*session).status},
		{name: "raw", help: "show long JSON as it came, or in lines", run: (*session).raw},
		{name: "close", args: "[CODE [REASON]]", help: "close the connection and stay", run: (*session).closeWith},
		{name: "reconnect", help: "drop the connection and connect again", run: func(s *session, args string) error {
			return noArgs(args, s.reconnect)
		}},
		{name: "wait", args: "DURATION", help: "wait before the next line", script: true, run: (*session).waitFor},
		{name: "expect", args: "TEXT", help: "wait for a message with the text in it", script: true, run: (*session).expectText},
		{name: "quit", help: "close the connection and end", run: func(s *session, args string) error {
			return noArgs(args, func() { s.leave(nil) })
		}},
	}
}

// CommandHelp lists the commands, those of scripts if script is set.
func CommandHelp(script bool) string {
	var b strings.Builder
	for _, c := range commands {
		if !c.script || script {
			fmt.Fprintf(&b, "  %-36s  %s\n", strings.TrimSpace("/"+c.name+" "+c.args), c.help)
		}
	}
	fmt.Fprintf(&b, "  %-36s  %s", "//text", "send a text that begins with a slash")
	return b.String()
}

// CheckCommand says what is wrong with a line of a script whose command does not exist.
func CheckCommand(line string) error {
	if !strings.HasPrefix(line, "/") || strings.HasPrefix(line, "//") {
		return nil
	}
	name, _, _ := strings.Cut(line, " ")
	if names := commandNames(true); !slices.Contains(names, name) {
		return unknown(name, names)
	}
	return nil
}

func unknown(name string, names []string) error {
	return fmt.Errorf("%q is no command%s; /help lists them, /%s sends the text", name, nearest(name, names), name)
}

// commandNames are those of the commands there are.
func commandNames(script bool) (names []string) {
	for _, c := range commands {
		if !c.script || script {
			names = append(names, "/"+c.name)
		}
	}
	return names
}

// obey runs the command that a line is.
func (s *session) obey(line string) {
	name, args, _ := strings.Cut(strings.TrimSpace(line[1:]), " ")
	for _, c := range commands {
		if c.name != name {
			continue
		}
		err := error(nil)
		if c.script && !s.script {
			err = errors.New("it is for --exec and for input from a pipe")
		} else {
			err = c.run(s, strings.TrimSpace(args))
		}
		if err != nil {
			s.wrong(fmt.Errorf("/%s: %w", name, err))
		}
		return
	}
	s.wrong(unknown("/"+name, commandNames(s.script)))
}

// nearest is the end of an error about a command that nearly is one.
func nearest(wrong string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if strings.HasPrefix(name, wrong) && len(wrong) > 1 {
			return "; did you mean " + name + "?"
		}
		if d := spelling.Distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

func noArgs(args string, run func()) error {
	if args != "" {
		return fmt.Errorf("it takes nothing, and got %q", args)
	}
	run()
	return nil
}

func (s *session) help(args string) error {
	return noArgs(args, func() { s.screen.answer(CommandHelp(s.script)) })
}

func (s *session) raw(args string) error {
	return noArgs(args, func() {
		if s.screen.toggleRaw() {
			s.screen.answer("JSON is shown as it comes")
		} else {
			s.screen.answer("long JSON is shown in lines")
		}
	})
}

var errNoConnection = errors.New("there is no connection")

func (s *session) pingOnce(args string) error {
	if args != "" {
		return fmt.Errorf("it takes nothing, and got %q", args)
	}
	if s.conn == nil {
		return errNoConnection
	}
	conn, lost := s.conn, s.lost
	s.doInTurn(func() func() {
		ctx, cancel := context.WithTimeout(lost, askTimeout)
		defer cancel()
		took, err := conn.Ping(ctx)
		return func() {
			switch {
			case lost.Err() != nil:
				s.wrong(errors.New("/ping: the connection ended before the pong"))
			case errors.Is(err, context.DeadlineExceeded):
				s.wrong(fmt.Errorf("/ping: no pong came within %v", askTimeout))
			case err != nil:
				s.wrong(fmt.Errorf("/%w", err))
			default:
				s.ping = took
				s.screen.answer("pong after " + short(took))
			}
		}
	})
	return nil
}

// closeWith is /close.
func (s *session) closeWith(args string) error {
	number, reason, _ := strings.Cut(args, " ")
	code := wsclient.CodeNormal
	if number != "" {
		n, err := strconv.Atoi(number)
		if err != nil {
			return fmt.Errorf("%q is no code: write 1000, or 3000 to 4999, and then the reason", number)
		}
		code = n
	}
	reason = strings.TrimSpace(reason)
	if err := wsclient.CheckClose(code, reason); err != nil {
		return err
	}
	switch {
	case s.conn == nil && s.retry.on:
		s.retry.stop()
		s.screen.state(false, "")
		s.screen.note("no more attempts to connect; /reconnect begins again")
	case s.conn == nil:
		return errNoConnection
	case s.drop == nil:
		s.close(code, reason)
	}
	return nil
}

func (s *session) waitFor(args string) error {
	d, err := time.ParseDuration(args)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no duration: write 500ms, 2s or 1m", args)
	}
	s.watch.start(d, "")
	return nil
}

func (s *session) expectText(args string) error {
	if args == "" {
		return errors.New("the text is missing")
	}
	s.expect(args)
	return nil
}

// key is the key of the socket: what the server said, or what its address makes it.
func (s *session) key() string {
	if s.conn != nil && s.conn.Key() != "" {
		return s.conn.Key()
	}
	u := s.cfg.Dial.URL
	query, err := url.ParseQuery(u.RawQuery)
	if id := query.Get(wsclient.StatefulParam); err == nil && id != "" {
		return u.Path + "-s-" + id
	}
	return ""
}

// tags is /tags.
func (s *session) tags(args string) error {
	change, err := tagChange(args)
	switch {
	case err != nil:
		return err
	case s.conn == nil:
		return errNoConnection
	case s.cfg.Tags == nil:
		return fmt.Errorf("they are read over the HTTP API: %w", s.cfg.NoTags)
	case s.key() == "":
		return errors.New("the server does not say the key of this socket; connect with --stateful-id")
	}
	key, lost := s.key(), s.lost
	s.doInTurn(func() func() {
		ctx, cancel := context.WithTimeout(lost, askTimeout)
		defer cancel()
		var tags map[string]string
		var err error
		if len(change) > 0 {
			tags, err = s.cfg.Tags.ChangeTags(ctx, key, change)
		} else {
			tags, err = s.cfg.Tags.Tags(ctx, key)
		}
		return func() {
			if err != nil {
				s.wrong(fmt.Errorf("/tags: %w", err))
				return
			}
			s.screen.answer(tagText(tags))
		}
	})
	return nil
}

// tagChange reads what follows /tags.
func tagChange(args string) (map[string]*string, error) {
	words := strings.Fields(args)
	if len(words) == 0 {
		return nil, nil
	}
	change := map[string]*string{}
	for _, word := range words[1:] {
		name, value, assigned := strings.Cut(word, "=")
		switch {
		case words[0] == "set" && (!assigned || name == ""):
			return nil, fmt.Errorf("%q sets nothing: write NAME=VALUE", word)
		case words[0] == "set":
			change[name] = &value
		default:
			change[word] = nil
		}
	}
	switch {
	case words[0] != "set" && words[0] != "remove":
		return nil, fmt.Errorf("%q is neither set nor remove", words[0])
	case len(change) == 0:
		return nil, fmt.Errorf("what to %s is missing", words[0])
	}
	return change, nil
}

func tagText(tags map[string]string) string {
	if len(tags) == 0 {
		return "no tags"
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, name+"="+tags[name])
	}
	return strings.Join(pairs, "\n")
}

// status is /status.
func (s *session) status(args string) error {
	return noArgs(args, func() {
		lines := []string{"address    " + wsclient.Public(s.cfg.Dial.URL)}
		switch {
		case s.conn != nil:
			lines = append(lines, fmt.Sprintf("connected  since %s, for %v", s.since.Local().Format(time.TimeOnly), s.cfg.Now().Sub(s.since).Round(time.Second)))
		case s.retry.on:
			lines = append(lines, "connected  no; trying again")
		default:
			lines = append(lines, "connected  no")
		}
		if key := s.key(); key != "" {
			lines = append(lines, "key        "+key)
		}
		if s.conn != nil && s.conn.Protocol() != "" {
			lines = append(lines, "protocol   "+s.conn.Protocol())
		}
		lines = append(lines, fmt.Sprintf("messages   %d in, %d out", s.in, s.out))
		if s.latency > 0 {
			lines = append(lines, "answer     after "+short(s.latency))
		}
		if s.ping > 0 {
			lines = append(lines, "ping       "+short(s.ping))
		}
		s.screen.answer(strings.Join(lines, "\n"))
	})
}

// short is a duration in three digits or so.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
