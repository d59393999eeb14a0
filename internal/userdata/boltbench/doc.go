// Package boltbench measures user data in the embedded NATS beside the same values in
// bbolt, in one run. It is a module of its own, so that the peer is no dependency of
// the product:
//
//	go test -C internal/userdata/boltbench -run Beside -beside -rounds 9 -v
//	go test -C internal/userdata/boltbench -run '^$' -bench .
package boltbench
