package userdata

// ReadFromLeader has a store read as it does in a cluster.
func ReadFromLeader(s *Store) { s.fromLeader = true }
