package hub

// Matching returns the socket with the key, if there is one and it meets the filter; nil is any.
func (h *Hub) Matching(key string, f *Filter) (*Socket, bool) {
	sh := h.shard(key)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	s := sh.byKey[key]
	switch {
	case s == nil:
		return nil, false
	case f == nil:
		return s, true
	case s.indexed.detached && f.openOnly():
		return nil, false
	}
	return s, f.matches(s, s.Tags(), nil)
}
