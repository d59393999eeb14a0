package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestTheProgramIsSmall: a plain build takes no more than 45 MiB, with all that debuggers want of it, which is a third.
// The ways to log in, keys, limits and certificates have 4 of them: half of that is certmagic with what it needs, the
// rest go-jose, scs, argon2 and our rooms. What makes it jump is a package that looks methods up by their names
// (text/template does), since the linker then keeps all there are; and each operation of the API: its registration is
// compiled anew for the types of each, 20 KB of code and more of tables.
func TestTheProgramIsSmall(t *testing.T) {
	const most = 45 << 20
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the size is that of a program for Linux on amd64")
	}
	if testing.Short() {
		t.Skip("a build takes a while")
	}
	program := filepath.Join(t.TempDir(), "tutorsocket")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > most {
		t.Errorf("the program has %d bytes, more than %d", info.Size(), most)
	}
}
