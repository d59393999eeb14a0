package server

import (
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

func TestSocketLimit(t *testing.T) {
	for _, c := range []struct {
		total           config.Total
		files           int
		limit, possible int
	}{
		{config.AutoTotal, 1 << 20, 1<<20 - 1536, 1<<20 - 1536},
		{config.AutoTotal, 1024, 512, 512},
		{config.AutoTotal, 256, 128, 128}, // of few files half
		{config.AutoTotal, 0, 0, 0},       // not known, or any number
		{700, 1 << 20, 700, 1<<20 - 1536},
		{700, 1024, 700, 512}, // obeyed, and warned of
		{0, 1024, 0, 512},
	} {
		limits := config.Limits{Total: c.total, Handshakes: 128, Waiting: 1024}
		if limit, possible := socketLimit(limits, c.files); limit != c.limit || possible != c.possible {
			t.Errorf("%s with %d files: %d, possible are %d", c.total, c.files, limit, possible)
		}
	}
}
