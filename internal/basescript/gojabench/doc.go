// Package gojabench measures package basescript beside goja, the engine whose parser it borrows, on
// the same work in the same run. It is a module of its own so that goja the engine never becomes a
// dependency of the product.
//
//	go test -bench . -benchmem -count 7
//
// Compare medians of the two sides of one benchmark; single figures of a shared machine mean little.
// goja has its runtime set up once and reused, ours begins each call with a fresh environment.
package gojabench
