// Package tlscert says which certificate the server shows, and keeps it in force.
//
// There are three places a certificate comes from, chosen by [Config]:
//
//   - files that somebody else renews: they are looked at every few seconds and taken up when they have changed and
//     belong together; otherwise the earlier ones stay in force;
//   - a certificate authority that speaks ACME: names are proved by HTTP-01 and TLS-ALPN-01, certificates are renewed in
//     time, and what must outlive the process lies in the data folder;
//   - the server itself, for development: the certificate in the data folder, made once, that nobody else vouches for.
//
// The last one is made in any case. It is also shown to clients that ask for [LocalName]: those are commands on this
// machine, which trust the file in the data folder and nothing else, so that they reach a server whose certificate is for
// other names.
//
// [Open] makes a [Certificates], server calls its methods: TLS for the listener, Challenge for the requests of a
// certificate authority, Run for what goes on in the background, Close behind it. All are safe for concurrent use.
//
// The package knows nothing of listeners, of HTTP beyond the challenge, and of what is served.
package tlscert
