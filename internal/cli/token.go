package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/auth/jwt"
)

func (p *program) token() *cobra.Command {
	c := group("token", "Make tokens that let users in")
	c.Long = "Tokens (JWT) say who a user is to a server with the method jwt in its setting\n" +
		"auth.methods."
	c.Example = examples("tutorsocket token create --user 42 --key key.pem --issuer portal --audience ws")
	c.AddCommand(p.tokenCreate())
	return c
}

// tokenFlags are the flags of "token create".
type tokenFlags struct {
	user, login, name string
	tags              []string
	services          []string
	ttl               time.Duration
	issuer            string
	audience          []string
	key, alg          string
	json              bool
}

// tokenCreated is what "token create --json" prints.
type tokenCreated struct {
	Token   string    `json:"token"`
	Alg     string    `json:"alg"`
	Expires time.Time `json:"expires"`
}

func (p *program) tokenCreate() *cobra.Command {
	var flags tokenFlags
	c := &cobra.Command{
		Use:   "create --user ID --key FILE",
		Short: "Sign a token for a user",
		Long: "Sign a token for a user and print it, and nothing else. No server is asked: whoever has\n" +
			"the key makes tokens.\n\n" +
			"The key is a file with a private key (PEM: RSA, P-256 or Ed25519), whose public key the\n" +
			"server has in auth.jwt.key_files, or with the secret of auth.jwt.secret_file. Issuer and\n" +
			"audience must be what the server expects (auth.jwt.issuer, auth.jwt.audience). A token\n" +
			"cannot be taken back: give it a short life.",
		Example: examples(
			"tutorsocket token create --user 42 --key key.pem --issuer portal --audience ws",
			"tutorsocket token create --user 42 --key secret.txt --ttl 10m",
			"tutorsocket token create --user 42 --key key.pem --login anna --name 'Anna K.'",
			"tutorsocket token create --user 42 --key key.pem --tag 'hall=Main hall'",
			"tutorsocket token create --user 42 --key key.pem --service echo --json",
		),
		Args: exactly(),
	}
	f := c.Flags()
	f.StringVar(&flags.user, "user", "", "`ID` of the user; necessary")
	f.StringVar(&flags.login, "login", "", "`LOGIN` of the user: the claim preferred_username")
	f.StringVar(&flags.name, "name", "", "full `NAME` of the user: the claim name")
	f.StringArrayVar(&flags.tags, "tag", nil, "tag that sockets of the user begin with, `NAME=VALUE`; may be repeated")
	f.StringArrayVar(&flags.services, "service", nil, "`NAME` of a service that the user may open; may be repeated (default: all)")
	f.DurationVar(&flags.ttl, "ttl", time.Hour, "how long the token counts, a `TIME` such as 10m")
	f.StringVar(&flags.issuer, "issuer", "", "`NAME` of who issues the token: its claim iss")
	f.StringArrayVar(&flags.audience, "audience", nil, "`NAME` of whom the token is for, its claim aud; may be repeated")
	f.StringVar(&flags.key, "key", "", "`FILE` with the private key or the secret; necessary")
	f.StringVar(&flags.alg, "alg", "", "`ALGORITHM`: HS256, RS256, ES256 or EdDSA (default: the one that fits the key)")
	addJSON(c, &flags.json)
	complete(c, "key", anyFile)
	complete(c, "alg", oneOf("HS256", "RS256", "ES256", "EdDSA"))
	c.RunE = func(*cobra.Command, []string) error { return p.runTokenCreate(flags) }
	return c
}

func (p *program) runTokenCreate(flags tokenFlags) error {
	switch {
	case flags.user == "":
		return usagef("the user is missing: --user ID")
	case flags.key == "":
		return usagef("the key is missing: --key FILE with a private key or a secret")
	case flags.ttl < time.Second:
		return usagef("--ttl must be at least 1s")
	}
	tags := map[string]string{}
	for _, tag := range flags.tags {
		name, value, ok := strings.Cut(tag, "=")
		if !ok || name == "" {
			return usagef("--tag %q is not of the form NAME=VALUE", tag)
		}
		tags[name] = value
	}
	signer, err := jwt.NewSigner(flags.key, flags.alg)
	if err != nil {
		return err
	}
	now := p.Now()
	grant := jwt.Grant{
		UserID: flags.user, Login: flags.login, Name: flags.name, Tags: tags, Services: flags.services,
		Issuer: flags.issuer, Audience: flags.audience, Issued: now, Expires: now.Add(flags.ttl),
	}
	text, err := signer.Sign(grant)
	if err != nil {
		return err
	}
	if flags.json {
		return p.printJSON(tokenCreated{text, signer.Algorithm(), grant.Expires.UTC().Truncate(time.Second)})
	}
	fmt.Fprintln(p.Stdout, text)
	return nil
}
