// Package apitest reads the OpenAPI document of a server in tests and holds answers
// against it: the status, the type and the headers must be declared, the body must
// be what the schema says. It uses a validator that is not the one of the API.
package apitest
