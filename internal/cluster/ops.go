package cluster

import "github.com/tutorsocket/tutorsocket/internal/peers"

// What nodes ask each other about sockets: 1 to 31. Others have 32 to 63.
const (
	OpInfo        peers.Op = 1 // what one socket is like
	OpPatchTags   peers.Op = 2
	OpReplaceTags peers.Op = 3
	OpAbort       peers.Op = 4
	OpSelect      peers.Op = 5 // all sockets that match, in pages
	OpList        peers.Op = 6 // the first of them by key, in pages
	OpTagNames    peers.Op = 7
	OpTagValues   peers.Op = 8
	OpDescribe    peers.Op = 9  // what a node is like; answered by package server
	OpDrain       peers.Op = 10 // stop it gently; likewise
	OpStopRun     peers.Op = 11 // stop a run of an agent there; likewise
)

// RemoteOps names the operations above, for metrics.
func RemoteOps() map[peers.Op]peers.OpInfo {
	return map[peers.Op]peers.OpInfo{
		OpInfo: {Name: "info"}, OpPatchTags: {Name: "patch_tags"}, OpReplaceTags: {Name: "replace_tags"}, OpAbort: {Name: "abort"},
		OpSelect: {Name: "select"}, OpList: {Name: "list"}, OpTagNames: {Name: "tag_names"}, OpTagValues: {Name: "tag_values"},
		OpDescribe: {Name: "describe"}, OpDrain: {Name: "drain"}, OpStopRun: {Name: "stop_run"},
	}
}
