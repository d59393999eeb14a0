package hub

// TagNames returns the names of all tags in use, each with how many sockets have it.
func (h *Hub) TagNames() map[string]int {
	names := map[string]int{}
	for i := range h.shards {
		h.shards[i].countNames(names)
	}
	return names
}

func (sh *shard) countNames(names map[string]int) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	for name, ix := range sh.tags {
		names[name] += ix.sockets
	}
}

// TagValues returns the values a tag has, each with how many sockets have it.
func (h *Hub) TagValues(name string) map[string]int {
	values := map[string]int{}
	for i := range h.shards {
		h.shards[i].countValues(name, values)
	}
	return values
}

func (sh *shard) countValues(name string, values map[string]int) {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	ix := sh.tags[name]
	if ix == nil {
		return
	}
	for _, list := range ix.lists {
		values[list.value] += len(list.sockets)
	}
}
