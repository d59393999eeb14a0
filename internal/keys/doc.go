// Package keys knows the API keys: who holds one may use the HTTP API as far as the
// scopes of the key go.
//
// A key is made once with [Store.Create], which returns the text to hand over:
//
//	tsk_<id>_<secret>
//
// The id names the key and is no secret; lists, logs and errors show it. The secret is
// 32 random bytes. Only their SHA-256 is kept, so nobody can read a key that was made
// earlier, and no slow hash is needed: there is nothing to guess.
//
// The keys are values of a bucket of their own, under their ids, which all nodes share.
// [Store.Check] remembers what it has read for a second, and reads no longer than a
// second and a half; what it decides is therefore never older than that, and a key that
// is revoked anywhere stops working everywhere within two seconds, on the node that
// revokes it at once. Where the bucket cannot be reached no key can be checked: that is
// [ErrUnavailable], not a guess.
//
// When a key was used last is written down to some minutes, in the background, and
// replaces only the very value that was read: a key revoked meanwhile stays revoked.
//
// [Bearers] looks at the token of a request, the admin token or a key. All methods may be
// called concurrently. The package does not know which operation wants which scope.
package keys
