package login

import (
	"encoding/json"
	"errors"
	"time"
)

// Session is a login that holds.
type Session struct {
	ID      string // hash of its token
	UserID  string
	Login   string
	BegunAt time.Time
	SeenAt  time.Time // its last request, or a few minutes before
	EndsAt  time.Time // if nothing more happens
	Address string    // from where it was begun
	Agent   string    // what the browser calls itself
}

// session is what is stored.
type session struct {
	UserID   string    `json:"user"`
	Login    string    `json:"login"` // folded
	Epoch    uint64    `json:"epoch"`
	BegunAt  time.Time `json:"begun_at"`
	SeenAt   time.Time `json:"seen_at"`
	Deadline time.Time `json:"deadline"`
	Address  string    `json:"address"`
	Agent    string    `json:"agent,omitempty"`
	Ended    string    `json:"ended,omitempty"` // why; empty: it was not ended
}

// until is when the session ends by itself.
func (s session) until(idle time.Duration) time.Time {
	if at := s.SeenAt.Add(idle); at.Before(s.Deadline) {
		return at
	}
	return s.Deadline
}

func (s session) shown(id string, idle time.Duration) Session {
	return Session{
		ID: id, UserID: s.UserID, Login: s.Login, BegunAt: s.BegunAt, SeenAt: s.SeenAt, EndsAt: s.until(idle),
		Address: s.Address, Agent: s.Agent,
	}
}

// sessionValue is the one value of a session that scs keeps.
const sessionValue = "session"

// codec writes the values of a session for scs, as JSON: its own needs encoding/gob.
type codec struct{}

func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	s, ok := values[sessionValue].(session)
	if !ok {
		return nil, errors.New("the session is empty")
	}
	s.Deadline = deadline
	return json.Marshal(s)
}

func (codec) Decode(text []byte) (deadline time.Time, values map[string]any, err error) {
	var s session
	if err := json.Unmarshal(text, &s); err != nil {
		return time.Time{}, nil, err
	}
	return s.Deadline, map[string]any{sessionValue: s}, nil
}
