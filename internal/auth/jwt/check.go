package jwt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
	josejwt "github.com/go-jose/go-jose/v4/jwt"

	"github.com/tutorsocket/tutorsocket/internal/auth"
)

// maxToken is the largest token that is looked at, in bytes.
const maxToken = 8 << 10

// maxDate is the last second of the year 9999. A later one is no date that somebody means.
const maxDate = 253402300799

// token is one token on its way through the checks.
type token struct {
	text string
	name string // for errors: its id once the signature is checked, until then digits of its digest
}

func newToken(text string) *token {
	digest := sha256.Sum256([]byte(text))
	return &token{text: text, name: hex.EncodeToString(digest[:4])}
}

// refuse says that the token does not count, and why.
func (t *token) refuse(format string, args ...any) error {
	return fmt.Errorf("%w: token %s: %w", auth.ErrUnauthenticated, t.name, fmt.Errorf(format, args...))
}

// judge checks a token and returns whom it names. Claims are looked at only when the signature is right.
func (m *Method) judge(ctx context.Context, text string) (auth.Caller, error) {
	t := newToken(text)
	claims, err := m.verify(ctx, t)
	if err != nil {
		return auth.Caller{}, err
	}
	if id, ok := claims["jti"].(string); ok && id != "" {
		t.name = shown(id)
	}
	until, err := m.checkTimes(t, claims)
	if err != nil {
		return auth.Caller{}, err
	}
	if err := m.checkNames(t, claims); err != nil {
		return auth.Caller{}, err
	}
	caller, err := m.cfg.Claims.caller(claims)
	if err != nil {
		return auth.Caller{}, t.refuse("%w", err)
	}
	caller.Lease = auth.NewLease(until)
	return caller, nil
}

// verify checks form and signature, and returns what was signed. A token with a key id that no key has waits until
// the keys have been read again.
func (m *Method) verify(ctx context.Context, t *token) (claimSet, error) {
	if len(t.text) > maxToken {
		return nil, t.refuse("it has %d bytes, at most %d are taken", len(t.text), maxToken)
	}
	if strings.Count(t.text, ".") != 2 || strings.ContainsFunc(t.text, notInToken) {
		return nil, t.refuse("it is not of the form of a signed JWT, three parts in base64url with dots between")
	}
	parsed, err := josejwt.ParseSigned(t.text, algorithms)
	var other *jose.ErrUnexpectedSignatureAlgorithm
	if errors.As(err, &other) {
		return nil, m.otherAlgorithm(t, string(other.Got))
	}
	if err != nil || len(parsed.Headers) != 1 { // the error may quote the token
		return nil, t.refuse("it is not of the form of a signed JWT: a part cannot be read")
	}
	header := parsed.Headers[0]
	alg := jose.SignatureAlgorithm(header.Algorithm)
	if !slices.Contains(m.cfg.Algorithms, header.Algorithm) {
		return nil, m.otherAlgorithm(t, header.Algorithm)
	}
	if err := checkHeader(t, header); err != nil {
		return nil, err
	}
	keys, sure := m.keys.find(alg, header.KeyID)
	claims, err := verifyWith(t, parsed, keys)
	if err == nil || sure {
		return claims, err
	}
	m.keys.ask(ctx, alg)
	if keys, sure = m.keys.find(alg, header.KeyID); !sure && m.keys.away(alg) {
		if claims, err := verifyWith(t, parsed, keys); err == nil {
			return claims, nil
		}
		return nil, fmt.Errorf("%w: token %s: keys that it may be signed with cannot be read", auth.ErrUnavailable, t.name)
	}
	switch {
	case len(keys) == 0 && header.KeyID != "":
		return nil, t.refuse("there is no key %s for %s", shown(header.KeyID), alg)
	case len(keys) == 0:
		return nil, t.refuse("there is no key for %s", alg)
	}
	return verifyWith(t, parsed, keys)
}

func (m *Method) otherAlgorithm(t *token, got string) error {
	return t.refuse("it is signed with %s; allowed is %s", shown(got), listed(m.cfg.Algorithms))
}

// notInToken tells what is in no token: base64url without padding, and the dots between its parts. Decoders are more
// patient, and pass over line breaks.
func notInToken(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
}

