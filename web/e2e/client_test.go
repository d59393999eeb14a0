//go:build e2e

// Package e2e drives the pages in a real Chromium against a running server:
//
//	go test -tags e2e ./web/e2e
package e2e

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const (
	connected    = "🟢 CONNECTED"
	disconnected = "🔴 DISCONNECTED"
)

// The fragment of tags in the mission document.
const initSocket = `{"socket_action":"init_socket","socket_type":"ws_group","id":6148914691236517121}`

func openClient(t *testing.T) *page {
	t.Helper()
	return open(t, startServer(t)+"/client/", laptop)
}

// rowTexts selects the texts of a panel's log in one direction.
func rowTexts(panel int, direction string) string {
	return fmt.Sprintf(`%s [data-dir=%q] %s`, in(panel, "log"), direction, byID("log-text"))
}

// waitRow waits until some row of the direction has exactly this text.
func (p *page) waitRow(panel int, direction, want string) {
	p.t.Helper()
	p.wait(func() (string, bool) {
		rows := evaluate[[]string](p, `[...document.querySelectorAll(%q)].map((row) => row.textContent.trim())`, rowTexts(panel, direction))
		for _, row := range rows {
			if row == want {
				return "", true
			}
		}
		return fmt.Sprintf("panel %d has %q rows %q, want %q", panel, direction, rows, want), false
	})
}

func (p *page) connect(panel int) {
	p.t.Helper()
	p.click(in(panel, "connect"))
	p.waitText(in(panel, "status"), connected)
}

func (p *page) send(panel int, text string) {
	p.t.Helper()
	p.fill(in(panel, "message"), text)
	p.click(in(panel, "send"))
}

func TestFirstConnection(t *testing.T) {
	base := startServer(t)
	p := open(t, base+"/client/", laptop)
	want := strings.Replace(base, "http://", "ws://", 1) + "/services/main_ws_service"
	if got := p.value(in(1, "url")); got != want {
		t.Errorf("prefilled with %q, want %q", got, want)
	}
	p.waitText(in(1, "status"), disconnected)
	p.connect(1)

	p.send(1, "$hbt")
	p.waitRow(1, "out", "$hbt")
	p.waitRow(1, "in", "$ok")
	if got := p.value(in(1, "message")); got != "" {
		t.Errorf("the message box still holds %q", got)
	}
	clock := p.text(in(1, "log-row") + " time")
	if !regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}$`).MatchString(clock) {
		t.Errorf("a row has the time %q", clock)
	}

	p.click(in(1, "disconnect"))
	p.waitText(in(1, "status"), disconnected)
	p.waitContains(in(1, "close-info"), "1000")
}

func TestSubprotocolAndDevUser(t *testing.T) {
	p := openClient(t)
	p.fill(in(1, "protocols"), "chat.v2, other")
	p.fill(in(1, "dev-user"), "7")
	p.connect(1)
	p.waitContains(in(1, "log"), "chat.v2")
	p.waitContains(in(1, "log"), "main_ws_service?X-Dev-User=7")
}

func TestHeartbeat(t *testing.T) {
	p := openClient(t)
	p.fill(in(1, "heartbeat-interval"), "1")
	p.connect(1)
	p.click(in(1, "heartbeat-toggle"))
	answered := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} · (<1|\d+) ms$`)
	first := ""
	p.wait(func() (string, bool) {
		first = p.text(in(1, "heartbeat-last"))
		return "last answer: " + first, answered.MatchString(first)
	})
	p.wait(func() (string, bool) {
		next := p.text(in(1, "heartbeat-last"))
		return "the last answer stays " + next, answered.MatchString(next) && next != first
	})
	p.click(in(1, "log-beats"))
	p.wait(func() (string, bool) {
		n := p.count(rowTexts(1, "in"))
		return fmt.Sprintf("%d heartbeat rows are shown", n), n == 0
	})
}

