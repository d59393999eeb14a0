package app

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// ErrExists says that a service of the name is there, or a file it would need.
var ErrExists = errors.New("it exists already")

// CopyService makes a copy of a service under another name, as one does on a WebTutor server: the script
// and a form file in source/, and an entry in source/api_ext.xml (spec/websocket.md A.1). What these
// files have besides stays as it is. It returns the files written, in order: the registration is the
// last, so that whoever watches the folder sees a whole service. After an error there is none of them.
//
// Errors: [ErrNoFolder], [ErrNoScript], [ErrBadName], [ErrExists], [ErrInTheWay], and those of a
// registration file that does not parse.
func (a *App) CopyService(from, to string) (written []string, err error) {
	if a.cfg.Dir == "" {
		return nil, ErrNoFolder
	}
	if err := checkName(Service, to); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	c := copying{app: a, to: to, snap: a.Snapshot()}
	script, ok := c.snap.Service(from)
	if !ok {
		return nil, fmt.Errorf("%w: service %q", ErrNoScript, from)
	}
	if other, taken := c.snap.Service(to); taken {
		return nil, fmt.Errorf("the service %q: %w, its script is %s", to, ErrExists, filePath(other.URL))
	}
	files, err := c.files(script)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := a.replaceFile(f.name, f.text); err != nil {
			a.remove(written)
			return nil, err
		}
		written = append(written, f.name)
	}
	return written, nil
}

// remove removes files that were written for nothing.
func (a *App) remove(files []string) {
	if root, err := os.OpenRoot(a.cfg.Dir); err == nil {
		for _, name := range files {
			_ = root.Remove(name) // the error before is the one to tell
		}
		_ = root.Close()
	}
}

// copying is one CopyService.
type copying struct {
	app  *App
	to   string
	snap *Snapshot
}

type newFile struct{ name, text string }

// files are what the copy is made of, the registration last.
func (c copying) files(from *Script) ([]newFile, error) {
	base := "source/" + c.to
	root, err := os.OpenRoot(c.app.cfg.Dir)
	if err != nil {
		return nil, inTheWay(".", err)
	}
	defer func() { _ = root.Close() }() // only read from
	for _, name := range []string{base + ".js", base + ".xml"} {
		if _, err := root.Lstat(name); err == nil {
			return nil, fmt.Errorf("the file %s: %w", name, ErrExists)
		}
	}
	script, err := readRaw(root, filePath(from.URL))
	if errors.Is(err, fs.ErrNotExist) {
		var bundled []byte
		bundled, err = embedded.ReadFile("bundled/" + filePath(from.URL))
		script = string(bundled)
	}
	if err != nil {
		return nil, inTheWay(filePath(from.URL), err)
	}
	form, err := c.form(root, from)
	if err != nil {
		return nil, err
	}
	list, err := c.registration(root, fileURL(base+".xml"))
	if err != nil {
		return nil, err
	}
	return []newFile{{base + ".js", script}, {base + ".xml", form}, {apiExt, list}}, nil
}

// readRaw reads a file as it is.
func readRaw(root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = ErrTooLarge
	}
	return string(data), errors.Join(err, f.Close())
}

const plainForm = `<?xml version="1.0" encoding="utf-8"?>
<SPXML-INLINE-FORM CODE-LIB="1" WEB-SERVICE-PATH="/services/%s"></SPXML-INLINE-FORM>
`

var servicePath = regexp.MustCompile(`(?i)(\sWEB-SERVICE-PATH\s*=\s*)("[^"]*"|'[^']*')`)

// form is the form file of the copy: that of the original under the new name, or one that says no more
// than it must.
func (c copying) form(root *os.Root, from *Script) (string, error) {
	plain := fmt.Sprintf(plainForm, c.to)
	for _, r := range c.snap.registered {
		file, err := localPath(r.url)
		if err != nil || c.snap.forms[file].service != from.Name {
			continue
		}
		raw, err := readRaw(root, file)
		if err != nil {
			return "", inTheWay(file, err)
		}
		text, encode, err := decodeXML(file, raw)
		if err != nil {
			return "", err
		}
		text = servicePath.ReplaceAllString(text, `${1}"/services/`+c.to+`"`)
		if f, err := parseForm(text); err != nil || f.service != c.to {
			return plain, nil
		}
		return encode(text)
	}
	return plain, nil
}

