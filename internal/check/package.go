package check

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// TypesPackage is the npm package of typings for WebTutor that ours go together with.
const TypesPackage = "@umbrik/webtutor-types"

// Declared is what other typings declare already.
type Declared struct {
	// Installed: the files were read. If not, the package is taken to declare all that WebTutor has.
	Installed bool
	// Dir is the folder of the package.
	Dir     string
	values  map[string]bool
	types   map[string]bool
	spaces  map[string]bool // namespaces, which may be declared in several parts
	members map[string]bool // namespace.member
}

func (d *Declared) value(name string) bool {
	return d != nil && (!d.Installed || d.values[name])
}

// closed reports whether a name is declared as something that cannot be added to.
func (d *Declared) closed(name string) bool { return d != nil && d.values[name] && !d.spaces[name] }

func (d *Declared) typed(name string) bool { return d != nil && d.types[name] }

func (d *Declared) member(namespace, name string) bool {
	return d != nil && (!d.Installed || d.members[namespace+"."+name])
}

// maxParents bounds how many folders above an app are looked into.
const maxParents = 20

// FindTypesPackage looks for [TypesPackage] where Node would, from a folder upwards. It returns nil if
// the package is neither installed nor named in a package.json; what is named and not installed is not
// Installed.
func FindTypesPackage(dir string) (*Declared, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("folder %q: %w", dir, err)
	}
	var named *Declared
	for range maxParents {
		lib := filepath.Join(dir, "node_modules", filepath.FromSlash(TypesPackage), "lib")
		if info, err := os.Stat(lib); err == nil && info.IsDir() {
			return readDeclarations(lib)
		}
		text, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err == nil && strings.Contains(string(text), `"`+TypesPackage+`"`) {
			named = &Declared{}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return named, nil
}

const (
	maxTypingsFiles = 5000
	maxTypingsBytes = 64 << 20
)

// readDeclarations reads what the declaration files below a folder declare.
func readDeclarations(lib string) (*Declared, error) {
	d := &Declared{Installed: true, Dir: lib, values: map[string]bool{}, types: map[string]bool{}, spaces: map[string]bool{}, members: map[string]bool{}}
	files, size := 0, 0
	err := filepath.WalkDir(lib, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".d.ts") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if files, size = files+1, size+len(text); files > maxTypingsFiles || size > maxTypingsBytes {
			return errors.New("it is larger than typings are")
		}
		d.read(string(text))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the package %s in %s cannot be read: %w", TypesPackage, lib, err)
	}
	return d, nil
}

var (
	declaredValue  = regexp.MustCompile(`^declare (?:function|const|let|var|class|namespace) (\w+)`)
	declaredType   = regexp.MustCompile(`^(?:declare )?(?:interface|class|type|enum) (\w+)`)
	declaredSpace  = regexp.MustCompile(`^declare namespace (\w+)`)
	declaredMember = regexp.MustCompile(`^\s+(?:export )?(?:function|const|let|var|class|namespace) (\w+)`)
)

func (d *Declared) read(text string) {
	space := ""
	for line := range strings.SplitSeq(text, "\n") {
		if m := declaredValue.FindStringSubmatch(line); m != nil {
			d.values[m[1]] = true
		}
		if m := declaredType.FindStringSubmatch(line); m != nil {
			d.types[m[1]] = true
		}
		if m := declaredSpace.FindStringSubmatch(line); m != nil {
			space = m[1]
			d.spaces[space] = true
		} else if strings.HasPrefix(line, "}") {
			space = ""
		} else if m := declaredMember.FindStringSubmatch(line); m != nil && space != "" {
			d.members[space+"."+m[1]] = true
		}
	}
}
