// Echo is a WebSocket echo server for suites of conformance tests:
//
//	go run ./test/echo --listen 127.0.0.1:9001
//
// It prints its address when it is ready, and ends with SIGINT or SIGTERM.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tutorsocket/tutorsocket/test/echo/echoserver"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "address to listen on")
	secure := flag.Bool("tls", false, "serve wss, with a certificate made at the start")
	flag.Parse()
	if err := run(*listen, *secure); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run serves until a signal comes.
func run(listen string, secure bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts := echoserver.Options{Deflate: true}
	scheme := "ws"
	if secure {
		cert, err := selfSigned()
		if err != nil {
			return fmt.Errorf("make a certificate: %w", err)
		}
		opts.TLS, scheme = &tls.Config{Certificates: []tls.Certificate{cert}}, "wss"
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := echoserver.Start(ln, opts)
	fmt.Printf("%s://%s/\n", scheme, ln.Addr())
	<-ctx.Done()
	stop() // a second signal ends the process at once
	return server.Close()
}

// selfSigned makes a certificate for this machine.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