// Long ids are WebTutor's daily bread: laying out must not round them.
func TestPrettyJSON(t *testing.T) {
	p := openClient(t)
	p.connect(1)
	p.send(1, initSocket)
	p.waitRow(1, "out", initSocket)

	want := "{\n  \"socket_action\": \"init_socket\",\n  \"socket_type\": \"ws_group\",\n  \"id\": 6148914691236517121\n}"
	evaluate[chromedp.Void](p, `document.querySelector(%q).click()`, in(1, "row-pretty"))
	p.waitRow(1, "out", want)
	evaluate[chromedp.Void](p, `document.querySelector(%q).click()`, in(1, "row-pretty"))
	p.waitRow(1, "out", initSocket)

	p.click(byID("pretty-toggle"))
	p.waitRow(1, "out", want)
}

func TestPanelsSideBySide(t *testing.T) {
	p := openClient(t)
	p.click(byID("add-panel"))
	p.click(byID("connect-all"))
	p.waitText(in(1, "status"), connected)
	p.waitText(in(2, "status"), connected)
	p.sideBySide(2)
	p.send(2, "$hbt")
	p.waitRow(2, "in", "$ok")
	if n := p.count(rowTexts(1, "in")); n != 0 {
		t.Errorf("the first panel shows %d messages of the second", n)
	}

	p.click(byID("preset-groups"))
	for panel := 1; panel <= 4; panel++ {
		p.waitText(in(panel, "status"), connected)
	}
	p.sideBySide(4)
	if got := p.value(in(3, "url")); !strings.HasSuffix(got, "/services/main_ws_service?X-StatefulSocketId=id:10003::group_id:10002") {
		t.Errorf("the third panel has %q", got)
	}
	p.click(in(4, "remove-panel"))
	p.click(byID("disconnect-all"))
	for panel := 1; panel <= 3; panel++ {
		p.waitText(in(panel, "status"), disconnected)
	}
	p.sideBySide(3)
}

// sideBySide checks that so many panels share one row of the window.
func (p *page) sideBySide(want int) {
	p.t.Helper()
	p.wait(func() (string, bool) {
		tops := evaluate[[]int](p, `[...document.querySelectorAll(%q)].map((panel) => Math.round(panel.getBoundingClientRect().top))`, byID("panel"))
		ok := len(tops) == want
		for _, top := range tops {
			ok = ok && top == tops[0]
		}
		return fmt.Sprintf("panels begin at %v, want %d in one row", tops, want), ok
	})
}

func TestTakeoverShowsCode(t *testing.T) {
	p := openClient(t)
	p.click(byID("preset-tags"))
	p.waitText(in(1, "status"), connected)
	p.click(in(1, "duplicate-panel"))
	p.connect(2)
	p.waitText(in(1, "status"), disconnected)
	p.waitContains(in(1, "close-info"), "4001")
	p.waitContains(in(1, "close-info"), "a newer connection took this id over")
}

func TestALostConnectionIsComeBackTo(t *testing.T) {
	s := servertest.Start(t)
	p := open(t, s.URL()+"/client/", laptop)
	p.fill(in(1, "url"), strings.Replace(s.URL(), "http", "ws", 1)+"/services/main_ws_service?X-StatefulSocketId=back")
	p.click(in(1, "reconnect"))
	p.connect(1)
	p.send(1, "$hbt")
	p.waitRow(1, "in", "$ok")
	if resp, body := s.Ask(t, "DELETE", "/api/v1/sockets/%2Fservices%2Fmain_ws_service-s-back", ""); resp.StatusCode != 204 {
		t.Fatalf("abort: status %d: %s", resp.StatusCode, body)
	}
	p.waitContains(in(1, "log"), "Closed: 1006")
	p.waitContains(in(1, "log"), "Connecting again in 1 s")
	p.waitText(in(1, "status"), connected)
	p.click(in(1, "disconnect"))
	p.waitContains(in(1, "close-info"), "1000")
	p.waitText(in(1, "status"), disconnected)
}

func TestWrongAddress(t *testing.T) {
	base := startServer(t)
	p := open(t, base+"/client/", laptop)
	p.fill(in(1, "url"), "main_ws_service")
	p.click(in(1, "connect"))
	p.waitContains(in(1, "close-info"), "This is not an address")
	p.waitText(in(1, "status"), disconnected)

	p.fill(in(1, "url"), strings.Replace(base, "http", "ws", 1)+"/services/none")
	p.click(in(1, "connect"))
	p.waitContains(in(1, "close-info"), "The server refused: 404")
	p.waitText(in(1, "status"), disconnected)

	p.fill(in(1, "url"), "ws://127.0.0.1:9/services/main_ws_service")
	p.click(in(1, "connect"))
	p.waitContains(in(1, "close-info"), "Could not connect")
	p.waitText(in(1, "status"), disconnected)
}

