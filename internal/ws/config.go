package ws

import (
	"errors"
	"fmt"
	"time"
)

// Config holds the settings of the WebSocket endpoint. Zero values mean the defaults.
type Config struct {
	MessageLimit     int64         `yaml:"message_limit" default:"65536" doc:"Largest message accepted, in bytes."`
	Heartbeat        time.Duration `yaml:"heartbeat" default:"25s" doc:"How often a protocol ping is sent; two unanswered ones drop the connection. Negative: never."`
	NoHeartbeatText  bool          `yaml:"-"` // compat.no_heartbeat: "$hbt" is a message like any other
	HandshakeTimeout time.Duration `yaml:"handshake_timeout" default:"10s" doc:"How long an upgrade request may wait for its turn, and how long its answer may take to write."`
	WriteTimeout     time.Duration `yaml:"write_timeout" default:"10s" doc:"How long a client may take no bytes before it is dropped."`
	Compression      bool          `yaml:"compression" default:"true" doc:"Compress messages of 512 bytes and more for clients that can take them so (permessage-deflate)."`
	Workers          int           `yaml:"workers" default:"64" doc:"How many calls of services run at the same time."`

	Handshakes int           `yaml:"-"` // limits.handshakes: how many may be under way at once; the rest waits
	Rate       float64       `yaml:"-"` // limits.rate: messages a second from one socket; 0: any number
	Burst      int           `yaml:"-"` // limits.burst: how many may come at once after a pause; 0: those of a second
	Throttle   time.Duration `yaml:"-"` // limits.throttle: how long a socket may be slowed down without a pause

	Protocols    func(service string) []string `yaml:"-"` // subprotocols of a service, most wanted first; nil: none
	DevProtocols bool                          `yaml:"-"` // select whatever a client offers
	AllowBinary  bool                          `yaml:"-"` // binary messages go to a Handler that is a BinaryHandler too
}

const (
	defaultMessageLimit = 64 << 10
	defaultHeartbeat    = 25 * time.Second
	defaultTimeout      = 10 * time.Second
	defaultWorkers      = 64
	defaultHandshakes   = 128
	defaultThrottle     = 30 * time.Second

	// lingerTime is how long a closing handshake may take after our close frame was written.
	lingerTime = 2 * time.Second
	// staleTime is how long a connection that is not its socket's any more may take to get its
	// close frame away. What it holds goes to the newer one only after that, and a client that
	// reads at all has the frame within a fraction of this.
	staleTime = 2 * time.Second
	// heartbeatMisses is how many pings in a row may stay unanswered.
	heartbeatMisses = 2
)

// Validate reports all that is wrong with the settings at once.
func (c Config) Validate() error {
	var wrong []error
	if c.MessageLimit < 0 {
		wrong = append(wrong, fmt.Errorf("message_limit is %d, it must be positive", c.MessageLimit))
	}
	if c.HandshakeTimeout < 0 {
		wrong = append(wrong, fmt.Errorf("handshake_timeout is %v, it must be positive", c.HandshakeTimeout))
	}
	if c.WriteTimeout < 0 {
		wrong = append(wrong, fmt.Errorf("write_timeout is %v, it must be positive", c.WriteTimeout))
	}
	if c.Workers < 0 {
		wrong = append(wrong, fmt.Errorf("workers is %d, it must be positive", c.Workers))
	}
	if c.Handshakes < 0 {
		wrong = append(wrong, fmt.Errorf("handshakes is %d, it must be positive", c.Handshakes))
	}
	if c.Rate < 0 || c.Burst < 0 {
		wrong = append(wrong, fmt.Errorf("rate is %g with a burst of %d, they must be positive", c.Rate, c.Burst))
	}
	if c.Throttle < 0 {
		wrong = append(wrong, fmt.Errorf("throttle is %v, it must be positive", c.Throttle))
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	if c.MessageLimit == 0 {
		c.MessageLimit = defaultMessageLimit
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = defaultHeartbeat
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = defaultTimeout
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = defaultTimeout
	}
	if c.Workers == 0 {
		c.Workers = defaultWorkers
	}
	if c.Handshakes == 0 {
		c.Handshakes = defaultHandshakes
	}
	if c.Burst == 0 {
		c.Burst = max(int(c.Rate), 1)
	}
	if c.Throttle == 0 {
		c.Throttle = defaultThrottle
	}
	if c.Protocols == nil {
		c.Protocols = func(string) []string { return nil }
	}
	return c
}
