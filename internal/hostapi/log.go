package hostapi

import (
	"strings"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var logGlobals = []basescript.Global{
	{Name: "alert", Func: &basescript.Func{
		Name: "alert", Call: alert,
		Sig: "<T>(value?: T): T",
		Doc: "Writes the value as text to the script log and returns it. An error object is logged as an error, with its position lines.",
	}},
	{Name: "DebugMsg", Func: &basescript.Func{
		Name: "DebugMsg", Call: alert,
		Sig: "<T>(value?: T): T",
		Doc: "Writes the value as text to the script log, as alert does.",
	}},
	{Name: "LogEvent", Func: &basescript.Func{
		Name: "LogEvent", Min: 2, Call: logEvent,
		Sig: "(log: string, text: any): void",
		Doc: "Writes a line to a named log that is open (EnableLog): in the script log it begins with the name. A log that is not open takes nothing.",
	}},
	{Name: "EnableLog", Func: &basescript.Func{
		Name: "EnableLog", Min: 1, Call: enableLog,
		Sig: "(log: string, on?: boolean): void",
		Doc: "Opens a named log for all scripts, or closes it.",
	}},
	{Name: "EnableLogExt", Func: &basescript.Func{
		Name: "EnableLogExt", Min: 1,
		Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			return enableLog(r, args[:1])
		},
		Sig: "(log: string, options?: string): void",
		Doc: "Opens a named log. Its options are about log files, which there are none of here.",
	}},
}

// alert may be called with no argument: that is an empty line (spec/basescript.md 2.8).
func alert(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	if len(args) == 0 {
		return basescript.Undefined, writeLine(r, "", false)
	}
	v := args[0]
	return v, writeLine(r, v.Text(), v.Object().IsError())
}

// writeLine charges for a line before it is written.
func writeLine(r *basescript.Run, text string, isError bool) error {
	if err := r.Step(1 + len(text)>>6); err != nil {
		return err
	}
	envOf(r).Log.Line(strings.Clone(text), isError)
	return nil
}

func logEvent(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name, err := textArg("The name of a log", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	if !envOf(r).Settings.Logs.isOpen(name) {
		return basescript.Undefined, nil
	}
	v := args[1]
	return basescript.Undefined, writeLine(r, name+": "+v.Text(), v.Object().IsError())
}

func enableLog(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name, err := textArg("The name of a log", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	on := len(args) < 2 || args[1].IsNil() || isTrue(args[1])
	return basescript.Undefined, envOf(r).Settings.Logs.set(name, on)
}

// NamedLogs are the logs scripts have opened by name. The zero value has none open; safe for
// concurrent use.
type NamedLogs struct {
	mu   sync.Mutex
	open map[string]bool
}

const (
	maxNamedLogs = 1000
	maxLogName   = 200
)

func (l *NamedLogs) isOpen(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[name]
}

// set opens or closes a log. The number of open ones is bounded: names may come from clients.
func (l *NamedLogs) set(name string, on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !on {
		delete(l.open, name)
		return nil
	}
	if name == "" || len(name) > maxLogName {
		return basescript.Errorf("The name of a log has 1 to %d bytes", maxLogName)
	}
	if len(l.open) >= maxNamedLogs && !l.open[name] {
		return basescript.Errorf("More than %d logs are open", maxNamedLogs)
	}
	if l.open == nil {
		l.open = make(map[string]bool)
	}
	l.open[name] = true
	return nil
}