func TestLanguage(t *testing.T) {
	base := startServer(t)
	russian := laptop
	russian.language = "ru-RU"
	p := open(t, base+"/client/", russian)
	p.waitText(in(1, "connect"), "Подключиться")
	p.connect(1)
	p.click(byID("lang-en"))
	p.waitText(in(1, "connect"), "Connect")
	p.waitText(in(1, "status"), connected)
	p.waitContains(in(1, "log"), "Connecting to")

	// The choice outlives the visit, whatever the browser asks for.
	p.wait(func() (string, bool) {
		stored := evaluate[string](p, `localStorage.getItem('tutorsocket.client.v1') ?? ''`)
		return "stored: " + stored, strings.Contains(stored, `"language":"en"`)
	})
	p.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(byID("panel"))))
	p.waitText(in(1, "connect"), "Connect")
}

func TestTokensAreNotKept(t *testing.T) {
	base := startServer(t)
	p := open(t, base+"/client/", laptop)
	p.fill(in(1, "url"), strings.Replace(base, "http", "ws", 1)+"/services/main_ws_service?access_token=SECRET1")
	p.fill(in(1, "protocols"), "plain, bearer.SECRET2")
	p.fill(in(1, "message"), `{"token":"SECRET3"}`)
	p.wait(func() (string, bool) {
		stored := evaluate[string](p, `JSON.stringify(localStorage)`)
		if strings.Contains(stored, "SECRET") {
			t.Fatalf("stored: %s", stored)
		}
		return "stored: " + stored, strings.Contains(stored, "plain")
	})
	p.connect(1)
	p.waitContains(in(1, "log"), "Connected")
	if text := p.text(in(1, "log")); strings.Contains(text, "SECRET") {
		t.Errorf("the log shows a token: %s", text)
	}
}

// A link shows its connections, and leaves dialling to the person.
func TestLink(t *testing.T) {
	base := startServer(t)
	p := open(t, base+"/client/#preset=filter", laptop)
	for panel := 1; panel <= 3; panel++ {
		p.waitText(in(panel, "status"), connected)
	}
	evaluate[chromedp.Void](p, `(() => {
		navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); };
	})()`)
	p.click(byID("share"))
	link := ""
	p.wait(func() (string, bool) {
		link = evaluate[string](p, `window.copied ?? ''`)
		return "nothing was copied", link != ""
	})
	other := open(t, link, laptop)
	other.waitText(in(3, "status"), disconnected)
	if got := other.value(in(2, "url")); !strings.HasSuffix(got, "X-StatefulSocketId=222") {
		t.Errorf("the second panel of the link has %q", got)
	}
}

