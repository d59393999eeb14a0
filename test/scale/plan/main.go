// Command plan says how many nodes and NATS servers a number of sockets takes, and what they have to do: processor time,
// memory, network, open files. It calculates from what test/scale, internal/ws and internal/engine measure
// (measured.go). Its table for 1 and 10 million sockets is the one of docs/en/scaling.md.
//
//	go run ./test/scale/plan --sockets 1e6,1e7
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usual is the load of the plan in the document.
var usual = load{
	stateful: 0.5, life: time.Hour, inbound: 1. / 60, direct: 1. / 60, grouped: 2. / 60, reach: 50,
	bytes: 500, ping: 25 * time.Second, script: 300 * time.Microsecond,
}

// usualMachine is what its nodes and servers run on.
var usualMachine = machine{cores: 8, memory: 16 << 30, use: 0.5, files: 1 << 20}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "plan:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	l, m := usual, usualMachine
	flags := flag.NewFlagSet("plan", flag.ContinueOnError) // it says what is wrong itself
	sockets := flags.String("sockets", "1e6,1e7", "how many sockets, or several numbers")
	lang := flags.String("lang", "en", "language of the table: en or ru")
	flags.Float64Var(&l.stateful, "stateful", l.stateful, "share of sockets with an id of their own")
	flags.DurationVar(&l.life, "life", l.life, "how long a socket lives")
	inbound := flags.Float64("in", l.inbound*60, "messages of a client to scripts in a minute, each answered")
	direct := flags.Float64("direct", l.direct*60, "messages of scripts to a socket in a minute")
	grouped := flags.Float64("grouped", l.grouped*60, "messages that reach a socket as one of a group, in a minute")
	flags.Float64Var(&l.reach, "reach", l.reach, "sockets that a message to a group reaches")
	flags.Float64Var(&l.bytes, "bytes", l.bytes, "bytes of a message")
	flags.DurationVar(&l.ping, "ping", l.ping, "time between protocol pings")
	flags.DurationVar(&l.script, "script", l.script, "processor time of a script for a message")
	flags.Float64Var(&m.cores, "cores", m.cores, "cores of a machine")
	gib := flags.Float64("memory", m.memory/(1<<30), "memory of a machine, in GiB")
	flags.Float64Var(&m.use, "use", m.use, "the part of cores and memory that is planned with")
	flags.Float64Var(&m.files, "files", m.files, "files that a process may have open")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l.inbound, l.direct, l.grouped, m.memory = *inbound/60, *direct/60, *grouped/60, *gib*(1<<30)
	language, ok := languages[*lang]
	if !ok {
		return fmt.Errorf("there is no language %q, only en and ru", *lang)
	}
	loads, plans, err := plansFor(*sockets, l, m)
	if err != nil {
		return err
	}
	write(os.Stdout, language, loads, plans)
	return nil
}

// mostSockets is more than there are people with a dozen devices each.
const mostSockets = 1e11

// plansFor calculates a plan for each of the numbers of sockets in a list.
func plansFor(list string, l load, m machine) (loads []load, plans []plan, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(n >= 1 && n <= mostSockets) {
			return nil, nil, fmt.Errorf("%q is no number of sockets", text)
		}
		l.sockets = n
		p, err := calculate(l, m, measured)
		if err != nil {
			return nil, nil, err
		}
		loads, plans = append(loads, l), append(plans, p)
	}
	return loads, plans, nil
}
