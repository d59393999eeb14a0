package hostapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// fileFunc is a function over names of files: args are the first Min arguments and what else there is.
type fileFunc func(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error)

// fileGlobals are the functions of spec/basescript.md 2.8, row files. Names of files are addresses or
// paths alike: the original has two functions where one would do, and so do we.
func fileGlobals() []basescript.Global {
	const (
		loads  = "(url: string): string"
		puts   = "(url: string, data: string): void"
		asks   = "(path: string): boolean"
		does   = "(path: string): void"
		lists  = "(url: string): string[]"
		copies = "(destination: string, source: string): void"
	)
	var globals []basescript.Global
	add := func(name string, min int, sig, doc string, call fileFunc) {
		globals = append(globals, basescript.Global{Name: name, Func: &basescript.Func{
			Name: name, Min: min, Sig: sig, Doc: doc,
			Call: func(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
				files := envOf(r).Files
				if files == nil {
					return basescript.Undefined, basescript.NewError("There are no files here")
				}
				if err := r.Step(20); err != nil {
					return basescript.Undefined, err
				}
				return call(r, files, args)
			},
		}})
	}
	add("LoadFileData", 1, loads, "The bytes of a file.", loadData)
	add("LoadFileText", 1, loads, "The text of a file: UTF-8, UTF-16 with a mark, else Windows-1251.", loadText)
	add("LoadUrlData", 1, loads, "The bytes at an address: of a file, or of the web if http_request.allow lists the host.", loadData)
	add("LoadUrlText", 1, loads, "The text at an address: of a file, or of the web if http_request.allow lists the host.", loadText)
	add("PutFileData", 2, puts, "Makes the data the content of a file. Its folder must exist.", putData)
	add("PutUrlData", 2, puts, "Makes the data the content of a file. Its folder must exist.", putData)
	add("PutUrlText", 2, puts, "Makes the text the content of a file. Its folder must exist.", putData)
	add("FilePathExists", 1, asks, "Whether there is a file or a folder.", exists)
	add("UrlExists", 1, "(url: string): boolean", "Whether there is a file or a folder, or the web answers with 200.", exists)
	add("IsDirectory", 1, asks, "Whether there is a folder of that name.", isFolder)
	add("PathIsDirectory", 1, asks, "Whether there is a folder of that name.", isFolder)
	add("ReadDirectory", 1, lists, "The addresses of the files and folders in a folder.", readFolder(true))
	add("ReadDirectoryByPath", 1, lists, "The paths of the files and folders in a folder.", readFolder(false))
	add("ObtainDirectory", 1, "(path: string, parents?: boolean): void", "Makes a folder if there is none, with those above it if parents is true.", obtainFolder)
	add("CreateDirectory", 1, does, "Makes a folder.", createFolder)
	add("DeleteFile", 1, does, "Removes a file.", oneName(Files.Remove))
	add("DeleteDirectory", 1, does, "Removes a folder with all that is in it.", oneName(Files.RemoveFolder))
	add("MoveFile", 2, "(from: string, to: string): void", "Gives a file or a folder another name, in place of a file that has it.", moveFile)
	add("CopyUrl", 2, copies, "Copies a file, or what the web answers, to a file.", copyFile)
	add("CopyFile", 2, "(from: string, to: string): void", "Copies a file.", func(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
		return copyFile(r, files, []basescript.Value{args[1], args[0]})
	})
	add("ObtainTempFile", 0, "(suffix?: string): string", "The address of a file in the scratch folder that does not exist, and is removed after a day or more.", tempFile)
	add("ObtainSessionTempFile", 0, "(suffix?: string): string", "The address of a file in the scratch folder, as of ObtainTempFile.", tempFile)
	add("ZipCreate", 2, "(archive: string, items: string[], options?: { BaseDir?: string }): void", "Packs files and folders into a zip archive; relative names begin at BaseDir.", zipCreate)
	add("ZipExtract", 2, "(archive: string, folder: string): void", "Unpacks a zip archive into a folder.", zipExtract)
	return globals
}

// waitFor runs work on the disk, which may be slow.
func waitFor(r *basescript.Run, work func() error) error {
	return r.Wait(func(context.Context) error { return work() })
}

// loadFile reads a file whole. The errors, which begin with its name, are errors of the dialect.
func loadFile(r *basescript.Run, name string) (data []byte, err error) {
	files := envOf(r).Files
	if files == nil {
		return nil, basescript.NewError("There are no files here")
	}
	err = waitFor(r, func() error {
		f, size, err := files.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read from
		data, err = readAll(r, f, size)
		if errors.Is(err, tooLarge{}) {
			return fmt.Errorf("%s: the file is %w", clip(name), err)
		}
		return err
	})
	if err != nil && !isScriptError(err) {
		err = basescript.NewError(err.Error())
	}
	return data, err
}

// load reads a file, or what the web answers.
func load(r *basescript.Run, name string) ([]byte, error) {
	if isWebURL(name) {
		return loadURL(r, name)
	}
	return loadFile(r, name)
}

func loadData(r *basescript.Run, _ Files, args []basescript.Value) (basescript.Value, error) {
	data, err := load(r, args[0].Text())
	if err != nil {
		return basescript.Undefined, err
	}
	if err := r.Alloc(len(data)); err != nil {
		return basescript.Undefined, err
	}
	return basescript.String(string(data)), nil
}

