//go:build !unix

package gojabench

import "time"

var began = time.Now()

// clock is the time gone by: what the process itself used of it is not known here.
func clock() time.Duration { return time.Since(began) }
