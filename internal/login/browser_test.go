//go:build e2e

package login_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tutorsocket/tutorsocket/internal/login"
)

// The page in a real Chromium, without JavaScript unless said otherwise:
//
//	go test -tags e2e -run Browser ./internal/login
var shots = flag.String("shots", "", "write pictures of the pages into this folder")

// chromium names the browser, from the environment first.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("TUTORSOCKET_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("no Chromium found: install the package chromium, or name a browser in TUTORSOCKET_CHROMIUM")
	return ""
}

// tab is a page in a browser of its own.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // guarded by mu: what the browser complains of
}

type view struct {
	width, height int64
	mobile, dark  bool
	language      string
	scripts       bool
}

var (
	laptop = view{width: 1280, height: 800, language: "en-US"}
	phone  = view{width: 360, height: 740, mobile: true, language: "ru-RU"}
)

func openTab(t *testing.T, v view) *tab {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("headless", true),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), chromedp.Flag("disable-gpu", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-quic", true))
	t.Cleanup(stop)
	browser, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(browser, 2*time.Minute)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(browser, func(event any) {
		e, ok := event.(*log.EventEntryAdded)
		if !ok || e.Entry.Source != log.EntrySourceSecurity && !strings.Contains(e.Entry.Text, "Content Security Policy") {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.problems = append(p.problems, e.Entry.Text)
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			t.Errorf("the browser complains: %s", problem)
		}
	})
	agent := emulation.SetUserAgentOverrideParams{UserAgent: "tutorsocket e2e", AcceptLanguage: v.language}
	if _, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, agent); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !v.scripts}); err != nil {
		t.Fatal(err)
	}
	if v.dark {
		dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, dark); err != nil {
			t.Fatal(err)
		}
	}
	var mobile []chromedp.EmulateViewportOption
	if v.mobile {
		mobile = []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)}
	}
	p.do(chromedp.EmulateViewport(v.width, v.height, mobile...))
	return p
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) open(address, selector string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(selector)))
}

// evaluate asks the debugger, which may when the page may not.
func evaluate[T any](p *tab, script string) T {
	p.t.Helper()
	result, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return result
}

func (p *tab) keys(keys string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys))
}

// wait waits until a script says yes.
func (p *tab) wait(script string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script))
		if err == nil && ok { // an error while a page is replaced
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s does not become true (%v); the page says %s", script, err, evaluate[string](p, "document.body.innerText"))
		}
	}
}

