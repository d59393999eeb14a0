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
	Throttle   time.Duration `yaml:"throttle" default:"30s" min:"100ms" doc:"How long a socket may be slowed down without a pause before it is closed with 1008. A user or an address that owes more than it can pay in this time is refused at once."`
	PerUser    Limit         `yaml:"per_user" type:"number|none" default:"20" dev:"none" doc:"Open sockets that one user may have. One more is refused with 429."`
	PerAddress Limit         `yaml:"per_address" type:"number|none" default:"1000" dev:"none" doc:"Open sockets that may come from one address. One more is refused with 429."`
	Total      Total         `yaml:"total" type:"number|auto|none" default:"auto" doc:"Open sockets in all. One more is refused with 429. auto: as many as the open files of the process allow, less a reserve."`
	Handshakes int           `yaml:"handshakes" default:"128" min:"1" doc:"Connections that may be in their handshake at the same time; the rest wait."`

	UserHandshakes    Limit         `yaml:"user_handshakes" type:"number|none" default:"120" dev:"none" doc:"Connections a minute that one user may open. Beyond it they wait, then they are refused with 429."`
	UserMessages      Limit         `yaml:"user_messages" type:"number|none" default:"300" dev:"none" doc:"Messages a second that one user may send with all sockets. Beyond it they are read more slowly, then the sockets that send are closed with 1008."`
	UserBytes         SizeLimit     `yaml:"user_bytes" type:"size|none" default:"1MiB" dev:"none" doc:"Bytes a second that one user may send with all sockets, frames included; beyond it as with limits.user_messages."`
	UserCompute       Limit         `yaml:"user_compute" type:"number|none" default:"50" dev:"none" doc:"Time that scripts may work for one user, in percent of one processor. Beyond it the next messages and connections of the user wait, then they are refused."`
	AddressHandshakes Limit         `yaml:"address_handshakes" type:"number|none" default:"6000" dev:"none" doc:"Connections a minute that may come from one address, those that are refused included; beyond it as with limits.user_handshakes. A /64 network of IPv6 is one address."`
	AddressMessages   Limit         `yaml:"address_messages" type:"number|none" default:"5000" dev:"none" doc:"Messages a second that may come from one address; beyond it as with limits.user_messages."`
	AddressBytes      SizeLimit     `yaml:"address_bytes" type:"size|none" default:"16MiB" dev:"none" doc:"Bytes a second that may come from one address, frames included; beyond it as with limits.user_messages."`
	AddressCompute    Limit         `yaml:"address_compute" type:"number|none" default:"200" dev:"none" doc:"Time that scripts may work for one address, in percent of one processor; beyond it as with limits.user_compute."`
	Surge             time.Duration `yaml:"surge" default:"10s" min:"1s" doc:"How much of limits.user_… and limits.address_… may be taken at once after a pause: as much as they allow in this time."`
	Waiting           int           `yaml:"waiting" default:"1024" min:"16" doc:"Connections that may be open without a request on them, be it that none has come yet or that the last is answered; of one more the oldest is closed. With few open files there may be fewer, an eighth of them."`
	WaitingPerAddress Limit         `yaml:"waiting_per_address" type:"number|none" default:"256" dev:"none" doc:"Connections without a request that may come from one address; of one more the oldest is closed. Those of trusted_proxies do not count."`
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

// SizeLimit is the most bytes there may be of something; 0 is no limit, in text "none".
type SizeLimit int64

// leastSize keeps a limit from being less than what is read at once.
const leastSize = 4 << 10

// UnmarshalText reads "none" or a size of at least 4 KiB.
func (l *SizeLimit) UnmarshalText(text []byte) error {
	if string(text) == noLimit {
		*l = 0
		return nil
	}
	n, err := parseSize(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("%q is not none or a number of bytes such as 65536, 64KiB or 1MiB", text)
	case n < leastSize:
		return fmt.Errorf("must be at least 4KiB; write none for no limit")
	}
	*l = SizeLimit(n)
	return nil
}

// String is the reverse of UnmarshalText.
func (l SizeLimit) String() string {
	if l <= 0 {
		return noLimit
	}
	name, size := "", int64(1)
	for _, unit := range sizes {
		if unit.bytes > size && int64(l)%unit.bytes == 0 {
			name, size = unit.name, unit.bytes
		}
	}
	return strconv.FormatInt(int64(l)/size, 10) + name
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
