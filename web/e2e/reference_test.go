//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// operationBlock selects an operation of the reference by its group and id.
func operationBlock(group, id string) string { return fmt.Sprintf("#operations-%s-%s", group, id) }

func openReference(t *testing.T, v view) (*servertest.Server, *page) {
	t.Helper()
	s := servertest.Start(t)
	p := openAt(t, s.URL()+"/api/", v, operationBlock("Sockets", "list-sockets"))
	p.t.Cleanup(func() { p.onlyAsked(s.URL()) })
	return s, p
}

// onlyAsked checks that no request left for another host.
func (p *page) onlyAsked(base string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, address := range p.requests {
		if !strings.HasPrefix(address, base+"/") && !strings.HasPrefix(address, "data:") && !strings.HasPrefix(address, "blob:") {
			p.t.Errorf("the page asked for %s", address)
		}
	}
	if len(p.requests) < 4 {
		p.t.Errorf("the network log has only %q", p.requests)
	}
}

// unfold opens an operation by its button.
func (p *page) unfold(block string) {
	p.t.Helper()
	p.click(block + " .opblock-summary-control")
	p.wait(func() (string, bool) { return block + " does not open", p.count(block+" .btn.execute") == 1 })
}

// execute sends the request of an operation and waits for the answer.
func (p *page) execute(block, status, part string) {
	p.t.Helper()
	p.click(block + " .btn.execute")
	p.waitContains(block+" .live-responses-table tbody .response-col_status", status)
	p.waitContains(block+" .live-responses-table tbody .response-col_description", part)
}

func TestReferenceTriesTheAPI(t *testing.T) {
	s, p := openReference(t, laptop)
	p.waitContains(".swagger-ui .info", "Bodies are JSON in UTF-8")

	list := operationBlock("Sockets", "list-sockets")
	p.unfold(list)
	p.execute(list, "401", "admin token")

	p.fill("#token", s.Token())
	p.press(kb.Enter)
	p.waitContains(byID("token-state"), "accepted")
	socket := s.Dial(t, "main_ws_service", "123")
	p.execute(list, "200", "/services/main_ws_service-s-123")

	one := operationBlock("Sockets", "get-socket")
	p.unfold(one)
	p.execute(one, "200", `"stateful_id": "123"`) // the example of the key is that of this socket

	group := operationBlock("Messages", "send-messages")
	p.unfold(group)
	p.fill(group+" textarea.body-param__text", `{"user_id": "6148914691236517121", "message": "from the reference"}`)
	p.execute(group, "202", `"addressed": 1`)
	socket.Expect(t, "from the reference")

	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.requests, func(address string) bool { return strings.Contains(address, s.Token()) }); i >= 0 {
		t.Errorf("the token is in the address %s", p.requests[i])
	}
}

// TestReferenceShowsWhatCameOfAStream: an answer that does not end is cut off and shown.
func TestReferenceShowsWhatCameOfAStream(t *testing.T) {
	s, p := openReference(t, laptop)
	p.fill("#token", s.Token())
	s.Ask(t, "POST", "/api/v1/runs", `{"source":"alert( 'a line of the log' )"}`, "Content-Type", "application/json")
	logs := operationBlock("Logs", "stream-logs")
	p.unfold(logs)
	p.execute(logs, "200", "a line of the log")
}

func TestReferenceTakesTheTokenOutOfItsAddress(t *testing.T) {
	s := servertest.Start(t)
	p := openAt(t, s.URL()+"/api/#token="+url.QueryEscape(s.Token()), laptop, operationBlock("Sockets", "list-sockets"))
	p.waitContains(byID("token-state"), "accepted")
	if got := evaluate[string](p, "location.href"); got != s.URL()+"/api/" {
		t.Errorf("the address is %s", got)
	}
	p.fill("#token", "wrong")
	p.press(kb.Enter)
	p.waitContains(byID("token-state"), "Not the token")
}

func TestReferenceFitsAPhone(t *testing.T) {
	_, p := openReference(t, view{width: 390, height: 844, mobile: true, language: "ru-RU"})
	p.unfold(operationBlock("Sockets", "list-sockets"))
	p.unfold(operationBlock("Messages", "send-message"))
	if width := evaluate[int](p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide", width)
	}
	p.waitContains("#token-form label", "Токен администратора")
}

// TestReferenceByKeyboard opens an operation and sends its request without a mouse.
func TestReferenceByKeyboard(t *testing.T) {
	_, p := openReference(t, laptop)
	focus := func(selector string) {
		evaluate[bool](p, `(() => { document.querySelector(%q).focus(); return document.activeElement.matches(%q) })()`, selector, selector)
	}
	block := operationBlock("Scripts", "list-agents")
	focus(block + " .opblock-summary-control")
	p.press(kb.Enter)
	p.wait(func() (string, bool) { return "it does not open", p.count(block+" .btn.execute") == 1 })
	focus(block + " .btn.execute")
	p.press(kb.Enter)
	p.waitContains(block+" .live-responses-table tbody .response-col_status", "401")
}
