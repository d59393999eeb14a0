package hostapi

import (
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// fileNameGlobals are about names of files and about the machine; no file is touched.
var fileNameGlobals = []basescript.Global{
	nameFunc("FileName", "(path: string): string", "The last part of a path or an address.", func(name string) string {
		name = trimSlashes(name)
		return name[lastSlash(name)+1:]
	}),
	nameFunc("ParentDirectory", "(path: string): string", "The folder a path or an address lies in; empty if it has none.", parentFolder),
	nameFunc("IsAbsoluteFilePath", "(path: string): boolean", "Whether a path begins at a root or a drive.", nil),
	{Name: "FilePath", Func: &basescript.Func{
		Name: "FilePath", Min: 2, Call: filePath,
		Sig: "(folder: string, name: string): string",
		Doc: "The path of a file in a folder.",
	}},
	{Name: "UrlToFilePath", Func: &basescript.Func{
		Name: "UrlToFilePath", Min: 1,
		Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			return withFiles(r, func(files Files) (string, error) { return files.Path(args[0].Text()) })
		},
		Sig: "(url: string): string",
		Doc: "The path of an x-local:// or file:/// address.",
	}},
	{Name: "FilePathToUrl", Func: &basescript.Func{
		Name: "FilePathToUrl", Min: 1,
		Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			return withFiles(r, func(files Files) (string, error) { return files.URL(args[0].Text(), textOr(arg(args, 1))) })
		},
		Sig: "(path: string, baseUrl?: string): string",
		Doc: "The file:/// address of a path, or the x-local:// one if the base is such an address.",
	}},
	{Name: "AppDirectoryPath", Func: &basescript.Func{
		Name: "AppDirectoryPath",
		Call: func(r *basescript.Run, _ []basescript.Value) (basescript.Value, error) {
			return withFiles(r, func(files Files) (string, error) { return files.AppFolder(), nil })
		},
		Sig: "(): string", Doc: "The path of the app folder.",
	}},
	{Name: "AppDataDirectoryPath", Func: &basescript.Func{
		Name: "AppDataDirectoryPath",
		Call: func(r *basescript.Run, _ []basescript.Value) (basescript.Value, error) {
			return withFiles(r, func(files Files) (string, error) { return files.ScratchFolder(), nil })
		},
		Sig: "(): string", Doc: "The path of the scratch folder, where scripts may write.",
	}},
	{Name: "GetSysEnvironmentVariable", Func: &basescript.Func{
		Name: "GetSysEnvironmentVariable", Min: 1,
		Call: func(*basescript.Run, []basescript.Value) (basescript.Value, error) {
			return basescript.String(""), nil // the environment of a server holds its secrets
		},
		Sig: "(name: string): string", Doc: "Always empty: scripts do not see the environment of the server.",
	}},
	{Name: "GetSysUserName", Func: &basescript.Func{
		Name: "GetSysUserName",
		Call: func(*basescript.Run, []basescript.Value) (basescript.Value, error) {
			return basescript.String("tutorsocket"), nil
		},
		Sig: "(): string", Doc: "Always tutorsocket: scripts do not see the user the server runs as.",
	}},
}

func withFiles(r *basescript.Run, fn func(files Files) (string, error)) (basescript.Value, error) {
	files := envOf(r).Files
	if files == nil {
		return basescript.Undefined, basescript.NewError("There are no files here")
	}
	text, err := fn(files)
	return basescript.String(text), err
}

// nameFunc is a function from a name to a part of it; without part it tells absolute paths.
func nameFunc(name, sig, doc string, part func(string) string) basescript.Global {
	return basescript.Global{Name: name, Func: &basescript.Func{
		Name: name, Min: 1, Sig: sig, Doc: doc,
		Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
			text := args[0].Text()
			if err := r.Step(1 + len(text)>>6); err != nil {
				return basescript.Undefined, err
			}
			if part == nil {
				return basescript.Bool(isAbsolutePath(text)), nil
			}
			if err := r.Alloc(len(text)); err != nil {
				return basescript.Undefined, err
			}
			return basescript.String(strings.Clone(part(text))), nil
		},
	}}
}

func isSlash(c rune) bool          { return c == '/' || c == '\\' }
func lastSlash(name string) int    { return strings.LastIndexAny(name, `/\`) }
func trimSlashes(s string) string  { return strings.TrimRightFunc(s, isSlash) }
func hasDriveLetter(s string) bool { return len(s) > 1 && s[1] == ':' }

func isAbsolutePath(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) || hasDriveLetter(name)
}

// parentFolder keeps the root of a path and the scheme of an address.
func parentFolder(name string) string {
	scheme := ""
	if i := strings.Index(name, "://"); i > 1 {
		scheme, name = name[:i+3], name[i+3:]
	}
	trimmed := trimSlashes(name)
	i := lastSlash(trimmed)
	switch {
	case i < 0:
		return scheme
	case i == 0 || i == 2 && hasDriveLetter(trimmed):
		return scheme + trimmed[:i+1]
	}
	return scheme + trimSlashes(trimmed[:i])
}

// filePath joins with the slash that is in use in the folder's path.
func filePath(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	folder, name := args[0].Text(), args[1].Text()
	if err := r.Alloc(len(folder) + len(name) + 1); err != nil {
		return basescript.Undefined, err
	}
	slash := "/"
	if strings.Contains(folder, `\`) && !strings.Contains(folder, "/") || len(folder) == 2 && hasDriveLetter(folder) {
		slash = `\`
	}
	switch {
	case folder == "":
		return basescript.String(strings.Clone(name)), nil
	case strings.HasSuffix(folder, "/") || strings.HasSuffix(folder, `\`):
		slash = ""
	}
	return basescript.String(folder + slash + strings.TrimLeftFunc(name, isSlash)), nil
}
