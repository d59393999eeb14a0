package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// language of a table.
type language struct {
	row      map[string]string // names of rows and values by their English ones; nil: as they are
	decimal  string
	thousand string
}

var languages = map[string]language{
	"en": {decimal: ".", thousand: ","},
	"ru": {decimal: ",", thousand: " ", row: russian}, // the space does not break
}

// rows are the lines of the table.
var rows = []struct {
	name string
	show func(w words, p plan) string
}{
	{"nodes", func(w words, p plan) string { return w.count(p.nodes) + " + 1" }},
	{"their number comes from", func(w words, p plan) string { return w.say(p.decides) }},
	{"sockets of a node", func(w words, p plan) string { return w.count(p.perNode.sockets) }},
	{"memory of a node for them", func(w words, p plan) string { return w.bytes(p.perNode.memory) }},
	{"cores of a node in use", func(w words, p plan) string { return w.amount(p.perNode.cores) }},
	{"open files of a node", func(w words, p plan) string { return w.count(p.perNode.files) }},
	{"a node's network to clients", func(w words, p plan) string { return w.rate(p.perNode.netClients) }},
	{"a node's network to NATS", func(w words, p plan) string { return w.rate(p.perNode.netNATS) }},
	{"messages a node writes to clients, per second", func(w words, p plan) string { return w.count(p.perNode.deliveries) }},
	{"messages to groups, which every node gets, per second", func(w words, p plan) string { return w.count(p.perNode.groupServed) }},
	{"NATS servers", func(w words, p plan) string { return w.count(p.nats.servers) }},
	{"their number comes from", func(w words, p plan) string { return w.say(p.nats.decides) }},
	{"messages through NATS, per second", func(w words, p plan) string { return w.count(p.nats.messages) }},
	{"bytes through NATS", func(w words, p plan) string { return w.rate(p.nats.bytes) }},
	{"cores of all NATS servers in use", func(w words, p plan) string { return w.amount(p.nats.cores) }},
	{"stateful keys claimed and released, per second", func(w words, p plan) string { return w.count(p.nats.claims) }},
	{"of what the directory can do", func(w words, p plan) string { return w.percent(p.nats.claimShare) }},
	{"directory: memory of each of three servers, all of it cached", func(w words, p plan) string { return w.bytes(p.nats.memory) }},
	{"directory: disk of each of three servers", func(w words, p plan) string { return w.bytes(p.nats.disk) }},
	{"broadcast to all: messages through NATS", func(w words, p plan) string { return w.count(p.broadcast.natsMessages) }},
	{"broadcast to all: processor time", func(w words, p plan) string { return w.time(p.broadcast.processor) }},
	{"broadcast to all: takes", func(w words, p plan) string { return w.time(p.broadcast.takes) }},
	{"a node fails: its stateful ids are claimed again within", func(w words, p plan) string { return w.time(p.nodeLost) }},
}

// write prints plans side by side as a table in Markdown.
func write(out io.Writer, lang language, loads []load, plans []plan) {
	w := words{lang}
	head, rule := "|", "| --- |"
	for _, l := range loads {
		head += " | " + w.count(l.sockets)
		rule += " ---: |"
	}
	head = "| " + w.say("sockets") + strings.TrimPrefix(head, "|") + " |"
	fmt.Fprintf(out, "%s\n%s\n", head, rule)
	for _, r := range rows {
		line := "| " + w.say(r.name)
		for _, p := range plans {
			line += " | " + r.show(w, p)
		}
		fmt.Fprintf(out, "%s |\n", line)
	}
}

// words writes values in a language. All are rounded to two digits: the plan knows no more.
type words struct{ lang language }

func (w words) say(english string) string {
	if s, ok := w.lang.row[english]; ok {
		return s
	}
	return english
}

// rounded keeps two digits.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-1)
	return math.Round(v/scale) * scale
}

func (w words) count(v float64) string {
	if v >= 100 {
		v = rounded(v)
	}
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + w.lang.thousand + digits[i:]
	}
	return digits
}

func (w words) amount(v float64) string {
	v = rounded(v)
	if v >= 10 {
		return w.count(v)
	}
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 2, 64), ".", w.lang.decimal)
}

func (w words) percent(v float64) string { return w.amount(100*v) + " %" }

func (w words) bytes(v float64) string { return w.unit(v, 1<<10, "KiB", "MiB", "GiB", "TiB") }

func (w words) rate(v float64) string {
	return w.unit(8*v, 1000, "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s")
}

func (w words) unit(v, step float64, units ...string) string {
	v /= step
	i := 0
	for ; v >= step && i < len(units)-1; i++ {
		v /= step
	}
	return w.amount(v) + " " + w.say(units[i])
}

func (w words) time(d time.Duration) string {
	switch {
	case d >= 2*time.Minute:
		return w.amount(d.Minutes()) + " " + w.say("min")
	case d >= time.Second:
		return w.amount(d.Seconds()) + " " + w.say("s")
	}
	return w.amount(d.Seconds()*1000) + " " + w.say("ms")
}