func loadText(r *basescript.Run, _ Files, args []basescript.Value) (basescript.Value, error) {
	data, err := load(r, args[0].Text())
	if err != nil {
		return basescript.Undefined, err
	}
	if err := r.Step(len(data) >> 4); err != nil {
		return basescript.Undefined, err
	}
	if err := r.Alloc(4 * len(data)); err != nil { // what decoding takes at most, its buffers included
		return basescript.Undefined, err
	}
	return basescript.String(basescript.DecodeText(data)), nil
}

// writeFile makes text the content of a file.
func writeFile(r *basescript.Run, name, text string) error {
	files := envOf(r).Files
	if files == nil {
		return basescript.NewError("There are no files here")
	}
	if err := r.Step(1 + len(text)>>6); err != nil {
		return err
	}
	return r.Wait(func(ctx context.Context) error {
		return files.Write(name, &endingReader{ctx, strings.NewReader(text)})
	})
}

// endingReader ends with its context.
type endingReader struct {
	ctx context.Context
	io.Reader
}

func (e *endingReader) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.Reader.Read(p[:min(len(p), readUnit)])
}

func putData(r *basescript.Run, _ Files, args []basescript.Value) (basescript.Value, error) {
	return basescript.Undefined, writeFile(r, args[0].Text(), textOr(args[1]))
}

func exists(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	name := args[0].Text()
	if isWebURL(name) {
		there, err := urlAnswers(r, name)
		return basescript.Bool(there), err
	}
	info, err := stat(r, files, name)
	return basescript.Bool(info != nil), err
}

func isFolder(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	info, err := stat(r, files, args[0].Text())
	return basescript.Bool(info != nil && info.IsDir()), err
}

// stat returns nil for what does not exist, such as a file without a name.
func stat(r *basescript.Run, files Files, name string) (info fs.FileInfo, err error) {
	if name == "" {
		return nil, nil
	}
	err = waitFor(r, func() error {
		info, err = files.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			info, err = nil, nil
		}
		return err
	})
	return info, err
}

func readFolder(asURL bool) fileFunc {
	return func(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
		var names []string
		err := waitFor(r, func() (err error) {
			names, err = files.List(args[0].Text(), asURL)
			return err
		})
		if err != nil {
			return basescript.Undefined, err
		}
		size := 0
		for _, name := range names {
			size += 40 + len(name)
		}
		if err := r.Step(len(names)); err != nil {
			return basescript.Undefined, err
		}
		if err := r.Alloc(size); err != nil {
			return basescript.Undefined, err
		}
		list := make([]basescript.Value, len(names))
		for i, name := range names {
			list[i] = basescript.String(name)
		}
		return basescript.ObjectValue(r.NewArray(list)), nil
	}
}

func obtainFolder(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	parents := isTrue(arg(args, 1))
	return basescript.Undefined, waitFor(r, func() error { return files.MakeFolder(args[0].Text(), parents) })
}

func createFolder(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	return basescript.Undefined, waitFor(r, func() error { return files.MakeFolder(args[0].Text(), false) })
}

// oneName is a function that does something with one file and returns nothing.
func oneName(do func(files Files, name string) error) fileFunc {
	return func(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
		return basescript.Undefined, waitFor(r, func() error { return do(files, args[0].Text()) })
	}
}

func moveFile(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	return basescript.Undefined, waitFor(r, func() error { return files.Move(args[0].Text(), args[1].Text()) })
}

func copyFile(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	to, from := args[0].Text(), args[1].Text()
	if isWebURL(from) {
		data, err := loadURL(r, from)
		if err != nil {
			return basescript.Undefined, err
		}
		if err := r.Alloc(len(data)); err != nil {
			return basescript.Undefined, err
		}
		return basescript.Undefined, writeFile(r, to, string(data))
	}
	return basescript.Undefined, r.Wait(func(ctx context.Context) error {
		f, _, err := files.Open(from)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // only read from
		return files.Write(to, &endingReader{ctx, f})
	})
}

func tempFile(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	var url string
	err := waitFor(r, func() (err error) {
		url, err = files.TempURL(textOr(arg(args, 0)))
		return err
	})
	return basescript.String(url), err
}

// work charges for packing and unpacking: it is computing, not waiting.
func work(r *basescript.Run) func(bytes int) error {
	return func(bytes int) error { return r.Step(1 + bytes>>4) }
}

func zipCreate(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	var items []string
	if v := args[1].Scalar(); v.Kind() == basescript.KindString {
		items = []string{v.Text()}
	} else {
		list, err := listArg("The files for an archive", args[1])
		if err != nil {
			return basescript.Undefined, err
		}
		for _, item := range list {
			items = append(items, item.Text())
		}
	}
	base := ""
	if options := arg(args, 2); options.Object() != nil {
		v, _, err := r.OptProperty(options, "BaseDir")
		if err != nil {
			return basescript.Undefined, err
		}
		base = textOr(v)
	}
	return basescript.Undefined, files.Zip(args[0].Text(), items, base, work(r))
}

func zipExtract(r *basescript.Run, files Files, args []basescript.Value) (basescript.Value, error) {
	return basescript.Undefined, files.Unzip(args[0].Text(), args[1].Text(), work(r))
}
