//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// startEncrypted starts the product as dev --tls does.
func startEncrypted(t *testing.T, options ...servertest.Option) *servertest.Server {
	t.Helper()
	return servertest.Start(t, append(options, servertest.Settings(func(c *config.Config) { c.TLS.SelfSigned = true }))...)
}

// TestClientOverTLS: the test client offers an address with encryption and connects to it, under its policy.
func TestClientOverTLS(t *testing.T) {
	base := startEncrypted(t).URL()
	p := open(t, base+"/client/", laptop)
	if got, want := p.value(in(1, "url")), "wss://"+strings.TrimPrefix(base, "https://")+"/services/main_ws_service"; !strings.HasPrefix(got, want) {
		t.Errorf("the address offered is %s, want %s", got, want)
	}
	p.connect(1)
	p.send(1, initSocket)
	p.wait(func() (string, bool) { return "no answer", p.count(rowTexts(1, "in")) > 0 })
}

// TestReferenceOverTLS: the reference page loads and asks under its policy.
func TestReferenceOverTLS(t *testing.T) {
	s := startEncrypted(t)
	list := operationBlock("Sockets", "list-sockets")
	p := openAt(t, s.URL()+"/api/", laptop, list)
	p.fill("#token", s.Token())
	p.press(kb.Enter)
	p.waitContains(byID("token-state"), "accepted")
	p.unfold(list)
	p.execute(list, "200", `"items"`)
}

// TestFramesOfOtherSites: a page of another origin cannot show the pages of the server in a frame; one of the same
// origin can show pages of the app, which run the scripts that stand in them.
func TestFramesOfOtherSites(t *testing.T) {
	app := servertest.App(map[string]string{
		"web/index.html": `<!doctype html><title>outer</title><iframe id="frame" src="inner.html"></iframe><p id="said"></p>
			<script>addEventListener('message', (event) => { document.getElementById('said').textContent = event.data })</script>`,
		"web/inner.html":  `<!doctype html><script>parent.postMessage('inline script ran', location.origin)</script>`,
		"web/framed.html": `<!doctype html><iframe id="frame" src="/client/"></iframe>`,
	})
	base := servertest.Start(t, app).URL()
	p := openAt(t, base+"/", laptop, "#said")
	p.waitText("#said", "inline script ran")

	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	framed := &page{t: t, ctx: tab} // the browser reports that it refuses the frame, which is right here
	framed.do(chromedp.Navigate(base+"/framed.html"), chromedp.WaitVisible(chromedp.CSS("#frame")))
	framed.wait(func() (string, bool) {
		shown := evaluate[bool](framed, `(() => { try { return document.getElementById('frame').contentDocument?.querySelector('#app') != null } catch { return false } })()`)
		loaded := evaluate[bool](framed, `document.readyState == 'complete'`)
		return "the test client is shown in a frame", loaded && !shown
	})
}