// checkHeader refuses tokens that are signed for something else (RFC 8725, 3.11), such as the notice of a logout, and
// those that say they cannot be understood without some extension: there is none here.
func checkHeader(t *token, header jose.Header) error {
	if _, critical := header.ExtraHeaders["crit"]; critical {
		return t.refuse("it asks for an extension of JWT (crit); none is known here")
	}
	kind, present := header.ExtraHeaders[jose.HeaderType]
	if !present {
		return nil
	}
	name, _ := kind.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return nil
	}
	return t.refuse("it is of the type %s; JWT and at+jwt are taken", shown(fmt.Sprint(kind)))
}

// verifyWith tries keys, and returns what was signed if one of them fits.
func verifyWith(t *token, parsed *josejwt.JSONWebToken, keys []key) (claimSet, error) {
	for _, k := range keys {
		var claims claimSet
		err := parsed.Claims(k.public, &claims)
		if err == nil && claims != nil {
			return claims, nil
		}
		if err == nil || !errors.Is(err, jose.ErrCryptoFailure) {
			return nil, t.refuse("its claims are not one object in JSON, each name once")
		}
	}
	return nil, t.refuse("the signature is not of a key that this server knows")
}

// claimSet is what a token says. Numbers are json.Number, as they are written.
type claimSet map[string]any

// UnmarshalJSON reads an object. A name that comes twice is an error: one reader may take the first, another the last.
func (c *claimSet) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.SetNumberType(json.UnmarshalJSONNumber)
	return dec.Decode((*map[string]any)(c))
}

// checkTimes checks when the token counts, and returns until when. exp is necessary: without it a stolen token would
// open the door for ever.
func (m *Method) checkTimes(t *token, claims claimSet) (until time.Time, err error) {
	now := m.cfg.Clock()
	expires, set, err := claims.date("exp")
	switch {
	case err != nil:
		return time.Time{}, t.refuse("%w", err)
	case !set:
		return time.Time{}, t.refuse("it has no claim exp, so it would never expire")
	}
	until = expires.Add(m.cfg.Skew)
	if !now.Before(until) {
		return time.Time{}, t.refuse("it has expired at %s; here it is %s", stamp(expires), stamp(now))
	}
	for _, bound := range []struct{ claim, what string }{{"nbf", "it counts from %s on; here it is %s"}, {"iat", "it was issued at %s; here it is %s"}} {
		from, set, err := claims.date(bound.claim)
		if err != nil {
			return time.Time{}, t.refuse("%w", err)
		}
		if set && now.Add(m.cfg.Skew).Before(from) {
			return time.Time{}, t.refuse(bound.what, stamp(from), stamp(now))
		}
	}
	return until, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// date reads a claim that is a time (RFC 7519, 2: NumericDate).
func (c claimSet) date(name string) (at time.Time, set bool, err error) {
	value, set := c[name]
	if !set || value == nil {
		return time.Time{}, false, nil
	}
	number, ok := value.(json.Number)
	seconds, err := number.Float64()
	if !ok || err != nil || !(seconds >= 0 && seconds <= maxDate) {
		return time.Time{}, false, fmt.Errorf("its claim %s is not a time in seconds since 1970", name)
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true, nil
}

// checkNames checks who has issued the token, and for whom.
func (m *Method) checkNames(t *token, claims claimSet) error {
	if !m.cfg.AnyIssuer {
		issuer, ok := claims["iss"].(string)
		switch {
		case !ok:
			return t.refuse("it has no issuer (iss), expected is %s", shown(m.cfg.Issuer))
		case issuer != m.cfg.Issuer:
			return t.refuse("its issuer is %s, expected is %s", shown(issuer), shown(m.cfg.Issuer))
		}
	}
	if m.cfg.AnyAudience {
		return nil
	}
	audience, ok := texts(claims["aud"])
	switch {
	case !ok:
		return t.refuse("its claim aud is neither a text nor a list of texts; expected is %s", listed(m.cfg.Audience))
	case len(audience) == 0:
		return t.refuse("it has no audience (aud), expected is %s", listed(m.cfg.Audience))
	case !slices.ContainsFunc(audience, func(name string) bool { return slices.Contains(m.cfg.Audience, name) }):
		return t.refuse("its audience is %s, expected is %s", listed(audience[:min(len(audience), maxListed)]), listed(m.cfg.Audience))
	}
	return nil
}

// maxListed is how many names of a token an error repeats.
const maxListed = 8

// texts reads a text or a list of texts; nil is none.
func texts(value any) (list []string, ok bool) {
	switch v := value.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, true
	case []any:
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}
