package metrics

import (
	"bytes"
	"strings"

	library "github.com/VictoriaMetrics/metrics"
)

// runtimeFamilies are the figures of the Go runtime and the process that are
// shown, in this order. The library has more, and gives some of them names that
// Prometheus advises against.
var runtimeFamilies = []head{
	{name: "go_goroutines", kind: "gauge", help: "Goroutines that exist."},
	{name: "go_gomaxprocs", kind: "gauge", help: "Processors that Go code may use at once."},
	{name: "go_info", kind: "gauge", help: "1, with the version of Go."},
	{name: "go_gc_duration_seconds", kind: "summary", help: "Pauses of the garbage collection."},
	{name: "go_gc_cpu_seconds_total", kind: "counter", help: "Processor time of the garbage collection."},
	{name: "go_mutex_wait_seconds_total", kind: "counter", help: "Time that goroutines have waited for locks."},
	{name: "go_memlimit_bytes", kind: "gauge", help: "Memory limit of the Go runtime, GOMEMLIMIT."},
	{name: "go_memstats_alloc_bytes", kind: "gauge", help: "Memory of Go values in use."},
	{name: "go_memstats_alloc_bytes_total", kind: "counter", help: "Memory allocated for Go values since the start."},
	{name: "go_memstats_mallocs_total", kind: "counter", help: "Go values allocated since the start."},
	{name: "go_memstats_heap_inuse_bytes", kind: "gauge", help: "Memory of the heap in use."},
	{name: "go_memstats_heap_released_bytes", kind: "gauge", help: "Memory of the heap given back to the system."},
	{name: "go_memstats_next_gc_bytes", kind: "gauge", help: "Size of the heap at which the next garbage collection begins."},
	{name: "go_memstats_stack_inuse_bytes", kind: "gauge", help: "Memory of the stacks of goroutines."},
	{name: "go_memstats_sys_bytes", kind: "gauge", help: "Memory that the Go runtime has from the system."},
	{name: "process_cpu_seconds_total", kind: "counter", help: "Processor time of the process."},
	{name: "process_resident_memory_bytes", kind: "gauge", help: "Memory of the process that is in RAM."},
	{name: "process_virtual_memory_bytes", kind: "gauge", help: "Address space of the process."},
	{name: "process_start_time_seconds", kind: "gauge", help: "When the process began, in seconds since 1970."},
	{name: "process_open_fds", kind: "gauge", help: "Files and connections that are open."},
	{name: "process_max_fds", kind: "gauge", help: "Files and connections that may be open."},
}

// writeRuntime writes the figures of the runtime and the process. The library
// writes samples without help texts; a figure the system does not have is absent.
func writeRuntime(b *bytes.Buffer) {
	var all bytes.Buffer
	library.WriteGoMetrics(&all)
	library.WriteProcMetrics(&all)
	library.WriteFDMetrics(&all)
	samples := map[string][]string{}
	for line := range strings.Lines(all.String()) {
		name := familyOf(line)
		samples[name] = append(samples[name], line)
	}
	for _, f := range runtimeFamilies {
		if len(samples[f.name]) == 0 {
			continue
		}
		writeHead(b, f.name, f.help, f.kind)
		for _, line := range samples[f.name] {
			b.WriteString(line)
		}
	}
}

// familyOf returns the family of a sample; "" for anything else.
func familyOf(line string) string {
	if strings.HasPrefix(line, "#") {
		return ""
	}
	name := line[:max(0, strings.IndexAny(line, "{ "))]
	for _, suffix := range []string{"_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			for _, f := range runtimeFamilies {
				if f.name == base && f.kind == "summary" {
					return base
				}
			}
		}
	}
	return name
}
