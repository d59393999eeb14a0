package quota

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkAsk is what a message costs that is limited in every way, for its user and for its address: all of one
// user, and each of another.
func BenchmarkAsk(b *testing.B) {
	const crowd = 10000
	limits := Limits{Handshakes: 60, Messages: 1000, Bytes: 1 << 20, Compute: 100}
	for name, many := range map[string]int{"one": 1, "many": crowd} {
		var ids, remotes []string
		for i := range many {
			ids = append(ids, fmt.Sprint(7000000000000000000+i))
			remotes = append(remotes, fmt.Sprintf("10.0.%d.%d:50000", i/250, i%250))
		}
		t := New(Config{User: limits, Address: limits, Surge: 100 * 365 * 24 * time.Hour})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at := i % many
				if t.Message(ids[at], remotes[at]).Refused || t.Bytes(ids[at], remotes[at], 200).Refused {
					b.Fatal("refused")
				}
			}
		})
		b.Run(name+"-parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					at := i % many
					t.Message(ids[at], remotes[at])
					t.Bytes(ids[at], remotes[at], 200)
				}
			})
		})
	}
}
