// Package cli is the command line of tutorsocket: arguments in, text or JSON
// out, an exit code at the end.
//
// [Main] runs one command. What it reads and writes comes in an [Env], so that
// tests run commands in their own process. "dev" starts a server with package
// server; "check" and "types" read an app folder by themselves; "connect" leaves the
// conversation to package connect; every other command is a client of a server and
// speaks to it through the client of package api. Where
// that server is and which token opens it is found out in target.go. Exit codes are
// in exit.go.
//
// A command is a file, and a line in [program.root]. It has a Short, a Long, examples that a test runs, and --json
// if it prints a result. Help is laid out in help.go, tables in table.go, what Tab offers in completion.go. What is
// known of the terminal comes in a [Screen]; without one there are no colours and nothing is cut or redrawn.
//
// Commands run one at a time; Main may be called again.
package cli