func (p *tab) picture(name string) {
	p.t.Helper()
	if *shots == "" {
		return
	}
	result, err := chromedp.Call(p.ctx, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), result.Data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// fits checks that nothing is wider than the window, and that what is tapped is large enough.
func (p *tab) fits() {
	p.t.Helper()
	if over := evaluate[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		p.t.Errorf("the page is %d pixels wider than the window", over)
	}
	small := evaluate[[]string](p, `[...document.querySelectorAll('a, button, input:not([type=hidden])')].filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)`)
	if len(small) > 0 {
		p.t.Errorf("too low to be tapped: %q", small)
	}
}

// The server also answers what the login leads to: a page that says who is there.
func browserNode(t *testing.T) *node {
	n := single(t, func(c *login.Config) { c.FirstDelay = time.Millisecond })
	return n
}

func TestBrowserLogsInByKeyboard(t *testing.T) {
	n := browserNode(t)
	p := openTab(t, laptop)
	p.open(n.http.URL+"/login?next=/whoami", "#login")
	p.fits()
	p.picture("laptop")
	// The first box has the focus; all else is a matter of keys.
	p.keys("anna" + kb.Tab + "wrong" + kb.Enter)
	p.wait(`document.querySelector('[role=alert]')?.textContent == 'The login or the password is wrong.' && document.activeElement.id == 'password'`)
	p.picture("laptop-wrong")
	if got := evaluate[string](p, "document.querySelector('#login').value + '|' + document.querySelector('#password').value"); got != "anna|" {
		t.Errorf("the boxes hold %s", got)
	}
	p.keys(password + kb.Enter)
	p.wait(`location.pathname == '/whoami' && document.body.innerText == '41 Anna true accounts'`)
	lease := n.lease()
	p.open(n.http.URL+"/login?next=/whoami", "a.button")
	p.fits()
	p.picture("laptop-in")
	order := ""
	for range 4 {
		p.keys(kb.Tab)
		order += evaluate[string](p, "document.activeElement.textContent") + "|"
	}
	if order != "English|Русский|Continue|Log out|" {
		t.Errorf("Tab goes through %s", order)
	}
	if outline := evaluate[string](p, "getComputedStyle(document.activeElement).outlineStyle"); outline != "solid" {
		t.Errorf("the focus is shown as %s", outline)
	}
	p.keys(kb.Enter)
	p.wait(`document.querySelector('[role=status]')?.textContent == 'You have logged out.'`)
	p.picture("laptop-out")
	expectEnd(t, lease, "you have logged out")
	p.open(n.http.URL+"/whoami", "body")
	p.wait(`document.body.innerText.includes('log in first')`)
}

func TestBrowserChangesThePassword(t *testing.T) {
	n := browserNode(t)
	p := openTab(t, laptop)
	p.open(n.http.URL+"/login/password?next=/whoami", "#login")
	p.keys("anna" + kb.Tab + password + kb.Enter)
	p.wait(`document.querySelector('h1').textContent == 'Change password' && document.activeElement.id == 'old'`)
	p.fits()
	p.picture("laptop-password")
	const other = "another horse battery"
	p.keys("wrong" + kb.Tab + other + kb.Tab + other + kb.Enter)
	p.wait(`document.querySelector('[role=alert]')?.textContent == 'The present password is wrong.' && document.activeElement.id == 'old'`)
	p.fits()
	p.picture("laptop-password-wrong")
	p.keys(password + kb.Tab + other + kb.Tab + other + kb.Enter)
	p.wait(`document.querySelector('[role=status]')?.textContent.startsWith('Your password was changed.')`)
	p.fits()
	p.picture("laptop-password-changed")
	p.do(chromedp.Click(chromedp.CSS("a.button"), chromedp.NodeVisible))
	p.wait(`location.pathname == '/whoami' && document.body.innerText == '41 Anna true accounts'`)
	if _, err := n.users.Verify(t.Context(), "anna", other); err != nil {
		t.Error(err)
	}
}

func TestBrowserOnAPhoneInRussian(t *testing.T) {
	n := browserNode(t)
	p := openTab(t, phone)
	p.open(n.http.URL+"/login?next=/whoami", "#login")
	p.wait(`document.querySelector('h1').textContent == 'Вход' && document.documentElement.lang == 'ru'`)
	p.fits()
	p.picture("phone")
	p.do(chromedp.Click(chromedp.CSS("nav a[lang=en]"), chromedp.NodeVisible))
	p.wait(`document.querySelector('h1').textContent == 'Log in'`)
	p.do(chromedp.Click(chromedp.CSS("nav a[lang=ru]"), chromedp.NodeVisible))
	p.wait(`document.querySelector('h1').textContent == 'Вход'`)
	p.do(chromedp.SendKeys(chromedp.CSS("#login"), strings.Repeat("щ", 64)), chromedp.SendKeys(chromedp.CSS("#password"), "wrong"), chromedp.Click(chromedp.CSS("button"), chromedp.NodeVisible))
	p.wait(`document.querySelector('[role=alert]')?.textContent == 'Неверный логин или пароль.'`)
	p.fits()
	p.picture("phone-wrong")
	p.open(n.http.URL+"/login?next=/whoami", "#login")
	p.do(chromedp.SendKeys(chromedp.CSS("#login"), "bob"), chromedp.SendKeys(chromedp.CSS("#password"), password), chromedp.Click(chromedp.CSS("button"), chromedp.NodeVisible))
	p.wait(`document.body.innerText.startsWith('42 ')`)
	p.open(n.http.URL+"/login", "a.button")
	p.fits()
	p.picture("phone-in")
	p.open(n.http.URL+"/login/password", "#old")
	p.wait(`document.querySelector('h1').textContent == 'Смена пароля'`)
	p.fits()
	p.picture("phone-password")
}

func TestBrowserInTheDark(t *testing.T) {
	n := browserNode(t)
	v := laptop
	v.dark = true
	p := openTab(t, v)
	p.open(n.http.URL+"/login", "#login")
	p.picture("laptop-dark")
	if bright := evaluate[bool](p, `getComputedStyle(document.body).backgroundColor == 'rgb(232, 236, 238)'`); bright {
		t.Error("the page is bright")
	}
}

// A page of another origin has a form to this server, and a script that asks it; the victim is logged in.
func TestBrowserKeepsTheSessionFromOtherSites(t *testing.T) {
	n := browserNode(t)
	v := laptop
	v.scripts = true
	p := openTab(t, v)
	p.open(n.http.URL+"/login?next=/whoami", "#login")
	p.keys("anna" + kb.Tab + password + kb.Enter)
	p.wait(`document.body.innerText.startsWith('41 ')`)
	lease := n.lease()
	// The evil page is of the same site but of another port: SameSite does not keep cookies from it.
	evil := startPage(t, fmt.Sprintf(`<!doctype html><title>evil</title>
<form method="post" action="%[1]s/logout" target="frame"><button>x</button></form><iframe name="frame"></iframe>
<iframe src="%[1]s/login"></iframe>
<script>
window.results = [];
window.done = (async () => {
  document.querySelector('form').submit();
  await new Promise((resolve) => document.querySelector('iframe[name=frame]').addEventListener('load', resolve, { once: true }));
  try { const r = await fetch('%[1]s/whoami', { credentials: 'include', mode: 'no-cors' }); results.push(r.type); } catch (e) { results.push('failed'); }
  await new Promise((resolve) => { const ws = new WebSocket('%[1]s/whoami'.replace('http', 'ws')); ws.onerror = ws.onopen = (e) => { results.push(e.type); resolve(); }; });
  window.finished = true;
})();
</script>`, n.http.URL))
	p.open(evil, "form")
	p.wait(`window.finished === true`)
	if why, over := lease.Over(); over {
		t.Errorf("the victim was logged out: %s", why)
	}
	// A request without an Origin, as no-cors sends it, is answered, and the page cannot read the answer. A
	// handshake of a WebSocket always has one.
	if got := evaluate[[]string](p, "window.results"); !slices.Equal(got, []string{"opaque", "error"}) {
		t.Errorf("the evil page got %q", got)
	}
	n.mu.Lock()
	got := n.foreign
	n.mu.Unlock()
	if !slices.Equal(got, []string{evil + " 401 with cookie"}) {
		t.Errorf("handshakes of another origin: %q", got)
	}
	if text := evaluate[string](p, "document.cookie"); strings.Contains(text, "tutorsocket") {
		t.Errorf("a script reads the cookies: %s", text)
	}
	p.open(n.http.URL+"/whoami", "body")
	p.wait(`document.body.innerText.startsWith('41 ')`)
	// The frame was refused, as was the form: the browser says so, which is no complaint.
	p.mu.Lock()
	p.problems = nil
	p.mu.Unlock()
}

func startPage(t *testing.T, content string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(content))
	}))
	t.Cleanup(s.Close)
	return s.URL
}
