package accounts

import "testing"

// BenchmarkHash is what a login costs.
func BenchmarkHash(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newHash("correct horse battery", recommended)
	}
}
