// Package api exercises the HTTP API of a real server from outside, operation by operation of its
// OpenAPI document. Every answer is held against the document: status, type, headers, body.
//
// exchanges_test.go is the table to extend: an operation without an entry fails the tests. The first
// exchange of an entry is one that succeeds; wrong requests are made from it and from the document
// (wrong_test.go), so that an entry needs only those which neither of them can know.
package api
