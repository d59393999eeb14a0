package app

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// apiExt is the file that registers services and libraries as WebTutor does (spec/websocket.md A.1).
const apiExt = "source/api_ext.xml"

// registration is one x-local:// address named in api_ext.xml.
type registration struct {
	line int
	url  string
}

// form is what a form file says of the script beside it.
type form struct {
	service string // name of the service, "" if the script is a library only
	line    int
}

// parseAPIExt returns the addresses at api_ext > apis > api > libs > lib > path. Other elements are
// left to those who know them.
func parseAPIExt(text string) ([]registration, error) {
	var found []registration
	err := walkXML(text, "api_ext", func(e element) error {
		if e.path != "api_ext/apis/api/libs/lib/path" {
			return nil
		}
		if e.text == "" {
			return &lineError{e.line, "the path is empty; write the x-local:// address of the form file"}
		}
		found = append(found, registration{line: e.line, url: e.text})
		return nil
	})
	return found, err
}

// parseForm reads the root element of a form file: WEB-SERVICE-PATH names the service, CODE-LIB
// attaches the script of the same base name.
func parseForm(text string) (form, error) {
	var f form
	err := walkXML(text, "SPXML-INLINE-FORM", func(e element) error {
		if e.path != "SPXML-INLINE-FORM" {
			return nil
		}
		f.line = e.line
		if e.attr("CODE-LIB") != "1" {
			return &lineError{e.line, `the form has no CODE-LIB="1", so no script belongs to it`}
		}
		path := e.attr("WEB-SERVICE-PATH")
		if path == "" {
			return nil
		}
		name, ok := strings.CutPrefix(path, "/services/")
		if !ok {
			return &lineError{e.line, fmt.Sprintf(`WEB-SERVICE-PATH is %q; it must be "/services/" and a name`, path)}
		}
		if err := checkName(Service, name); err != nil {
			return &lineError{e.line, "WEB-SERVICE-PATH: " + err.Error()}
		}
		f.service = name
		return nil
	})
	return f, err
}

// element is an element of a registration file, seen at its end.
type element struct {
	path  string // names from the root on, joined by slashes
	line  int    // where it begins
	text  string // its own text, trimmed
	attrs []xml.Attr
}

// attr returns the value of an attribute, "" if it is absent. Letter case does not matter.
func (e element) attr(name string) string {
	for _, a := range e.attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// walkXML calls visit at the end of each element. Errors, those of visit included, end the walk; an
// error about the XML is an [*xml.SyntaxError] or names its line.
func walkXML(text, root string, visit func(element) error) error {
	d := xml.NewDecoder(strings.NewReader(text))
	// The text is decoded already, whatever the file's first line says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open []element
	seen := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !seen {
				return &lineError{1, fmt.Sprintf("there is no element %s", root)}
			}
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := d.InputPos()
		switch t := token.(type) {
		case xml.StartElement:
			e := element{path: t.Name.Local, line: line, attrs: t.Attr}
			if len(open) > 0 {
				e.path = open[len(open)-1].path + "/" + e.path
			} else if e.path != root {
				return &lineError{line, fmt.Sprintf("the outermost element is %s, not %s", e.path, root)}
			}
			if len(open) >= maxXMLDepth {
				return &lineError{line, "elements are nested too deeply"}
			}
			seen = true
			open = append(open, e)
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		case xml.EndElement:
			e := open[len(open)-1]
			open = open[:len(open)-1]
			e.text = strings.TrimSpace(e.text)
			if err := visit(e); err != nil {
				return err
			}
		}
	}
}

// maxXMLDepth keeps the joined paths of elements short.
const maxXMLDepth = 100
