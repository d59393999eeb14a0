package server

// openFiles returns 0: handles of Windows are bounded by memory alone.
func openFiles() int { return 0 }
