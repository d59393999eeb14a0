//go:build e2e

package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/config"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// chatApp is an app whose page talks to a service as who is logged in, and has a button to log out.
var chatApp = map[string]string{
	"services/chat.js": `
var WebSocketContext = tools.get_object_assembly('XHTTPMiddlewareStatic');
function process(context) {
	WebSocketContext.CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'WriteToWebSocketMessageQueue',
		[context.WebSocketCurrentId, 'you are ' + Request.Session.Env.curUserID + ' ' + Request.Session.Env.curUser.fullname, false]);
}`,
	"web/index.html": `<!doctype html>
<title>chat</title>
<p id="said">-</p>
<p id="state">-</p>
<button id="open">Connect</button>
<button id="out">Log out</button>
<script src="chat.js"></script>`,
	"web/chat.js": `
const show = (id, text) => { document.getElementById(id).textContent = text };
document.getElementById('open').onclick = () => {
	const socket = new WebSocket('/services/chat');
	socket.onopen = () => { show('state', 'open'); socket.send('hello') };
	socket.onmessage = (event) => show('said', event.data);
	socket.onclose = (event) => show('state', 'closed with ' + event.code + ' ' + event.reason);
};
document.getElementById('out').onclick = () => fetch('/logout', { method: 'POST', body: new URLSearchParams() });`,
}

// startWithAccounts starts the product as serve does, with a user anna.
func startWithAccounts(t *testing.T, change func(*config.Config)) *servertest.Server {
	t.Helper()
	s := servertest.Start(t, servertest.App(chatApp), servertest.Production(func(c *config.Config) {
		c.Auth.Methods = []string{config.AuthAccounts}
		change(c)
	}))
	if _, err := s.API.AddUser(t.Context(), api.NewUser{Login: "anna", Password: "correct horse battery", Name: "Anna K.", ID: "7177256154427237596"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLoginSocketLogout: a page has no socket before the login, one with the session after it, and none when the user has
// logged out.
func TestLoginSocketLogout(t *testing.T) {
	for name, change := range map[string]func(*config.Config){
		"plain": func(*config.Config) {},
		"TLS":   func(c *config.Config) { c.TLS.SelfSigned = true }, // the cookie has another name there
	} {
		t.Run(name, func(t *testing.T) {
			s := startWithAccounts(t, change)
			p := openAt(t, s.URL()+"/", laptop, "#open")
			p.click("#open")
			p.waitText("#state", "closed with 1006")

			p.do(chromedp.Navigate(s.URL()+"/login?next=/"), chromedp.WaitVisible(chromedp.CSS("#login")))
			p.fill("#login", "anna")
			p.fill("#password", "correct horse battery")
			p.press(kb.Enter)
			p.waitText("#state", "-")
			p.click("#open")
			p.waitText("#said", "you are 7177256154427237596 Anna K.")
			p.waitText("#state", "open")

			p.click("#out")
			p.waitText("#state", "closed with 4003 you have logged out")
			p.click("#open")
			p.waitText("#state", "closed with 1006")
			p.do(chromedp.Navigate(s.URL()+"/login?next=/"), chromedp.WaitVisible(chromedp.CSS("#login")))
		})
	}
}
