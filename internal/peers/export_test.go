package peers

// Drawing returns cfg with incarnations that are not drawn at random.
func Drawing(cfg Config, draw func() uint64) Config {
	cfg.draw = draw
	return cfg
}
