// Package jwt lets in who brings a signed token (RFC 7519) that somebody else has issued: WebTutor, a portal, an
// identity provider, or the command "token create".
//
// [New] reads the keys of a [Config] and returns a [Method], which judges requests ([Method.Authenticate]) and
// tokens that came in messages ([Method.Renew]). What a token must hold is in check.go, what becomes of its claims
// in claims.go, where a request may carry it in find.go, how one is made in sign.go.
//
// A signature counts only with HS256, RS256, ES256 or EdDSA, and a key serves only the algorithm that fits it
// (keys.go): a public key is never a secret for HMAC, whatever the token says of itself. Of the header of a token
// nothing is believed but "alg" and "kid", and both only choose among the keys that are here; keys it brings along
// or points to (jwk, jku, x5c, x5u) are left alone.
//
// Keys come from files and from an address (source.go). [Method.Run] reads them again on an interval, and a token
// that names an unknown key has them read at once, though not more often than every ten seconds. Until that is done the
// token waits. When keys cannot be had, those of the last time count for [Config.KeepKeys].
//
// A Method is safe for concurrent use. Its only goroutine is that of the caller of Run; without Run, keys are
// fetched when the first token asks for them, and again when one names an unknown key.
//
// Errors name a token by its id or by a few digits of its digest, and say which check has failed. Tokens, keys and the
// addresses of keys are in no error of a Method and in no record.
package jwt
