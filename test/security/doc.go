// Package security attacks whole servers over real sockets, as somebody would who has no right to be there: a page of
// another site, a forged token, another user, a script that wants out. What is tried must be refused, and whoever
// operates the server must find a record of it: in GET /refusals, in the log, or in the error of the script.
//
// docs/security.md says which test covers which requirement; document_test.go holds it to that.
package security
