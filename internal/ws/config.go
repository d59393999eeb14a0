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
	HandshakeTimeout time.Duration `yaml:"handshake_timeout" default:"10s" doc:"How long the answer to the upgrade request may take to write."`
	WriteTimeout     time.Duration `yaml:"write_timeout" default:"10s" doc:"How long a client may take no bytes before it is dropped."`
	Compression      bool          `yaml:"compression" default:"true" doc:"Compress messages of 512 bytes and more for clients that can take them so (permessage-deflate)."`
	Workers          int           `yaml:"workers" default:"64" doc:"How many calls of services run at the same time."`

	Protocols    func(service string) []string `yaml:"-"` // subprotocols of a service, most wanted first; nil: none
	DevProtocols bool                          `yaml:"-"` // select whatever a client offers
	AllowBinary  bool                          `yaml:"-"` // binary messages go to a Handler that is a BinaryHandler too
}

const (
	defaultMessageLimit = 64 << 10
	defaultHeartbeat    = 25 * time.Second
	defaultTimeout      = 10 * time.Second
	defaultWorkers      = 64

	// lingerTime is how long a closing handshake may take after our close frame was written.
	lingerTime = 2 * time.Second
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
	if c.Protocols == nil {
		c.Protocols = func(string) []string { return nil }
	}
	return c
}
