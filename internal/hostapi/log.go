package hostapi

import (
	"strings"

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
		Doc: "Writes a line to a named log that is open (EnableLog): to its file, and to the script log with the name in front. A log that is not open takes nothing.",
	}},
	{Name: "EnableLog", Func: &basescript.Func{
		Name: "EnableLog", Min: 1, Call: enableLog,
		Sig: "(log: string, on?: boolean): void",
		Doc: "Opens a named log for all scripts, or closes it.",
	}},
	{Name: "EnableLogExt", Func: &basescript.Func{
		Name: "EnableLogExt", Min: 1, Call: enableLogExt,
		Sig: "(log: string, options?: string): void",
		Doc: "Opens a named log with options: life-time=day, month or permanent; base-dir; use-std-event-prefix=0; header-str.",
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
	env := envOf(r)
	if !env.Settings.Logs.Enabled(name) {
		return basescript.Undefined, nil
	}
	v := args[1]
	text := v.Text()
	if err := writeLine(r, name+": "+text, v.Object().IsError()); err != nil {
		return basescript.Undefined, err
	}
	return basescript.Undefined, waitFor(r, func() error {
		env.Settings.Logs.Write(name, env.ThreadNumber, text)
		return nil
	})
}

func enableLog(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name, err := textArg("The name of a log", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	logs := envOf(r).Settings.Logs
	if len(args) < 2 || args[1].IsNil() || isTrue(args[1]) {
		return basescript.Undefined, scriptError(logs.Enable(name, ""))
	}
	logs.Disable(name)
	return basescript.Undefined, nil
}

func enableLogExt(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	name, err := textArg("The name of a log", args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.Undefined, scriptError(envOf(r).Settings.Logs.Enable(name, textOr(arg(args, 1))))
}
