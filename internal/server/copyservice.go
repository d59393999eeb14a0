package server

import (
	"errors"
	"fmt"

	"github.com/tutorsocket/tutorsocket/internal/app"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
)

// ErrServiceName says that a service cannot have the name.
var ErrServiceName = errors.New("not a name for a service")

// UnknownService is the error about a service that an app does not have.
type UnknownService struct {
	Name string
	Have []string // those there are
}

func (e *UnknownService) Error() string { return fmt.Sprintf("there is no service %q", e.Name) }

// CopyService copies a service of an app folder under another name, as one does on a WebTutor server, and
// returns the files written. A server that serves the folder needs no restart. Errors: [ErrServiceName],
// [*UnknownService], and others that say what to do.
func CopyService(dir, from, to string) (written []string, err error) {
	a, err := app.Load(app.Config{Dir: dir, Globals: hostapi.Globals(), Refused: hostapi.RefusedNames()})
	if err != nil {
		return nil, err
	}
	written, err = a.CopyService(from, to)
	switch {
	case errors.Is(err, app.ErrBadName):
		return nil, sameText{err, ErrServiceName}
	case errors.Is(err, app.ErrNoScript):
		unknown := &UnknownService{Name: from}
		for _, service := range a.Snapshot().Services() {
			unknown.Have = append(unknown.Have, service.Name)
		}
		return nil, unknown
	}
	return written, err
}
