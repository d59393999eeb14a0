// Package cluster runs three nodes, each the real program, on three real nats-server processes, the upstream
// program built from its module, and breaks what can break while messages flow: nodes and NATS servers are
// killed, paused, cut off and started again one after the other. What each client received is judged by package
// test/faults/history. The schedules are random; a test that fails names its seed, which -args -seed N gives
// again. The faults of several nodes take long: they happen with -args -long, ten times over, or with -args -only
// and a part of the name of one.
//
// Between each node and each NATS server, and between each two NATS servers, there is a [link], which can be
// cut: then nothing comes through and nobody is told, as when a network is divided.
package cluster
