//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience bounds every wait for a condition. Waits end as soon as the condition holds.
const patience = time.Minute

// browser is the one Chromium of the test run; each test gets a profile of its own in it.
var browser context.Context

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	program, err := findChromium()
	if err != nil && testing.Short() {
		fmt.Println("no browser, and -short was given: nothing was tested")
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	profile, err := os.MkdirTemp("", "tutorsocket-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(profile) }()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags(program, profile)...)
	defer stop()
	started, end := chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(started); err != nil {
		fmt.Fprintf(os.Stderr, "%s does not start: %v\n", program, err)
		return 1
	}
	browser = started
	return m.Run()
}

// findChromium names the browser, from the environment first.
func findChromium() (string, error) {
	if named := os.Getenv("TUTORSOCKET_CHROMIUM"); named != "" {
		program, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("TUTORSOCKET_CHROMIUM: %w", err)
		}
		return program, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("no Chromium found: install the Debian package \"chromium\" (apt-get install chromium) or set TUTORSOCKET_CHROMIUM to a browser")
}

// flags keep the browser quiet: no traffic of its own, nothing kept after the run.
func flags(program, profile string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile),
		chromedp.Flag("headless", true),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // Chromium's sandbox refuses to run as root
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("no-first-run", true),
		chromedp.Flag("no-default-browser-check", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	}
}

// page is a page of the product in a tab of its own, with empty storage.
type page struct {
	t        *testing.T
	ctx      context.Context
	mu       sync.Mutex
	problems []string // guarded by mu: exceptions and violations of the page's policy
	requests []string // guarded by mu: the addresses asked for
}

type view struct {
	width, height int64
	mobile        bool
	language      string
}

var laptop = view{width: 1440, height: 900, language: "en-US"}

// open loads the test client and fails the test if the page itself reports an error at any time.
func open(t *testing.T, address string, v view) *page {
	t.Helper()
	return openAt(t, address, v, byID("panel"))
}

// openAt loads a page of the product and waits until the selector shows something, as open does.
func openAt(t *testing.T, address string, v view, selector string) *page {
	t.Helper()
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	if err := chromedp.Listen(tab, p.observe); err != nil {
		t.Fatal(err)
	}
	agent := emulation.SetUserAgentOverrideParams{UserAgent: "tutorsocket e2e", AcceptLanguage: v.language}
	if _, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, agent); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(address, "https://") { // the certificate of a server for tests is known to nobody
		if _, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
			t.Fatal(err)
		}
	}
	p.do(
		chromedp.EmulateViewport(v.width, v.height, emulateMobile(v.mobile)...),
		chromedp.Navigate(address),
		chromedp.WaitVisible(chromedp.CSS(selector)),
	)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.problems {
			t.Errorf("the page reported: %s", problem)
		}
	})
	return p
}

func emulateMobile(mobile bool) []chromedp.EmulateViewportOption {
	if !mobile {
		return nil
	}
	return []chromedp.EmulateViewportOption{chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)}
}

func (p *page) observe(event any) {
	problem := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.mu.Lock()
		p.requests = append(p.requests, e.Request.URL)
		p.mu.Unlock()
	case *runtime.EventExceptionThrown:
		problem = e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			problem = e.Entry.Text
		}
	}
	if problem != "" {
		p.mu.Lock()
		p.problems = append(p.problems, problem)
		p.mu.Unlock()
	}
}

// byID selects by data-testid, the hooks listed in web/README.md.
func byID(id string) string { return fmt.Sprintf("[data-testid=%q]", id) }

// in selects an element of the panel with that number, counted from 1.
func in(panel int, id string) string {
	return fmt.Sprintf("%s:nth-of-type(%d) %s", byID("panel"), panel, byID(id))
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) click(selector string) {
	p.t.Helper()
	p.bounded(selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces what a box holds, with key strokes.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.bounded(selector,
		chromedp.Focus(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.querySelector(%q).select()", selector)),
		chromedp.KeyEvent(kb.Backspace),
	)
	if text != "" {
		p.bounded(selector, chromedp.SendKeys(chromedp.CSS(selector), text))
	}
}

func (p *page) press(keys string, modifiers ...chromedp.KeyOption) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, modifiers...))
}

// evaluate runs a script in the page and waits for its promise.
func evaluate[T any](p *page, script string, arguments ...any) T {
	p.t.Helper()
	result, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](fmt.Sprintf(script, arguments...), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

func (p *page) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, `document.querySelector(%q)?.textContent.trim() ?? '(not on the page)'`, selector)
}

func (p *page) value(selector string) string {
	p.t.Helper()
	return evaluate[string](p, `document.querySelector(%q)?.value ?? '(not on the page)'`, selector)
}

func (p *page) count(selector string) int {
	p.t.Helper()
	return evaluate[int](p, `document.querySelectorAll(%q).length`, selector)
}

// waitText waits until an element has exactly this text.
func (p *page) waitText(selector, want string) {
	p.t.Helper()
	p.wait(func() (string, bool) {
		got := p.text(selector)
		return fmt.Sprintf("%s has %q, want %q", selector, got, want), got == want
	})
}

// waitContains waits until an element's text has this part.
func (p *page) waitContains(selector, part string) {
	p.t.Helper()
	p.wait(func() (string, bool) {
		got := p.text(selector)
		return fmt.Sprintf("%s has %q, want %q in it", selector, got, part), strings.Contains(got, part)
	})
}

// wait polls a condition; what it says last is the failure.
func (p *page) wait(condition func() (string, bool)) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		state, ok := condition()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("after %v: %s", patience, state)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *page) bounded(selector string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", selector, err)
	}
}
