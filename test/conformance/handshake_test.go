package conformance

import (
	"net/http"
	"strings"
	"testing"
)

// Opening handshakes: RFC 6455, 4.1, 4.2 and 9.1.
func TestHandshake(t *testing.T) {
	upgraded := []int{http.StatusSwitchingProtocols}
	refused := func(statuses ...int) []int { return statuses }
	headers := func(lines ...string) request { return request{lines: lines} }
	without := func(name string) request { return request{drop: name} }
	const bad, method, version = http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUpgradeRequired
	tests := []struct {
		name     string
		request  request
		statuses []int
	}{
		{"4.1/as in the RFC", request{}, upgraded},
		{"4.1/absolute URI", request{line: "GET http://example.com/ HTTP/1.1"}, upgraded},
		{"4.1/query", request{line: "GET /chat?a=b&c=%D0%96 HTTP/1.1"}, upgraded},
		{"4.2.1/names in lower case", headers("upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"), upgraded},
		{"4.2.1/names in upper case", headers("UPGRADE: websocket", "CONNECTION: Upgrade", "SEC-WEBSOCKET-VERSION: 13"), upgraded},
		{"4.2.1/values in other cases", headers("Upgrade: WebSocket", "Connection: UPGRADE"), upgraded},
		{"4.2.1/Connection is a list", headers("Connection: keep-alive, Upgrade"), upgraded},
		{"4.2.1/Connection is a list without spaces", headers("Connection: keep-alive,upgrade,x"), upgraded},
		{"4.2.1/Connection is a list with empty members", headers("Connection: ,, Upgrade ,"), upgraded},
		{"4.2.1/Connection in two lines", headers("Connection: keep-alive", "Connection: Upgrade"), upgraded},
		{"4.2.1/Upgrade is a list", headers("Upgrade: h2c, websocket"), upgraded},
		{"4.2.1/Upgrade in two lines", headers("Upgrade: h2c", "Upgrade: websocket"), upgraded},
		{"4.2.1/spaces around values", headers("Upgrade:   websocket  ", "Connection:\tUpgrade\t", "Sec-WebSocket-Version:  13  "), upgraded},
		{"4.2.1/no spaces", headers("Upgrade:websocket", "Connection:Upgrade", "Sec-WebSocket-Version:13"), upgraded},
		{"4.2.1/unknown headers", headers("X-Unknown: 1", "X-Unknown: 2"), upgraded},
		{"4.2.1/a large header", headers("X-Large: " + repeat("x", 16<<10)), upgraded},
		{"4.2.1/an empty body is named", headers("Content-Length: 0"), upgraded},

		{"4.2.1/no Upgrade", without("Upgrade"), refused(bad, version)},
		{"4.2.1/another Upgrade", headers("Upgrade: h2c"), refused(bad, version)},
		{"4.2.1/Upgrade with more", headers("Upgrade: websocket2"), refused(bad, version)},
		{"4.2.1/no Connection", without("Connection"), refused(bad, version)},
		{"4.2.1/another Connection", headers("Connection: keep-alive"), refused(bad, version)},
		{"4.2.1/Connection with more", headers("Connection: Upgrades"), refused(bad, version)},
		{"4.2.1/no Host", without("Host"), refused(bad)},
		{"4.2.1/two Hosts", headers("Host: a", "Host: b"), refused(bad)},
		{"4.2.1/POST", request{line: "POST / HTTP/1.1", lines: []string{"Content-Length: 0"}}, refused(bad, method)},
		{"4.2.1/PUT", request{line: "PUT / HTTP/1.1", lines: []string{"Content-Length: 0"}}, refused(bad, method)},
		{"4.2.1/HEAD", request{line: "HEAD / HTTP/1.1"}, refused(bad, method)},
		{"4.2.1/OPTIONS", request{line: "OPTIONS / HTTP/1.1"}, refused(bad, method)},
		{"4.2.1/get in lower case", request{line: "get / HTTP/1.1"}, refused(bad, method)},
		{"4.2.1/HTTP 1.0", request{line: "GET / HTTP/1.0"}, refused(bad, version, http.StatusHTTPVersionNotSupported)},
		{"4.2.1/HTTP 0.9", request{line: "GET / HTTP/0.9"}, refused(bad, version, http.StatusHTTPVersionNotSupported)},
		{"4.2.1/no version of HTTP", request{line: "GET /"}, refused(bad)},
		{"4.2.1/a header without a colon", headers("Upgrade websocket"), refused(bad, version)},

		{"4.2.1/no key", without("Sec-WebSocket-Key"), refused(bad)},
		{"4.2.1/empty key", headers("Sec-WebSocket-Key: "), refused(bad)},
		{"4.2.1/key of 15 bytes", headers("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4P"), refused(bad)},
		{"4.2.1/key of 17 bytes", headers("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEBE="), refused(bad)},
		{"4.2.1/key that is not base64", headers("Sec-WebSocket-Key: !!!!BAUGBwgJCgsMDQ4PEA=="), refused(bad)},
		{"4.2.1/key without padding", headers("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA"), refused(bad)},
		{"4.2.1/key in the alphabet of URLs", headers("Sec-WebSocket-Key: -_IDBAUGBwgJCgsMDQ4PEA=="), refused(bad)},
		{"11.3.1/two keys", headers("Sec-WebSocket-Key: "+sampleKey, "Sec-WebSocket-Key: "+sampleKey), refused(bad)},

		{"4.4/no version", without("Sec-WebSocket-Version"), refused(bad, version)},
		{"4.4/version 8", headers("Sec-WebSocket-Version: 8"), refused(version)},
		{"4.4/version 0", headers("Sec-WebSocket-Version: 0"), refused(version)},
		{"4.4/version 14", headers("Sec-WebSocket-Version: 14"), refused(version)},
		{"4.4/version in words", headers("Sec-WebSocket-Version: thirteen"), refused(bad, version)},
		{"4.4/empty version", headers("Sec-WebSocket-Version: "), refused(bad, version)},
		{"4.4/a list of versions", headers("Sec-WebSocket-Version: 13, 8"), refused(bad, version)},
	}
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, tt := range tests {
			t.Run("6455/"+tt.name, func(t *testing.T) {
				for c := whole; c <= octets; c++ {
					if c == octets && len(tt.request.text("", "", "")) > 1000 {
						continue
					}
					cl := connect(t, to, c)
					cl.write([]byte(tt.request.text(to.addr, to.path, sampleKey)))
					cl.readResponse()
					if tt.statuses[0] != http.StatusSwitchingProtocols {
						cl.wantRefused(tt.statuses...)
						continue
					}
					cl.wantUpgrade(sampleKey)
					if h := cl.response.Header; h["Sec-Websocket-Protocol"] != nil || h["Sec-Websocket-Extensions"] != nil {
						t.Errorf("the answer selects what nobody offered: %v", h)
					}
					cl.send(text("hello"))
					cl.wantText("hello")
					cl.bye()
				}
			})
		}
	})
}

