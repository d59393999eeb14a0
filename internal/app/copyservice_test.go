package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/tutorsocket/tutorsocket/internal/app"
)

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const registeredOne = `<?xml version="1.0" encoding="utf-8"?>
<api_ext>
	<!-- ours -->
	<apis>
		<api>
			<name>one</name>
			<libs><lib><path>x-local://source/one.xml</path></lib></libs>
		</api>
	</apis>
</api_ext>
`

func TestCopyService(t *testing.T) {
	entry := "<api>\n\t<name>two</name>\n\t<libs>\n\t\t<lib>\n\t\t\t<path>x-local://source/two.xml</path>\n\t\t</lib>\n\t</libs>\n</api>\n"
	indented := func(tabs string) string {
		return tabs + strings.ReplaceAll(strings.TrimSuffix(entry, "\n"), "\n", "\n"+tabs) + "\n"
	}
	russian, err := charmap.Windows1251.NewEncoder().String(strings.NewReplacer("ours", "наши", "utf-8", "windows-1251").Replace(registeredOne))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ before, after string }{
		"no list yet":     {"", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<api_ext>\n\t<apis>\n" + indented("\t\t") + "\t</apis>\n</api_ext>\n"},
		"one more":        {registeredOne, strings.Replace(registeredOne, "\t</apis>", indented("\t\t")+"\t</apis>", 1)},
		"Windows-1251":    {russian, strings.Replace(russian, "\t</apis>", indented("\t\t")+"\t</apis>", 1)},
		"byte order mark": {"\ufeff" + registeredOne, "\ufeff" + strings.Replace(registeredOne, "\t</apis>", indented("\t\t")+"\t</apis>", 1)},
		"line breaks of Windows": {
			strings.ReplaceAll(registeredOne, "\n", "\r\n"),
			strings.ReplaceAll(strings.Replace(registeredOne, "\t</apis>", indented("\t\t")+"\t</apis>", 1), "\n", "\r\n"),
		},
		"empty list":    {"<api_ext><apis/></api_ext>", "<api_ext><apis>\n" + indented("\t") + "</apis></api_ext>"},
		"no element":    {"<api_ext>\n</api_ext>", "<api_ext>\n\t<apis>\n" + indented("\t\t") + "\t</apis>\n</api_ext>"},
		"empty element": {"<api_ext />", "<api_ext>\n\t<apis>\n" + indented("\t\t") + "\t</apis>\n</api_ext>"},
		"all in a line": {"<api_ext><apis></apis></api_ext>", "<api_ext><apis>\n" + indented("\t") + "</apis></api_ext>"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{
				"source/one.xml": "<SPXML-INLINE-FORM  CODE-LIB='1' web-service-path='/services/one' OTHER=\"x\">\n</SPXML-INLINE-FORM>",
				"source/one.js":  "\ufeffx = 1;\r\n", "services/two.txt": "",
			}
			if c.before != "" {
				files["source/api_ext.xml"] = c.before
			}
			dir := folder(t, files)
			from := "main_ws_service"
			registered := strings.Contains(c.before, "one.xml")
			if registered {
				from = "one"
			}
			written, err := load(t, dir).CopyService(from, "two")
			if err != nil || strings.Join(written, " ") != "source/two.js source/two.xml source/api_ext.xml" {
				t.Fatal(written, err)
			}
			if got := readFile(t, dir, "source/api_ext.xml"); got != c.after {
				t.Errorf("the list is\n%s\nwant\n%s", got, c.after)
			}
			a := load(t, dir)
			two, ok := a.Snapshot().Service("two")
			if !ok || two.URL != "x-local://source/two.js" || two.Err != nil || len(a.Problems()) > 0 {
				t.Fatalf("%+v, problems %v", two, a.Problems())
			}
			original, _ := a.Snapshot().Service(from)
			if two.Source != original.Source {
				t.Errorf("the script is %q", two.Source)
			}
			if registered {
				want := strings.Replace(files["source/one.xml"], "'/services/one'", `"/services/two"`, 1)
				if got := readFile(t, dir, "source/two.xml"); got != want {
					t.Errorf("the form is %s", got)
				}
				if got := readFile(t, dir, "source/two.js"); got != files["source/one.js"] {
					t.Errorf("the script is %q", got)
				}
			}
		})
	}
}

func TestCopyServiceRefusals(t *testing.T) {
	dir := folder(t, map[string]string{
		"services/one.js": "x = 1;", "services/two.js": "", "source/three.xml": "mine", "sub/api_ext.xml": "<api_ext>",
	})
	a := load(t, dir)
	broken := folder(t, map[string]string{"services/one.js": "", "source/api_ext.xml": "<api_ext>\n<apis>"})
	for name, c := range map[string]struct {
		app      *app.App
		from, to string
		want     error
		text     string
	}{
		"unknown":        {a, "none", "four", app.ErrNoScript, `"none"`},
		"taken":          {a, "one", "two", app.ErrExists, "services/two.js"},
		"itself":         {a, "one", "one", app.ErrExists, "services/one.js"},
		"file is there":  {a, "one", "three", app.ErrExists, "source/three.xml"},
		"no name":        {a, "one", "../four", app.ErrBadName, "../four"},
		"name of keys":   {a, "one", "a-s-b", app.ErrBadName, "-s-"},
		"no folder":      {load(t, ""), "main_ws_service", "four", app.ErrNoFolder, "sample"},
		"broken list":    {load(t, broken), "one", "four", nil, "source/api_ext.xml, line 2: The XML does not parse"},
		"source, a file": {load(t, folder(t, map[string]string{"source": "x"})), "main_ws_service", "four", app.ErrInTheWay, "source"},
	} {
		written, err := c.app.CopyService(c.from, c.to)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || len(written) > 0 {
			t.Errorf("%s: %v, written %v", name, err, written)
		}
	}
	for _, dir := range []string{dir, broken} {
		if left, err := filepath.Glob(filepath.Join(dir, "source", "four*")); err != nil || len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
}
