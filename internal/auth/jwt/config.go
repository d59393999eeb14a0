package jwt

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config says which tokens count, and what their claims mean. Zero values of times and of Algorithms mean the
// defaults, except that of Skew, which is none.
type Config struct {
	Algorithms []string `yaml:"algorithms" default:"HS256,RS256,ES256,EdDSA" doc:"Algorithms that tokens may be signed with, of HS256, RS256, ES256 and EdDSA; each needs a key of its kind."`

	SecretFile string        `yaml:"secret_file" default:"" file:"true" doc:"File with the secret for tokens signed with HS256: at least 32 bytes; a line break at the end does not count."`
	KeyFiles   []string      `yaml:"key_files" default:"" file:"true" doc:"Files with public keys or certificates (PEM) for tokens signed with RS256, ES256 or EdDSA."`
	JWKSFile   string        `yaml:"jwks_file" default:"" file:"true" doc:"File with a set of keys in JSON (JWKS)."`
	JWKSURL    string        `yaml:"jwks_url" default:"" doc:"Address of a set of public keys (JWKS), as identity providers have one; https, or http on this machine."`
	Refresh    time.Duration `yaml:"refresh" default:"1h" min:"10s" doc:"How often keys are read again. A token with an unknown key id has those of jwks_file and jwks_url read at once."`
	Timeout    time.Duration `yaml:"fetch_timeout" default:"5s" min:"100ms" doc:"How long the server at jwks_url may take to answer."`
	KeepKeys   time.Duration `yaml:"keep_keys" default:"24h" min:"1m" doc:"How long the last keys count when they cannot be read again."`

	Issuer      string        `yaml:"issuer" default:"" doc:"Who tokens must come from: what their claim iss says."`
	AnyIssuer   bool          `yaml:"any_issuer" default:"false" doc:"Take tokens whoever the claim iss names; only the keys decide then."`
	Audience    []string      `yaml:"audience" default:"" doc:"Whom tokens must be meant for: their claim aud must name one of these."`
	AnyAudience bool          `yaml:"any_audience" default:"false" doc:"Take tokens that are meant for others, too; safe only if these keys sign for nobody else."`
	Skew        time.Duration `yaml:"skew" default:"30s" min:"0s" doc:"How far the clock of the issuer may differ from that of this server, at most 10m."`

	Cookie string       `yaml:"cookie" default:"" doc:"Name of a cookie that may hold the token. It counts on pages of this server only."`
	Claims ClaimsConfig `yaml:"claims"`

	// Clock tells the time; nil: time.Now.
	Clock func() time.Time `yaml:"-"`
}

// ClaimsConfig says what claims mean. A name is that of a claim, or a path into objects with dots, such as
// realm_access.roles. An empty one means that no claim says it.
type ClaimsConfig struct {
	UserID   string   `yaml:"user_id" default:"sub" doc:"Claim with the id of the user: a text without blanks, or a whole number."`
	Login    string   `yaml:"login" default:"preferred_username" doc:"Claim with the login of the user."`
	Name     string   `yaml:"name" default:"name" doc:"Claim with the full name of the user."`
	Admin    string   `yaml:"admin" default:"" doc:"Claim that makes the user an administrator: NAME if it is true, NAME=VALUE if it is or contains the value. Without one nobody is."`
	Fields   []string `yaml:"fields" default:"fields" doc:"Claims that scripts see as fields of curUser: NAME or FIELD=NAME. Of a claim NAME that is an object each member is a field."`
	Tags     []string `yaml:"tags" default:"tags" doc:"Claims that become tags of the socket: NAME or TAG=NAME. Of a claim NAME that is an object each member is a tag."`
	Services string   `yaml:"services" default:"services" doc:"Claim with the services that the user may open: a list, or a text of names with blanks between; * is all. Without the claim: all."`
}

const (
	defaultRefresh  = time.Hour
	defaultTimeout  = 5 * time.Second
	defaultKeepKeys = 24 * time.Hour
	defaultUserID   = "sub"

	maxSkew = 10 * time.Minute
)

// algorithms are all that there may be. What is not here is refused before anybody looks for a key.
var algorithms = []jose.SignatureAlgorithm{jose.HS256, jose.RS256, jose.ES256, jose.EdDSA}

