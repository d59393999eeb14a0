package config

import (
	"fmt"
	"strconv"
	"time"
)

// Limits bounds what clients may take.
type Limits struct {
	Rate       Limit         `yaml:"rate" type:"number|none" default:"100" dev:"none" doc:"Messages a second that one socket may send for long. Beyond it they are read more slowly; none is lost."`
	Burst      int           `yaml:"burst" default:"200" min:"1" doc:"Messages that one socket may send at once before limits.rate slows it down."`
	Throttle   time.Duration `yaml:"throttle" default:"30s" min:"100ms" doc:"How long a socket may be slowed down without a pause before it is closed with 1008."`
	PerUser    Limit         `yaml:"per_user" type:"number|none" default:"20" dev:"none" doc:"Open sockets that one user may have. One more is refused with 429."`
	PerAddress Limit         `yaml:"per_address" type:"number|none" default:"1000" dev:"none" doc:"Open sockets that may come from one address. One more is refused with 429."`
	Total      Total         `yaml:"total" type:"number|auto|none" default:"auto" doc:"Open sockets in all. One more is refused with 429. auto: as many as the open files of the process allow, less a reserve."`
	Handshakes int           `yaml:"handshakes" default:"128" min:"1" doc:"Connections that may be in their handshake at the same time; the rest wait."`

	Waiting           int   `yaml:"waiting" default:"1024" min:"16" doc:"Connections that may be open without a request on them, be it that none has come yet or that the last is answered; of one more the oldest is closed. With few open files there may be fewer, an eighth of them."`
	WaitingPerAddress Limit `yaml:"waiting_per_address" type:"number|none" default:"256" dev:"none" doc:"Connections without a request that may come from one address; of one more the oldest is closed."`
}

// Limit is the most there may be of something; 0 is no limit, in text "none".
type Limit int

// UnmarshalText reads "none" or a whole number of at least 1.
func (l *Limit) UnmarshalText(text []byte) error {
	n, err := parseLimit(string(text), "none")
	if err == nil {
		*l = Limit(n)
	}
	return err
}

// String is the reverse of UnmarshalText.
func (l Limit) String() string {
	if l <= 0 {
		return noLimit
	}
	return strconv.Itoa(int(l))
}

// Total is the most sockets there may be in all: [AutoTotal], a number, or 0 for no
// limit.
type Total int

// AutoTotal leaves it to the server: what the open files of the process allow. In
// text it is "auto".
const AutoTotal Total = -1

// UnmarshalText reads "auto", "none" or a whole number of at least 1.
func (t *Total) UnmarshalText(text []byte) error {
	if string(text) == autoTotal {
		*t = AutoTotal
		return nil
	}
	n, err := parseLimit(string(text), "none, auto")
	if err == nil {
		*t = Total(n)
	}
	return err
}

// String is the reverse of UnmarshalText.
func (t Total) String() string {
	if t == AutoTotal {
		return autoTotal
	}
	return Limit(t).String()
}

const (
	noLimit   = "none"
	autoTotal = "auto"
)

// parseLimit reads a number or "none". words are the texts to name in an error.
func parseLimit(text, words string) (int, error) {
	if text == noLimit {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 31)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not %s or a whole number such as 100", text, words)
	case n < 1:
		return 0, fmt.Errorf("must be at least 1; write none for no limit")
	}
	return int(n), nil
}
