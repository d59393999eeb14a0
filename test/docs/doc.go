// Package docs keeps the documents true. Its tests play every README and every page of docs/ as a
// reader would: commands run against a server, scripts are written into an app folder and served,
// messages are sent and their answers compared, settings are loaded. They also check that links lead
// somewhere, that both languages show the same, and that the tables of settings, of metrics and of what exists are
// those of the program.
//
// What a fenced block means is said by its first words (play_test.go):
//
//	sh                 commands: tutorsocket, curl, or something the page only names (see known)
//	text, json         behind commands: what the last of them prints; … stands for anything
//	js FILE, xml FILE  a file of the app folder, written before the server starts
//	yaml FILE          a config file; one that names ways to log in must do for serve
//	ws PATH            a socket: "> text" is sent, "< text" comes, "x 1008 reason" closes it, and at
//	                   "! words" its connection breaks
//	json, yaml         alone: something that parses
//	promql             queries of metrics that the page lists
//	nginx, caddy, ini  a configuration of another program, whose form is looked at
//
// A comment <!-- test connect PATH --> in a page opens a socket that a later ws block goes on with.
package docs
