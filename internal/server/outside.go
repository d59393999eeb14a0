package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tutorsocket/tutorsocket/internal/config"
)

const (
	// reachTime is how long NATS may take to be there at the start: all servers may
	// be starting at the same time.
	reachTime = 6 * time.Second
	// placeTime is how long NATS may say that it has no room for what is to be kept, or too few servers. They tell
	// each other every ten seconds what they have, and the leader may have missed the first word.
	placeTime = 15 * time.Second
	// openTime is the longest that opening something may take.
	openTime = 16 * time.Second
	// retryTime is between two tries within it.
	retryTime = 250 * time.Millisecond
	// dialTime bounds one try at one server.
	dialTime = 2 * time.Second
	// pingTime and pingsOut notice within 5 s that a server is silent: the third
	// ping that finds two unanswered ones ends the connection.
	pingTime = 1500 * time.Millisecond
	pingsOut = 2
	// leastPayload is what any NATS server takes unless it is set to less.
	leastPayload = 1 << 20
)

// openOutside connects to servers outside, and then for ever again. An error says
// what a person can do, without secrets.
func openOutside(ctx context.Context, settings config.NATS, node string, logger *slog.Logger) (*store, error) {
	s := &store{replicas: settings.Copies(), prefix: settings.Prefix, url: redactedList(settings.URL)}
	options, err := natsOptions(settings, node, logger)
	if err != nil {
		return nil, err
	}
	url := strings.Join(settings.URL, ",")
	var conn *client.Conn
	err = s.retry(ctx, func() (err error) { conn, err = client.Connect(url, options...); return err })
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.use(conn), s.ready(ctx)); err != nil {
		conn.Close()
		return nil, err
	}
	logger.Info("connected to NATS", "url", conn.ConnectedUrlRedacted(), "text", conn.ConnectedServerName())
	if limit := s.maxValueBytes(); limit < largestValue {
		logger.Info("values of user data are smaller than 1 MiB, because messages of NATS (max_payload) are", "limit", limit)
	}
	return s, nil
}

// retry tries again what may succeed when servers are up, for as long as patience says.
func (s *store) retry(ctx context.Context, try func() error) error {
	for began := time.Now(); ; {
		err := try()
		if err == nil || time.Since(began) >= patience(err) {
			return s.explain(err)
		}
		select {
		case <-ctx.Done():
			return s.explain(err)
		case <-time.After(retryTime):
		}
	}
}

// open opens something in the store. Several nodes may be doing so for the first time: what one asks about a stream
// that another is making is never answered, so that it asks again, and waits longer each time, for there may be
// much to read.
func (s *store) open(ctx context.Context, try func(context.Context) error) error {
	if !s.outside() {
		return try(ctx)
	}
	for wait := dialTime; ; wait *= 2 {
		err := s.retry(ctx, func() error {
			ctx, cancel := context.WithTimeout(ctx, wait)
			defer cancel()
			return try(ctx)
		})
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || wait >= openTime {
			return err
		}
	}
}

// ready waits until the servers are ready to keep things: those that start elect a
// leader first.
func (s *store) ready(ctx context.Context) error {
	if payload := s.conn.MaxPayload(); payload < leastPayload {
		return fmt.Errorf("the NATS servers at %s take messages of %d bytes; set their max_payload to at least 1MB, better 2MB", s.url, payload)
	}
	return s.retry(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, dialTime)
		defer cancel()
		_, err := s.js.AccountInfo(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			return errNoAnswer
		}
		return err
	})
}

var errNoAnswer = errors.New("no answer in time")

// Codes of JetStream that the client has no names for.
const (
	errNoPeers      jetstream.ErrorCode = 10005 // fewer servers than copies
	errNotAvailable jetstream.ErrorCode = 10008 // no leader
	errPeers        jetstream.ErrorCode = 10025 // fewer servers than copies
	errNotClustered jetstream.ErrorCode = 10074 // copies, without a cluster
)

// patience returns how long an error may be one of servers that just start, 0 if it is none of those.
func patience(err error) time.Duration {
	var js *jetstream.APIError
	switch {
	case errors.As(err, &js):
		switch js.ErrorCode {
		case errNoPeers, errPeers:
			return placeTime
		case errNotAvailable:
			return reachTime
		}
		return 0
	case errors.Is(err, context.DeadlineExceeded), refusesUser(err), isTLS(err), errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, client.ErrSecureConnWanted):
		return 0
	}
	return reachTime
}

func refusesUser(err error) bool {
	return errors.Is(err, client.ErrAuthorization) || errors.Is(err, client.ErrAuthExpired) || errors.Is(err, client.ErrAuthRevoked) ||
		errors.Is(err, client.ErrAccountAuthExpired) || errors.Is(err, client.ErrNkeysNotSupported)
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &record) ||
		errors.As(err, &alert) || strings.Contains(err.Error(), "tls:")
}