func TestRecording(t *testing.T) {
	p := openClient(t)
	evaluate[chromedp.Void](p, `(() => {
		URL.createObjectURL = (file) => { file.text().then((text) => { window.file = text; }); return '#'; };
	})()`)
	p.fill(in(1, "name"), "first")
	p.connect(1)
	p.send(1, "$hbt")
	p.waitRow(1, "in", "$ok")
	p.click(in(1, "disconnect"))
	p.waitText(in(1, "status"), disconnected)
	p.waitContains(in(1, "close-info"), "1000")
	p.click(in(1, "log-download"))
	file := ""
	p.wait(func() (string, bool) {
		file = evaluate[string](p, `window.file ?? ''`)
		return "no file was offered", file != ""
	})
	var got []string
	for line := range strings.Lines(file) {
		var entry struct {
			T                 int
			Dir, Socket, Text string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if entry.Dir == "open" {
			entry.Text = "…" + path.Base(entry.Text)
		}
		got = append(got, entry.Socket+" "+entry.Dir+" "+entry.Text)
	}
	want := []string{"first open …main_ws_service", "first out $hbt", "first in $ok", "first close 1000"}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

func TestKeyboardOnly(t *testing.T) {
	base := startServer(t)
	p := open(t, base+"/client/", laptop)
	p.tabTo("url")
	p.press(kb.Enter)
	p.waitText(in(1, "status"), connected)
	p.tabTo("heartbeat-toggle")
	p.press(" ")
	p.waitContains(in(1, "heartbeat-last"), "ms")
	p.press(" ")
	p.tabTo("message")
	p.press("first")
	p.press(kb.Enter)
	p.press("line")
	p.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.waitRow(1, "out", "first\nline")
	p.press(`{"a":[1]}`)
	p.press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.waitRow(1, "out", `{"a":[1]}`)
	p.press(kb.ArrowUp)
	p.press(kb.ArrowUp)
	p.wait(func() (string, bool) {
		got := p.value(in(1, "message"))
		return fmt.Sprintf("history shows %q", got), got == "first\nline"
	})

	// Rows are chosen from the newest upwards; Enter lays one out.
	p.tabTo("log")
	p.press(kb.ArrowUp)
	p.wait(func() (string, bool) {
		p.press(kb.Enter)
		laidOut := strings.Contains(p.text(in(1, "log")), "{\n  \"a\": [\n    1\n  ]\n}")
		if !laidOut {
			p.press(kb.ArrowUp)
		}
		return "no row was laid out", laidOut
	})
	p.tabTo("disconnect")
	p.press(kb.Enter)
	p.waitText(in(1, "status"), disconnected)
}

// focus says which element has the keyboard, and whether that can be seen.
type focus struct {
	ID      string
	Visible bool
}

// tabTo walks with the Tab key until an element has the focus, and wants to see it there.
func (p *page) tabTo(id string) {
	p.t.Helper()
	for range 80 {
		p.press(kb.Tab)
		at := evaluate[focus](p, `(() => {
			const at = document.activeElement;
			const shown = at.type === 'checkbox' ? at.nextElementSibling : at;
			return { ID: at.dataset.testid ?? '', Visible: parseFloat(getComputedStyle(shown).outlineWidth) >= 2 };
		})()`)
		if at.ID != "" && !at.Visible {
			p.t.Errorf("the focus on %q cannot be seen", at.ID)
		}
		if at.ID == id {
			return
		}
	}
	p.t.Fatalf("the Tab key does not reach %q", id)
}

func TestPhone(t *testing.T) {
	phone := view{width: 390, height: 844, mobile: true, language: "ru"}
	p := open(t, startServer(t)+"/client/", phone)
	p.fitsWidth("one panel")
	p.click(byID("preset-groups"))
	p.waitText(in(1, "status"), connected)
	p.fitsWidth("four panels")
	if n := p.count(byID("panel") + ":not([hidden])"); n != 1 {
		t.Errorf("%d panels are shown at once", n)
	}
	p.click(byID("tabs") + " button:nth-of-type(4)")
	p.send(4, initSocket)
	p.waitRow(4, "out", initSocket)
	p.fitsWidth("fourth panel with a message")
}

func (p *page) fitsWidth(when string) {
	p.t.Helper()
	widths := evaluate[[]int](p, `[document.documentElement.scrollWidth, screen.width]`)
	if widths[0] > widths[1] {
		p.t.Errorf("%s: the page is %d pixels wide in a window of %d", when, widths[0], widths[1])
	}
}

// Thousands of rows: the log keeps the last 5,000, says so, and puts few of them on the page.
func TestManyRows(t *testing.T) {
	p := openClient(t)
	p.connect(1)
	evaluate[chromedp.Void](p, `(async () => {
		const box = document.querySelector(%q), send = document.querySelector(%q);
		for (let i = 0; i < 2600; i++) {
			box.value = '$hbt';
			box.dispatchEvent(new Event('input', { bubbles: true }));
			send.click();
			if (i %% 50 === 0) await new Promise(requestAnimationFrame);
		}
	})()`, in(1, "message"), in(1, "send"))
	p.waitContains(in(1, "log"), "the log keeps the last 5000")
	p.wait(func() (string, bool) {
		n := p.count(in(1, "log-row"))
		return fmt.Sprintf("%d rows are on the page", n), n > 10 && n < 200
	})
	p.fill(in(1, "log-filter"), "nothing like this")
	p.waitContains(in(1, "log"), "No row matches")
	p.fill(in(1, "log-filter"), "")
	p.click(in(1, "log-clear"))
	p.waitContains(in(1, "log"), "Nothing yet")
}