// A refused version tells the client which one to use (RFC 6455, 4.4).
func TestVersionIsTold(t *testing.T) {
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		c := connect(t, to, whole)
		c.write([]byte(request{lines: []string{"Sec-WebSocket-Version: 25"}}.text(to.addr, to.path, sampleKey)))
		c.readResponse()
		if got := c.response.Header["Sec-Websocket-Version"]; len(got) != 1 || got[0] != "13" {
			t.Errorf("Sec-WebSocket-Version of the answer is %q", got)
		}
	})
}

// Of the subprotocols offered one is selected, here that wanted most, however they are written (RFC 6455, 4.2.2).
func TestSubprotocols(t *testing.T) {
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		for _, lines := range [][]string{
			{"Sec-WebSocket-Protocol: chat"},
			{"Sec-WebSocket-Protocol: chat, superchat"},
			{"Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: superchat"},
		} {
			c := connect(t, to, whole)
			c.write([]byte(request{lines: lines}.text(to.addr, to.path, sampleKey)))
			c.readResponse()
			c.wantUpgrade(sampleKey)
			if got := c.response.Header["Sec-Websocket-Protocol"]; len(got) != 1 || got[0] != "chat" {
				t.Errorf("%q selects %q, want the first", lines, got)
			}
			c.bye()
		}
	})
}

// Frames may come in the packet of the handshake.
func TestFramesBehindTheHandshake(t *testing.T) {
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		large := repeat("0123456789", 10000)
		for name, frames := range map[string][]frame{
			"one":          {text("hello")},
			"several":      {text("a"), ping("p"), text("b").unfinished(), last("c"), binaryOf("\xff")},
			"a large one":  {binaryOf(large), text("a")},
			"and a close":  {text("hello"), closing(1000, "")},
			"and a fault":  {text("hello"), text("x").unmasked()},
			"a close only": {closing(1000, "")},
		} {
			t.Run(name, func(t *testing.T) {
				c := connect(t, to, whole)
				c.write(append([]byte(request{}.text(to.addr, to.path, sampleKey)), encodeAll(frames...)...))
				c.readResponse()
				c.wantUpgrade(sampleKey)
				wantEchoesOf(c, frames)
			})
		}
	})
}

// wantEchoesOf reads what comes of frames that are all right, but for the last perhaps.
func wantEchoesOf(c *client, frames []frame) {
	c.t.Helper()
	var pongs []string
	var echoes []message
	end := 0
	for _, f := range frames {
		switch {
		case f.bare:
			end = 1002
		case f.op == opClose:
			end = 1000
		case f.op == opPing:
			pongs = append(pongs, f.payload)
		case f.op == opContinuation:
			echoes[len(echoes)-1].payload += f.payload
		default:
			echoes = append(echoes, message{f.op, f.payload})
		}
	}
	c.wantEach(pongs, echoes...)
	if end != 0 {
		c.wantClose(end)
		return
	}
	c.bye()
}

// A refusal is HTTP: it has a body that ends, and the connection can be used again or is closed.
func TestRefusalIsHTTP(t *testing.T) {
	onBoth(t, echoOptions, func(t *testing.T, to *target) {
		c := connect(t, to, whole)
		c.write([]byte(request{lines: []string{"Sec-WebSocket-Key: short"}}.text(to.addr, to.path, "")))
		c.readResponse()
		c.wantRefused(http.StatusBadRequest)
		var body strings.Builder
		if err := c.response.Write(&body); err != nil {
			t.Fatal(err)
		}
		if c.response.Close {
			c.wantEnd()
			return
		}
		c.write([]byte(request{}.text(to.addr, to.path, sampleKey)))
		c.readResponse()
		c.wantUpgrade(sampleKey)
		c.bye()
	})
}
