package cron

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// zones is the time zone database: for each zone a line with its names and the number of bytes that follow,
// then these bytes, in the form of the system. All of it is packed, which time/tzdata is not: that would be a
// hundredth of the program.
//
//go:embed zones.gz
var zones []byte

// Zone returns a time zone by its name: one of the time zone database, such as Europe/Moscow, UTC, or Local. What
// the system knows of it comes first; where it knows nothing, what the program has with it is used.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, fmt.Errorf("a time zone without a name")
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		return zone, nil
	}
	data, ok := embeddedZone(name)
	if !ok {
		return nil, err
	}
	return time.LoadLocationFromTZData(name, data)
}

// embeddedZone finds a zone among those that the program has with it.
func embeddedZone(name string) (data []byte, ok bool) {
	for names, data := range embeddedZones {
		if slices.Contains(names, name) {
			return data, true
		}
	}
	return nil, false
}

// embeddedZones yields the names of each zone and what it is. The bytes belong to whoever gets them.
func embeddedZones(yield func(names []string, data []byte) bool) {
	packed, err := gzip.NewReader(bytes.NewReader(zones))
	if err != nil {
		return
	}
	text := bufio.NewReader(packed)
	for {
		line, err := text.ReadString('\n')
		if err != nil {
			return
		}
		names := strings.Fields(line)
		size, err := strconv.Atoi(names[len(names)-1])
		if err != nil {
			return
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(text, data); err != nil || !yield(names[:len(names)-1], data) {
			return
		}
	}
}
