// Package web holds the pages of the product, built and embedded, as an http.Handler.
//
// Today those are the WebSocket test client at /client/ and the reference of the HTTP API
// at /api/; the administration console will stand beside them. The sources are TypeScript and Svelte under src/, built by Vite into
// dist/, which is committed so that the product builds with Go alone. The full test run
// builds again and compares.
//
// A page talks to the server like any other client of it. The package therefore knows no
// other room: server mounts Handler, and its guard decides who may ask.
package web
