package peers

import "time"

// Clocked returns cfg with another clock.
func Clocked(cfg Config, clock func() time.Duration) Config {
	cfg.clock = clock
	return cfg
}

// Drawing returns cfg with incarnations that are not drawn at random.
func Drawing(cfg Config, draw func() uint64) Config {
	cfg.draw = draw
	return cfg
}
