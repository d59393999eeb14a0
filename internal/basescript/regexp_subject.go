package basescript

import "unicode/utf8"

// subject is a text prepared for matching: its characters, and where each begins. A run keeps the last
// ones, because a script that looks for one match after the other comes with the same text again.
type subject struct {
	text  string
	chars []rune
	// offsets holds the byte position of each character and the length of the text, if wide: not every
	// character is one byte.
	offsets []int32
	wide    bool
	busy    int // calls in progress that use it
	used    uint64
}

const (
	// longSubject is the length from which a text is not pushed out by short ones.
	longSubject = 1024
	// keptSubjects of either length are kept.
	keptSubjects = 2
	// maxSubject is the longest text regular expressions take, in bytes.
	maxSubject = 128 << 20
)

// subject returns the text prepared for matching, charged to the run. Give it back with release.
func (r *Run) subject(text string) (*subject, error) {
	r.subjectClock++
	var oldest *subject
	alike := 0
	for _, s := range r.subjects {
		if sameMemory(s.text, text) {
			s.busy++
			s.used = r.subjectClock
			return s, nil
		}
		if s.busy == 0 && (len(s.text) >= longSubject) == (len(text) >= longSubject) {
			if alike++; oldest == nil || s.used < oldest.used {
				oldest = s
			}
		}
	}
	if oldest == nil || alike < keptSubjects {
		oldest = &subject{}
		r.subjects = append(r.subjects, oldest)
	}
	oldest.text, oldest.chars, oldest.offsets = "", oldest.chars[:0], oldest.offsets[:0]
	oldest.busy, oldest.used = 1, r.subjectClock
	if err := oldest.prepare(r, text); err != nil {
		oldest.busy = 0
		r.forget(oldest)
		return nil, err
	}
	return oldest, nil
}

// release gives a subject back; the run may keep it.
func (r *Run) release(s *subject) { s.busy-- }

// forget drops a subject whose memory may still be read by a match left alone.
func (r *Run) forget(s *subject) {
	for i := range r.subjects {
		if r.subjects[i] == s {
			r.subjects = append(r.subjects[:i:i], r.subjects[i+1:]...)
			return
		}
	}
}

func (s *subject) prepare(r *Run, text string) error {
	if len(text) > maxSubject {
		return Errorf("Text is longer than %d MiB", maxSubject>>20)
	}
	n, err := r.countChars(text)
	if err != nil {
		return err
	}
	n++ // the first one may lack its beginning
	s.wide = n <= len(text)
	if cap(s.chars) < n {
		if err := r.Alloc(4 * n); err != nil {
			return err
		}
		s.chars = make([]rune, 0, n)
	}
	s.text = text
	if !s.wide {
		return r.pieces(text, func(piece string) error {
			for _, c := range []byte(piece) {
				code := rune(c)
				if c >= utf8.RuneSelf {
					code = utf8.RuneError
				}
				s.chars = append(s.chars, code)
			}
			return r.scan(3 * len(piece))
		})
	}
	if cap(s.offsets) < n+1 {
		if err := r.Alloc(4 * (n + 1)); err != nil {
			return err
		}
		s.offsets = make([]int32, 0, n+1)
	}
	for at, look := 0, 0; at < len(text); {
		if at >= look {
			if err := r.Step(scannedAtOnce >> 4); err != nil {
				return err
			}
			look = at + scannedAtOnce
		}
		end := charEnd(text, at)
		s.offsets = append(s.offsets, int32(at))
		s.chars = append(s.chars, charCode(text[at:end]))
		at = end
	}
	s.offsets = append(s.offsets, int32(len(text)))
	return nil
}

// charCode is the code of one character of a text; U+FFFD if it is not UTF-8.
func charCode(char string) rune {
	c, size := utf8.DecodeRuneInString(char)
	if size != len(char) {
		return utf8.RuneError
	}
	return c
}

// offset returns the byte position of a character.
func (s *subject) offset(i int) int {
	if !s.wide {
		return i
	}
	return int(s.offsets[i])
}

// charAt returns the number of characters before a byte position, which must be the start of one.
func (s *subject) charAt(offset int) int {
	if !s.wide {
		return offset
	}
	low, high := 0, len(s.offsets)
	for low < high {
		if mid := (low + high) / 2; int(s.offsets[mid]) < offset {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// dropSubjects forgets the prepared texts that no call in progress uses, when memory gets scarce.
func (r *Run) dropSubjects() {
	kept := r.subjects[:0]
	for _, s := range r.subjects {
		if s.busy > 0 {
			kept = append(kept, s)
		}
	}
	clear(r.subjects[len(kept):])
	r.subjects = kept
}

// held is what a prepared text takes beside the text.
func (s *subject) held() int64 { return int64(cap(s.chars)+cap(s.offsets))*4 + 96 }
