package basescript

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// recent remembers short texts met lately in messages, so that those which come again and again (names of
// fields, of actions, of groups) take no memory anew. It is small, of fixed size, shared by all runs and
// overwritten as it goes: what a client sends never fills it. A text is remembered when it comes a second
// time, so that ids, which do not, displace nothing.
type recentTexts struct {
	seed  maphash.Seed
	slots [recentSlots]recentText
}

type recentText struct {
	text atomic.Pointer[string]
	met  atomic.Uint64 // the hash of the text met last
}

const (
	recentSlots = 1024
	maxRecent   = 32 // bytes of a text worth remembering
)

var recent = recentTexts{seed: maphash.MakeSeed()}

// own returns a text like s that shares no memory with what s is a part of.
func (t *recentTexts) own(s string) string {
	if len(s) > maxRecent {
		return strings.Clone(s)
	}
	hash := maphash.String(t.seed, s)
	slot := &t.slots[hash%recentSlots]
	if known := slot.text.Load(); known != nil && *known == s {
		return *known
	}
	own := strings.Clone(s)
	if slot.met.Swap(hash) == hash {
		kept := own
		slot.text.Store(&kept)
	}
	return own
}
