// Package slowreaders has clients that never read among clients that do, and looks at what the others notice: nothing
// is to be lost or late for them, and what waits for the silent ones is to stay within its bounds. With -args -long
// the program itself is measured as a process: the others' latency with silent clients and without, by turns.
package slowreaders
