package peers

import "sync"

// followers are told that something happened, not what: each has a channel with room for one word.
type followers struct {
	mu       sync.Mutex
	channels []chan struct{}
	ended    bool
}

func (f *followers) follow() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan struct{}, 1)
	if f.ended {
		close(c)
		return c
	}
	f.channels = append(f.channels, c)
	return c
}

func (f *followers) tell() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.channels {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last word
		}
	}
}

func (f *followers) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.channels {
		close(c)
	}
	f.channels, f.ended = nil, true
}
