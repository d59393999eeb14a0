package hostapi

import (
	"encoding/base64"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// The XML of tools.object_to_text, array_to_text and read_object. A value is an element: an object's
// members are child elements of their names; an array is a row of elements of one name, each with the
// item in a <value>. A text stands as it is; other types, and what could be taken for something else,
// carry the attribute TYPE. What is written reads as it was, to the depth it was written.
const (
	itemElement  = "value" // also the root of object_to_text
	arrayElement = "data"  // the root of array_to_text
	oddElement   = "property"
	typeAttr     = "TYPE"
	nameAttr     = "NAME" // of an oddElement: a member whose name can be no element's
)

// xmlWriter writes one value.
type xmlWriter struct {
	r       *basescript.Run
	b       strings.Builder
	charged int
	most    int // levels of objects and arrays
}

// encodeXML writes a value as an element of the name, most levels deep; what lies deeper is null.
func encodeXML(r *basescript.Run, v basescript.Value, name string, most int) (string, error) {
	w := &xmlWriter{r: r, most: most}
	defer r.Pin(v)()
	if err := w.element(v, name, 0); err != nil {
		return "", err
	}
	return w.b.String(), nil
}

// charge pays for what was written since it was called last.
func (w *xmlWriter) charge() error {
	n := w.b.Len() - w.charged
	w.charged = w.b.Len()
	if err := w.r.Step(2 + n>>6); err != nil {
		return err
	}
	return w.r.Alloc(2 * n)
}

func (w *xmlWriter) element(v basescript.Value, name string, depth int) error {
	if err := w.charge(); err != nil {
		return err
	}
	v = v.Scalar()
	if v.Kind() != basescript.KindObject {
		if v.Kind() == basescript.KindString {
			if err := w.r.Alloc(6 * len(v.Str())); err != nil { // escaped it may be so long
				return err
			}
		}
		return w.scalar(v, name)
	}
	if items, ok := w.r.Items(v); ok {
		if depth >= w.most {
			return w.typed(name, "null", "")
		}
		count := 0
		for item := range items {
			count++
			w.open(name, "")
			if err := w.element(item, itemElement, depth+1); err != nil {
				return err
			}
			w.close(name)
		}
		if count == 0 {
			return w.typed(name, "array", "")
		}
		return nil
	}
	return w.object(v, name, depth)
}

func (w *xmlWriter) object(v basescript.Value, name string, depth int) error {
	o := v.Object()
	switch {
	case o.IsError():
		return w.scalar(basescript.String(v.Text()), name)
	case depth >= w.most || o.IsFunction() || o.Host() != nil && !isEnumerated(o):
		return w.typed(name, "null", "")
	}
	keys := propertyNames(o)
	kind := ""
	if len(keys) == 0 || len(keys) == 1 && keys[0] == itemElement {
		kind = "object" // without it, it would read as a text or an array
	}
	w.open(name, kind)
	for _, key := range keys {
		item, ok, err := w.r.OptProperty(v, key)
		if err != nil {
			return err
		}
		if !ok || item.Object().IsFunction() {
			continue
		}
		if err := w.element(item, key, depth+1); err != nil {
			return err
		}
	}
	w.close(name)
	return nil
}

func isEnumerated(o *basescript.Object) bool { _, ok := o.Host().(basescript.Enumerated); return ok }

// propertyNames are the names for-in visits.
func propertyNames(o *basescript.Object) []string {
	if e, ok := o.Host().(basescript.Enumerated); ok {
		return e.PropertyNames()
	}
	return append([]string(nil), o.Keys()...)
}

func (w *xmlWriter) scalar(v basescript.Value, name string) error {
	switch v.Kind() {
	case basescript.KindString:
		return w.text(v.Str(), name)
	case basescript.KindBool:
		return w.typed(name, "bool", v.Text())
	case basescript.KindInt:
		return w.typed(name, "integer", v.Text())
	case basescript.KindReal:
		return w.typed(name, "real", strconv.FormatFloat(v.Real(), 'g', -1, 64))
	case basescript.KindDate:
		return w.typed(name, "date", v.Date().XML())
	default:
		return w.typed(name, v.Kind().String(), "")
	}
}

// text writes a text; one that XML cannot hold is written as Base64.
func (w *xmlWriter) text(s, name string) error {
	plain := true
	err := w.r.Pieces(s, func(piece string) error {
		plain = plain && utf8.ValidString(piece) && !strings.ContainsFunc(piece, notInXML)
		return nil
	})
	if err != nil || plain {
		if err == nil {
			err = w.typed(name, "", s)
		}
		return err
	}
	w.open(name, "base64")
	const group = 3 << 16
	for s != "" {
		n := min(group, len(s))
		if err := w.r.Step(n >> 6); err != nil {
			return err
		}
		w.b.WriteString(base64.StdEncoding.EncodeToString([]byte(s[:n])))
		s = s[n:]
	}
	w.close(name)
	return nil
}

// notInXML reports whether a character cannot stand in XML. A carriage return can, but is lost when it
// is read.
func notInXML(c rune) bool {
	return c < ' ' && c != '\t' && c != '\n' || c == 0xFFFE || c == 0xFFFF
}

func (w *xmlWriter) typed(name, kind, text string) error {
	w.open(name, kind)
	err := w.r.Pieces(text, func(piece string) error {
		return xml.EscapeText(&w.b, []byte(piece)) // a Builder takes everything
	})
	w.close(name)
	return err
}

func (w *xmlWriter) open(name, kind string) {
	w.b.WriteByte('<')
	if isXMLName(name) {
		w.b.WriteString(name)
	} else {
		w.b.WriteString(oddElement + " " + nameAttr + `="`)
		_ = xml.EscapeText(&w.b, []byte(name))
		w.b.WriteByte('"')
	}
	if kind != "" {
		w.b.WriteString(" " + typeAttr + `="` + kind + `"`)
	}
	w.b.WriteByte('>')
}

func (w *xmlWriter) close(name string) {
	if !isXMLName(name) {
		name = oddElement
	}
	w.b.WriteString("</" + name + ">")
}

// isXMLName reports whether a name can be an element's: letters, digits, _ - and ., beginning with a
// letter or _. The element for other names has a name no member gets.
func isXMLName(name string) bool {
	if name == "" || name == oddElement {
		return false
	}
	for i, c := range name {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 'а' && c <= 'я' || c >= 'А' && c <= 'Я'
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// xmlNode is an element that was read.
type xmlNode struct {
	name, kind string
	text       strings.Builder
	children   []*xmlNode
}

// decodeXML reads XML: what encodeXML has written, or anything else, where an element with elements in
// it is an object, several of one name are an array, and one without is a text. Attributes other than
// TYPE and NAME are left out.
func decodeXML(r *basescript.Run, text string) (basescript.Value, error) {
	if err := r.Step(1 + len(text)>>4); err != nil {
		return basescript.Undefined, err
	}
	if err := r.Alloc(4 * len(text)); err != nil {
		return basescript.Undefined, err
	}
	root, err := parseXML(r, text)
	if err != nil {
		return basescript.Undefined, err
	}
	b := xmlBuilder{r}
	return b.group(root.children)
}

// maxXMLElements bounds what is held of a text while it is read. Where the run may hold little, it is
// less: the elements take an eighth of that.
const (
	maxXMLElements = 200_000
	sizeXMLElement = 200
)

func mostElements(r *basescript.Run) int {
	limit := r.Limits().Bytes
	if limit <= 0 {
		return maxXMLElements
	}
	return int(min(maxXMLElements, limit/8/sizeXMLElement))
}

// parseXML returns a node whose children are the roots.
func parseXML(r *basescript.Run, text string) (*xmlNode, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // texts are UTF-8 whatever they say
	root := &xmlNode{}
	path := []*xmlNode{root}
	count, most := 0, mostElements(r)
	for {
		if err := r.Step(8); err != nil {
			return nil, err
		}
		token, err := d.Token()
		if err == io.EOF && len(root.children) > 0 {
			return root, nil
		}
		if err != nil {
			return nil, invalidXML(err)
		}
		top := path[len(path)-1]
		switch token := token.(type) {
		case xml.StartElement:
			if len(path) > maxFrozenDepth {
				return nil, basescript.Errorf("The XML is nested deeper than %d levels", maxFrozenDepth)
			}
			if count++; count > most {
				return nil, basescript.Errorf("The XML has more than %d elements", most)
			}
			n := nodeOf(token)
			top.children = append(top.children, n)
			path = append(path, n)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if top == root && strings.TrimSpace(string(token)) != "" {
				return nil, basescript.NewError("Invalid XML: text outside of elements")
			}
			top.text.Write(token)
		}
	}
}

func invalidXML(err error) error {
	if bad, ok := err.(*xml.SyntaxError); ok {
		return basescript.Errorf("Invalid XML: %s on line %d", bad.Msg, bad.Line)
	}
	return basescript.NewError("Invalid XML: no element")
}

func nodeOf(e xml.StartElement) *xmlNode {
	n := &xmlNode{name: e.Name.Local}
	for _, a := range e.Attr {
		switch {
		case a.Name.Local == typeAttr:
			n.kind = a.Value
		case a.Name.Local == nameAttr && e.Name.Local == oddElement:
			n.name = a.Value
		}
	}
	return n
}

// xmlBuilder makes values of elements.
type xmlBuilder struct{ r *basescript.Run }

// isItem reports whether an element is an item of an array: nothing but <value> in it.
func (n *xmlNode) isItem() bool {
	if n.kind != "" || len(n.children) == 0 {
		return false
	}
	for _, c := range n.children {
		if c.name != itemElement {
			return false
		}
	}
	return true
}

// group makes one value of the elements of one name: the array they are the items of, or the value of
// the only one.
func (b xmlBuilder) group(nodes []*xmlNode) (basescript.Value, error) {
	items := true
	for _, n := range nodes {
		items = items && n.isItem()
	}
	if len(nodes) == 1 && !items {
		return b.value(nodes[0])
	}
	if err := b.r.Alloc(112 + 24*len(nodes)); err != nil {
		return basescript.Undefined, err
	}
	list := b.r.NewArray(make([]basescript.Value, 0, len(nodes)))
	read := b.value
	if items {
		read = func(n *xmlNode) (basescript.Value, error) { return b.group(n.children) }
	}
	for _, n := range nodes {
		v, err := read(n)
		if err != nil {
			return basescript.Undefined, err
		}
		list.Append(v)
	}
	return basescript.ObjectValue(list), nil
}

func (b xmlBuilder) value(n *xmlNode) (basescript.Value, error) {
	if err := b.r.Step(1); err != nil {
		return basescript.Undefined, err
	}
	if n.kind != "" && len(n.children) == 0 {
		return b.typed(n)
	}
	if len(n.children) == 0 {
		return basescript.String(n.text.String()), nil
	}
	return b.object(n)
}

// typed makes the value of an element without elements that says its type.
func (b xmlBuilder) typed(n *xmlNode) (basescript.Value, error) {
	text := n.text.String()
	v, ok := basescript.String(text), true
	switch n.kind {
	case "integer":
		var i int64
		i, ok = v.ToInt()
		v = basescript.Int(i)
	case "real":
		f, err := strconv.ParseFloat(text, 64)
		v, ok = basescript.Real(f), err == nil
	case "bool":
		v, ok = basescript.Bool(isTrue(v)), text == "true" || text == "false" || text == "1" || text == "0"
	case "null":
		v = basescript.Null
	case "undefined":
		v = basescript.Undefined
	case "array":
		v = basescript.ObjectValue(b.r.NewArray(nil))
	case "object":
		v = basescript.ObjectValue(b.r.NewObject())
	case "base64":
		data, err := base64.StdEncoding.DecodeString(text)
		v, ok = basescript.String(string(data)), err == nil
	case "date":
		var d basescript.Date
		d, ok = basescript.ParseXMLDate(text)
		v = basescript.DateValue(d)
	}
	if !ok {
		return basescript.Undefined, basescript.Errorf("Invalid XML: the element %s holds no %s", n.name, n.kind)
	}
	return v, nil
}

func (b xmlBuilder) object(n *xmlNode) (basescript.Value, error) {
	if err := b.r.Alloc(112 + 64*len(n.children)); err != nil {
		return basescript.Undefined, err
	}
	groups := make(map[string][]*xmlNode)
	var names []string
	for _, c := range n.children {
		if groups[c.name] == nil {
			names = append(names, c.name)
		}
		groups[c.name] = append(groups[c.name], c)
	}
	o := b.r.NewObject()
	for _, name := range names {
		v, err := b.group(groups[name])
		if err != nil {
			return basescript.Undefined, err
		}
		o.Set(name, v)
	}
	return basescript.ObjectValue(o), nil
}