// Validate reports all that is wrong with the settings at once, each error beginning with the name of one. It is for
// servers that use tokens: without any settings it fails. Files are not opened; [New] does that.
func (c Config) Validate() error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, name := range c.Algorithms {
		if !slices.Contains(algorithms, jose.SignatureAlgorithm(name)) {
			add("algorithms %q is none of %s", name, listed(algorithms))
		}
	}
	if c.SecretFile == "" && len(c.KeyFiles) == 0 && c.JWKSFile == "" && c.JWKSURL == "" {
		add("jwks_url is not set, nor is secret_file, key_files or jwks_file: there is no key to check tokens with")
	}
	if c.JWKSURL != "" {
		if _, err := parseAddress(c.JWKSURL); err != nil {
			add("jwks_url %w", err)
		}
	}
	for _, span := range []struct {
		key  string
		time time.Duration
	}{{"refresh", c.Refresh}, {"fetch_timeout", c.Timeout}, {"keep_keys", c.KeepKeys}} {
		if span.time < 0 {
			add("%s is %v, it must be positive", span.key, span.time)
		}
	}
	switch {
	case c.Issuer == "" && !c.AnyIssuer:
		add("issuer is not set; any_issuer takes tokens of anybody who has a key")
	case c.Issuer != "" && c.AnyIssuer:
		add("any_issuer contradicts issuer, which is %q", c.Issuer)
	}
	switch {
	case len(c.Audience) == 0 && !c.AnyAudience:
		add("audience is not set; any_audience takes tokens that are meant for others, too")
	case len(c.Audience) > 0 && c.AnyAudience:
		add("any_audience contradicts audience, which is %s", listed(c.Audience))
	case slices.Contains(c.Audience, ""):
		add("audience holds an empty name")
	}
	if c.Skew < 0 || c.Skew > maxSkew {
		add("skew is %v, it must be from 0s to %v", c.Skew, maxSkew)
	}
	if c.Cookie != "" && (&http.Cookie{Name: c.Cookie}).Valid() != nil {
		add("cookie %q is not the name of a cookie", c.Cookie)
	}
	for _, entry := range c.Claims.Fields {
		if field, claim := entryOf(entry); field == "" || claim == "" {
			add("claims.fields %q is neither NAME nor FIELD=NAME", entry)
		}
	}
	for _, entry := range c.Claims.Tags {
		if tag, claim := entryOf(entry); tag == "" || claim == "" {
			add("claims.tags %q is neither NAME nor TAG=NAME", entry)
		}
	}
	if name, value, hasValue := strings.Cut(c.Claims.Admin, "="); c.Claims.Admin != "" && name == "" || hasValue && value == "" {
		add("claims.admin %q is neither NAME nor NAME=VALUE", c.Claims.Admin)
	}
	return errors.Join(wrong...)
}

func (c Config) withDefaults() Config {
	if len(c.Algorithms) == 0 {
		for _, alg := range algorithms {
			c.Algorithms = append(c.Algorithms, string(alg))
		}
	}
	c.Refresh = cmp.Or(c.Refresh, defaultRefresh)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.KeepKeys = cmp.Or(c.KeepKeys, defaultKeepKeys)
	c.Claims.UserID = cmp.Or(c.Claims.UserID, defaultUserID)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// parseAddress reads jwks_url. What keys are fetched over must not be changed on the way.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil: // not quoted: it may hold a password
		return nil, errors.New("is not an address such as https://login.example.com/keys")
	case u.User != nil:
		return nil, errors.New("must not hold a name or a password")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is not an address such as https://login.example.com/keys", plainAddress(text))
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%q must begin with https: whoever sits on the way could put keys of their own in; http is for this machine only", plainAddress(text))
	}
	return u, nil
}

// loopback reports whether a host can only mean this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// listed writes names for a sentence.
func listed[T ~string](names []T) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = shown(string(name))
	}
	return strings.Join(quoted, ", ")
}

// maxShown bounds how much of a stranger's text an error repeats, in bytes.
const maxShown = 128

// shown quotes a text that may be anybody's.
func shown(text string) string {
	if len(text) > maxShown {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(text[:maxShown], ""))
	}
	return fmt.Sprintf("%q", text)
}
