package cron

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write zones.gz from the database that comes with Go")

// TestZones: each zone that the program has with it can be used, and says what its country does.
func TestZones(t *testing.T) {
	if *update {
		writeZones(t)
		return // those of the next run are these
	}
	count := 0
	for names, data := range embeddedZones {
		for _, name := range names {
			if count++; name == "" {
				t.Error("a zone has no name")
			}
			if _, err := time.LoadLocationFromTZData(name, data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if count < 590 {
		t.Errorf("there are %d names of zones; the database has nearly 600", count)
	}
	winter, summer := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"Europe/Moscow":      "15:00 15:00",
		"W-SU":               "15:00 15:00",
		"Asia/Yekaterinburg": "17:00 17:00",
		"Asia/Kolkata":       "17:30 17:30",
		"America/New_York":   "07:00 08:00",
		"Europe/Berlin":      "13:00 14:00",
		"UTC":                "12:00 12:00",
	} {
		data, ok := embeddedZone(name)
		if !ok {
			t.Errorf("%s is not there", name)
			continue
		}
		zone, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if got := winter.In(zone).Format("15:04") + " " + summer.In(zone).Format("15:04"); got != want {
			t.Errorf("noon in %s is %s in winter and summer, want %s", name, got, want)
		}
	}
}

// TestZone: names that exist are found, whatever the system has, and others are refused.
func TestZone(t *testing.T) {
	for _, name := range []string{"Europe/Moscow", "UTC", "Local"} {
		if zone, err := Zone(name); err != nil || zone.String() != name {
			t.Errorf("%s is %v, error %v", name, zone, err)
		}
	}
	for _, name := range []string{"", "Europe/Atlantis", "../../etc/passwd", "Europe", "3"} {
		if zone, err := Zone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}

// writeZones packs the database of Go's distribution: zones that are the same are there once.
func writeZones(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	names := map[string][]string{}
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names[string(data)] = append(names[string(data)], f.Name)
	}
	var kinds []string
	for data := range names {
		kinds = append(kinds, data)
	}
	slices.Sort(kinds) // what is alike lies together
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	for _, data := range kinds {
		slices.Sort(names[data])
		fmt.Fprintf(w, "%s %d\n%s", strings.Join(names[data], " "), len(data), data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("zones.gz", packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
