package hostapi

import (
	"context"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var controlGlobals = []basescript.Global{
	{Name: "Sleep", Func: &basescript.Func{
		Name: "Sleep", Min: 1, Call: sleep,
		Sig: "(milliseconds: number): void",
		Doc: "Waits. The time does not count as computing, and a run that is stopped wakes up and ends.",
	}},
	constant("LdsIsServer", basescript.True, "boolean", "Always true: scripts run on the server."),
	constant("LdsIsClient", basescript.False, "boolean", "Always false: scripts run on the server."),
}

func sleep(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	ms, ok := args[0].ToReal()
	if !ok {
		return basescript.Undefined, basescript.Errorf("Sleep takes a number of milliseconds, not %s", args[0].Kind())
	}
	if ms <= 0 {
		return basescript.Undefined, r.Step(1)
	}
	// A day is longer than any run may last.
	d := time.Duration(min(ms, float64(24*time.Hour/time.Millisecond)) * float64(time.Millisecond))
	err := r.Wait(func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return nil
	})
	return basescript.Undefined, err
}
