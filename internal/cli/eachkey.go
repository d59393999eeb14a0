package cli

import (
	"errors"
	"fmt"
)

// keyFailed is a key with which a command could not do its work, for machines.
type keyFailed struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// absentError is the failure of one key only: there is nothing under it. Any other failure would be that of
// the keys behind it as well.
type absentError struct{ error }

// eachKey does the work for one key after the other and returns with which it was done and with which not. A key
// that is absent is told on standard error and the others go on; another failure ends it and is returned.
func (p *program) eachKey(keys []string, work func(key string) error) (done []string, failed []keyFailed, err error) {
	done, failed = []string{}, []keyFailed{}
	for _, key := range keys {
		err := work(key)
		if err == nil {
			done = append(done, key)
			continue
		}
		failed = append(failed, keyFailed{key, err.Error()})
		if !errors.As(err, new(absentError)) {
			return done, failed, err
		}
		fmt.Fprintln(p.Stderr, p.red("error:"), err)
	}
	if len(failed) > 0 {
		return done, failed, errTold
	}
	return done, failed, nil
}
