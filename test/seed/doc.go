// Package seed tests the product on what it was built for: the examples of the mission document, each
// in the situation the document describes and under the version of its section.
//
// The document's own scripts are read, unmodified, where TUTORSOCKET_MISSION_DOC names it; the same
// situations are always played with the agents of the sample app, which are equivalents of our own.
package seed