// explain says of an error of the start what a person can do. The store inside
// explains itself.
func (s *store) explain(err error) error {
	if err == nil || !s.outside() {
		return err
	}
	var js *jetstream.APIError
	code := jetstream.ErrorCode(0)
	if errors.As(err, &js) {
		code = js.ErrorCode
	}
	switch {
	case refusesUser(err):
		return fmt.Errorf("the NATS servers at %s refuse the login (%w); see nats.credentials, nats.user, nats.token and nats.nkey", s.url, err)
	case errors.Is(err, client.ErrSecureConnWanted):
		return fmt.Errorf("the NATS servers at %s do not encrypt; leave out tls:// and nats.tls, or set tls up there", s.url)
	case isTLS(err):
		return fmt.Errorf("no encrypted connection to the NATS servers at %s (%w); see nats.tls.ca, nats.tls.cert and nats.tls.key", s.url, err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled):
		return fmt.Errorf("the NATS servers at %s keep nothing: JetStream is not enabled there; start them with -js", s.url)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("JetStream is not enabled for this account of the NATS servers at %s; enable it there, or log in to another account", s.url)
	case code == errNotClustered, code == errNoPeers, code == errPeers:
		return fmt.Errorf("the NATS servers at %s cannot keep %s of each thing, there are too few of them or they have no room (%w); start more of them, or set nats.replicas to fewer",
			s.url, copies(s.replicas), err)
	case errors.Is(err, client.ErrNoServers), errors.Is(err, client.ErrTimeout) && s.conn == nil:
		return fmt.Errorf("the NATS servers at %s do not answer (%w); start them, or see nats.url", s.url, err)
	case s.conn == nil:
		return fmt.Errorf("cannot connect to the NATS servers at %s (%w); see nats.url", s.url, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errNoAnswer), errors.Is(err, client.ErrNoResponders), code == errNotAvailable:
		return fmt.Errorf("the NATS servers at %s are there, but JetStream does not answer (%w); see that it is enabled and most servers of the cluster run", s.url, err)
	}
	return fmt.Errorf("the NATS servers at %s: %w", s.url, err)
}

// redactedList is a list of addresses without secrets.
func redactedList(urls []string) string {
	list := make([]string, len(urls))
	for i, url := range urls {
		list[i] = config.Redacted(url)
	}
	return strings.Join(list, ", ")
}

// natsOptions are those of the connection. Files are read here, so that the setting
// can be named that names one that cannot be.
func natsOptions(settings config.NATS, node string, logger *slog.Logger) ([]client.Option, error) {
	options := []client.Option{
		client.Name("tutorsocket " + node), client.Timeout(dialTime),
		client.PingInterval(pingTime), client.MaxPingsOutstanding(pingsOut),
		client.MaxReconnects(-1), client.ReconnectWait(retryTime), client.ReconnectJitter(retryTime/2, retryTime/2),
		client.IgnoreAuthErrorAbort(), // a server may be set up wrongly for a while
		// What cannot be sent now is an error now. A server that takes no bytes is
		// as silent as one that answers no ping.
		client.ReconnectBufSize(-1), client.FlusherTimeout(dialTime), client.ReconnectOnFlusherError(),
		client.DisconnectErrHandler(func(conn *client.Conn, err error) {
			if conn.IsClosed() {
				return // by us, at the end
			}
			text := "the connection ended"
			if err != nil {
				text = err.Error()
			}
			logger.Warn("connection to NATS lost, sockets stay and others wait until it is back", "error", text)
		}),
		client.ReconnectHandler(func(conn *client.Conn) {
			logger.Info("connection to NATS is back", "url", conn.ConnectedUrlRedacted(), "text", conn.ConnectedServerName())
		}),
		client.ErrorHandler(func(_ *client.Conn, _ *client.Subscription, err error) {
			logger.Warn("NATS reports", "text", err.Error())
		}),
	}
	if err := readable("nats.credentials", settings.Credentials); err != nil {
		return nil, err
	}
	switch {
	case settings.Credentials != "":
		options = append(options, client.UserCredentials(settings.Credentials))
	case settings.NKey != "":
		option, err := client.NkeyOptionFromSeed(settings.NKey)
		if err != nil {
			return nil, fmt.Errorf("nats.nkey: the seed file %s cannot be used: %w", settings.NKey, reason(err))
		}
		options = append(options, option)
	case settings.User != "":
		options = append(options, client.UserInfo(settings.User, settings.Password))
	case settings.Token != "":
		options = append(options, client.Token(settings.Token))
	}
	return tlsOptions(options, settings.TLS)
}

func tlsOptions(options []client.Option, settings config.NATSTLS) ([]client.Option, error) {
	if err := readable("nats.tls.ca", settings.CA); err != nil {
		return nil, err
	}
	if settings.CA != "" {
		options = append(options, client.RootCAs(settings.CA))
	}
	if settings.Cert != "" {
		if _, err := tls.LoadX509KeyPair(settings.Cert, settings.Key); err != nil {
			return nil, fmt.Errorf("nats.tls.cert, nats.tls.key: %w", err)
		}
		options = append(options, client.ClientCert(settings.Cert, settings.Key))
	}
	return options, nil
}

// readable reports that the file of a setting cannot be read; "" is none.
func readable(key, path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.ReadFile(path); err != nil {
		return fmt.Errorf("%s: the file %s cannot be read: %w", key, path, reason(err))
	}
	return nil
}
