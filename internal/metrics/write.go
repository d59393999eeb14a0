package metrics

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// ContentType is the type of what [Registry.Write] writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Write writes all figures, with HELP and TYPE of every family, also of one that
// has no series yet, and then those of the runtime and the process. It returns the
// error of w.
func (r *Registry) Write(w io.Writer) error {
	var b bytes.Buffer
	if r != nil {
		for _, c := range r.sorted() {
			writeFamily(&b, c)
		}
		writeRuntime(&b)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeFamily(b *bytes.Buffer, c collector) {
	h := c.about()
	writeHead(b, h.name, h.help, h.kind)
	c.collect(func(suffix string, labels []label, value float64) {
		b.WriteString(h.name + suffix)
		for i, l := range labels {
			b.WriteByte("{,"[min(i, 1)])
			b.WriteString(l.name + `="`)
			_, _ = escapeValue.WriteString(b, strings.ToValidUTF8(l.value, "\uFFFD")) // a buffer takes everything
			b.WriteByte('"')
		}
		if len(labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + number(value) + "\n")
	})
}

var (
	escapeValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

func writeHead(b *bytes.Buffer, name, help, kind string) {
	b.WriteString("# HELP " + name + " " + escapeHelp.Replace(help) + "\n# TYPE " + name + " " + kind + "\n")
}

// number writes a value as the format has it; whole numbers without an exponent.
func number(v float64) string {
	if v == float64(int64(v)) && v < 1<<53 && v > -1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
