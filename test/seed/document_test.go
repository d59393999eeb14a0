package seed

import (
	"os"
	"strings"
	"testing"
)

// The scripts of the mission document in its order.
const (
	blockBroadcast = iota
	blockSocketID
	blockPrivate
	blockGroupByID
	blockProcess122
	blockShowRecipients
	blockSendRecipients
	blockProcess124
	blockShowTags
	blockGroupByTag
	blockGroupByFilter
	blockGetTag
	blockRemoveTag
	blockReplaceTags
	blockSetTag
	blockAbort
	blockCount
)

// documentBlocks returns the fenced JavaScript blocks of the mission document, nil if it is not at hand.
func documentBlocks(t testing.TB) []string {
	name := os.Getenv("TUTORSOCKET_MISSION_DOC")
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("TUTORSOCKET_MISSION_DOC: %v", err)
	}
	blocks := fenced(string(text))
	if len(blocks) != blockCount {
		t.Fatalf("%s has %d JavaScript blocks, the tests know %d", name, len(blocks), blockCount)
	}
	return blocks
}

// fenced returns the contents of ``` javascript fences.
func fenced(text string) []string {
	var blocks []string
	for {
		_, after, found := strings.Cut(text, "``` javascript\n")
		if !found {
			return blocks
		}
		block, rest, _ := strings.Cut(after, "```")
		blocks, text = append(blocks, block), rest
	}
}