// decodeXML returns the text of a file to be extended, and what turns it into bytes again as they were.
func decodeXML(name, raw string) (text string, encode func(string) (string, error), err error) {
	const mark = "\ufeff"
	if strings.HasPrefix(raw, "\xff\xfe") || strings.HasPrefix(raw, "\xfe\xff") {
		return "", nil, fmt.Errorf("%w: %s is UTF-16; save it as UTF-8", ErrInTheWay, name)
	}
	if utf8.ValidString(raw) {
		text, marked := strings.CutPrefix(raw, mark)
		return text, func(text string) (string, error) {
			if marked {
				text = mark + text
			}
			return text, nil
		}, nil
	}
	text, err = charmap.Windows1251.NewDecoder().String(raw)
	return text, func(text string) (string, error) {
		raw, err := charmap.Windows1251.NewEncoder().String(text)
		if err != nil {
			err = fmt.Errorf("%w: %s is Windows-1251, which lacks letters of the name; save it as UTF-8", ErrInTheWay, name)
		}
		return raw, err
	}, err
}

const plainRegistration = `<?xml version="1.0" encoding="utf-8"?>
<api_ext>
	<apis>
	</apis>
</api_ext>
`

// registration is the list of form files with one more.
func (c copying) registration(root *os.Root, url string) (string, error) {
	raw, err := readRaw(root, apiExt)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = plainRegistration, nil
	}
	if err != nil {
		return "", inTheWay(apiExt, err)
	}
	text, encode, err := decodeXML(apiExt, raw)
	if err != nil {
		return "", err
	}
	if _, err := parseAPIExt(text); err != nil {
		return "", fmt.Errorf("%w: put it right first", problemError{problemOf(fileURL(apiExt), err)})
	}
	longer := register(text, c.to, url)
	list, err := parseAPIExt(longer)
	if err != nil || !slices.ContainsFunc(list, func(r registration) bool { return r.url == url }) {
		return "", fmt.Errorf("%w: %s is written in a way that is not understood here; add the path %s by hand", ErrInTheWay, apiExt, url)
	}
	return encode(longer)
}

// problemError is a problem as an error of one line.
type problemError struct{ Problem }

func (e problemError) Error() string {
	if e.Line == 0 {
		return filePath(e.URL) + ": " + e.Message
	}
	return fmt.Sprintf("%s, line %d: %s", filePath(e.URL), e.Line, e.Message)
}

// register adds an entry at the end of the element apis, which is made if it is not there. text parses.
func register(text, name, url string) string {
	line := "\n"
	if strings.Contains(text, "\r\n") {
		line = "\r\n"
	}
	end := endOf(text, "api_ext/apis")
	has := end.found
	entry := []string{"\t<api>", "\t\t<name>" + name + "</name>", "\t\t<libs>", "\t\t\t<lib>", "\t\t\t\t<path>" + url + "</path>", "\t\t\t</lib>", "\t\t</libs>", "\t</api>"}
	if !has {
		end = endOf(text, "api_ext")
		for i := range entry {
			entry[i] = "\t" + entry[i]
		}
		entry = append([]string{"\t<apis>"}, append(entry, "\t</apis>")...)
	}
	before, after := text[:end.at], text[end.at:]
	if end.empty {
		element := "api_ext"
		if has {
			element = "apis"
		}
		before, after = strings.TrimRight(strings.TrimSuffix(before, "/>"), " \t\r\n")+">", "</"+element+">"+after
	}
	kept := strings.TrimRight(before, " \t")
	indent := before[len(kept):]
	if !strings.HasSuffix(kept, "\n") {
		kept, indent = before+line, ""
	}
	return kept + indent + strings.Join(entry, line+indent) + line + indent + after
}

// elementEnd is where the end tag of an element begins; of an empty one, <x/>, where it ends.
type elementEnd struct {
	found, empty bool
	at           int
}

// endOf finds the end of the last element of a path. text parses.
func endOf(text, element string) (end elementEnd) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open []string
	for {
		before := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			return end
		}
		switch t := token.(type) {
		case xml.StartElement:
			open = append(open, t.Name.Local)
		case xml.EndElement:
			if strings.Join(open, "/") == element {
				end = elementEnd{found: true, empty: d.InputOffset() == before, at: int(before)}
			}
			open = open[:len(open)-1]
		}
	}
}
