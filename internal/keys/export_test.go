package keys

// Times of checks, for tests that move the clock.
const (
	RememberTime = rememberTime
	UsedStep     = usedStep
	NoteRetry    = noteRetry
	ExpiredKept  = expiredKept
	MaxKeys      = maxKeys
	MaxKnown     = maxKnown
)

// Known is how many ids are remembered.
func (s *Store) Known() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known)
}

// ParseToken is parseToken.
func ParseToken(text string) (id string, secret [32]byte, ok bool) {
	id, s, ok := parseToken(text)
	return id, s, ok
}

// TokenOf is token.
func TokenOf(id string, bytes [32]byte) string {
	s := secret(bytes)
	return token(id, &s)
}
