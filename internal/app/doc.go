// Package app reads an app folder as an immutable snapshot of compiled services, libraries,
// agents and stubs, and renews the snapshot when files change.
//
// Where scripts come from, later ones replacing earlier ones of the same name:
//
//	services   wtv/wtv_main_ws_service.js (built in), source/api_ext.xml, services/<name>.js
//	libraries  wtv/libs/main_library.js (built in, code libMain), source/api_ext.xml, libs/<code>.js, libs/<file>.bs (V2)
//	agents     agents/<name>.js
//	stubs      stubs/<function>.js, stubs/<namespace>.<member>.js
//
// The two built-in scripts are embedded; a file of the same path in the folder is read instead.
// Without a folder the embedded sample app is served. Folders below services, libs, agents and stubs are
// not looked into; x-local:// addresses are resolved inside the app folder and never leave it, not
// even through a symbolic link.
//
// An [App] holds the newest [Snapshot]; whoever runs scripts takes it once per run and keeps it. A
// script that no longer compiles (or can no longer be read) keeps its last good version and is named
// among the problems; one that never compiled is there with its error, so that a call to it can be
// answered. A registration file that does not parse keeps what it registered before.
//
// Snapshots and scripts may be read by any number of goroutines; [App.Watch] and [App.Write], which
// changes a script's file on purpose, replace the snapshot one at a time.
// The package does not know how scripts are run or what they can call: the names they are compiled
// against come in through [Config].
package app
