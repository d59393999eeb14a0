package cli

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server"
	"github.com/tutorsocket/tutorsocket/internal/tlscert"
)

const (
	defaultServer = "http://127.0.0.1:8080"
	defaultData   = ".tutorsocket"
	tokenVariable = "TUTORSOCKET_TOKEN"
	dataVariable  = "TUTORSOCKET_DATA"
)

// target says which server a client command speaks to.
type target struct {
	server, token, data string
}

// addTarget gives a command and those below it the flags that choose a server.
func (p *program) addTarget(c *cobra.Command) *target {
	t := &target{data: p.getenv(dataVariable)}
	if t.data == "" {
		t.data = defaultData
	}
	flags := c.PersistentFlags()
	flags.StringVar(&t.server, "server", "", "`URL` of the server (default: the one whose data folder is --data, else "+defaultServer+")")
	flags.StringVar(&t.token, "token", "", "admin `TOKEN` or API key (default: "+tokenVariable+", else the one in admin.json of the data folder)")
	flags.StringVar(&t.data, "data", t.data, "data `FOLDER` of a server on this machine")
	complete(c, "data", folders)
	return t
}

// client returns a client of the server meant. The token comes from the flag,
// the environment, or the file a server leaves in its data folder; where the
// server is comes from the flag, that file, or is the default. The token of the
// file goes to no other server than the file's.
func (p *program) client(t *target) (*api.Client, error) {
	at, token := t.server, t.token
	if at != "" {
		if _, err := api.NewClient(at, ""); err != nil {
			return nil, usagef("--server: %w", err)
		}
	}
	if token == "" {
		token = p.getenv(tokenVariable)
	}
	admin, err := server.ReadAdminFile(t.data)
	switch {
	case token == "" && err != nil:
		return nil, p.noToken(t, err)
	case token == "" && at != "" && !sameServer(at, admin.Server) && !sameServer(at, admin.API()):
		return nil, fmt.Errorf("no token for %s: %s belongs to %s; name one with --token or %s", at, server.AdminFile(t.data), admin.Server, tokenVariable)
	case token == "":
		token = admin.Token
	}
	at = cmp.Or(at, admin.API(), defaultServer)
	c, err := api.NewClient(at, token)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", server.AdminFile(t.data), err)
	}
	return c.WithTLS(t.trust(at)), nil
}

// trust says by what a server is believed to be the one meant: that of the data folder by the certificate in it,
// whatever names the one for others is for; any other by what the system trusts, and that certificate.
func (t *target) trust(at string) *tls.Config {
	if admin, err := server.ReadAdminFile(t.data); err == nil && sameServer(at, admin.Server) {
		if local := tlscert.TrustLocal(t.data); local != nil {
			return local
		}
	}
	return tlscert.Trust(t.data)
}

func (p *program) noToken(t *target, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; name the token with --token or %s", err, tokenVariable)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if t.server != "" {
		return fmt.Errorf("no token for %s: name one with --token or %s; a development server on this machine leaves one in its data folder, see --data", t.server, tokenVariable)
	}
	return fmt.Errorf("no server is running with its data in %s (there is no %s); start one with: %s dev, or name one with --server and --token", t.data, server.AdminFile(t.data), p.self())
}

// sameServer says whether two URLs lead to the same place. The names of this
// machine are all one.
func sameServer(a, b string) bool {
	return a == b || place(a) == place(b) && place(a) != ""
}

func place(server string) string {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		host = "loopback"
	}
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + host + ":" + port + strings.TrimRight(u.Path, "/")
}
