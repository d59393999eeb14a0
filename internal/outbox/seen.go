package outbox

import "slices"

// seen remembers the newest counter of the writers of a line, the writer of the newest entry last. It decides
// which entries came too late: those whose publish was given up, and that reached the store after newer ones
// of the same writer. Values are not shared: see clone.
type seen []seenWriter

type seenWriter struct {
	writer  string
	counter uint64
}

// maxSeen bounds how many writers are remembered. One that is forgotten has been overtaken by so many others.
const maxSeen = 4

// late reports whether an entry comes after a newer one of its writer.
func (s seen) late(writer string, counter uint64) bool {
	for i := range s {
		if s[i].writer == writer {
			return counter <= s[i].counter
		}
	}
	return false
}

// note remembers an entry.
func (s *seen) note(writer string, counter uint64) {
	old := *s
	if n := len(old); n > 0 && old[n-1].writer == writer { // the common case
		old[n-1].counter = max(old[n-1].counter, counter)
		return
	}
	at := slices.IndexFunc(old, func(w seenWriter) bool { return w.writer == writer })
	if at >= 0 {
		counter = max(counter, old[at].counter)
		old = slices.Delete(old, at, at+1)
	} else if len(old) == maxSeen {
		old = slices.Delete(old, 0, 1)
	}
	*s = append(old, seenWriter{writer, counter})
}

func (s seen) clone() seen { return slices.Clone(s) }
