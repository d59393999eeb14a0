package basescript

// Holder is implemented by what keeps values of a run where the run's objects do not show them: the
// Go value behind a host object, and the value given to the run as RunConfig.Host. What they hold
// counts against the budget of live bytes.
type Holder interface {
	// Held calls visit with each value kept. It is called while the run computes and must not change
	// anything.
	Held(visit func(Value))
}

// held adds what a Go value holds, if it is a Holder.
func (w *weigher) held(x any) {
	if h, ok := x.(Holder); ok {
		h.Held(w.value)
	}
}
