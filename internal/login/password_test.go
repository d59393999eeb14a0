package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/accounts"
	"github.com/tutorsocket/tutorsocket/internal/login"
)

const another = "another horse battery"

// passwords fills the form for a new password.
func (v *visitor) passwords(old, password, again string) url.Values {
	v.t.Helper()
	resp, page := v.do("GET", "/login/password?lang=en&next=/chat/", nil)
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("status %d: %s", resp.StatusCode, page)
	}
	values := hidden(page)
	values.Set("old", old)
	values.Set("new", password)
	values.Set("again", again)
	return values
}

func TestAUserChangesThePassword(t *testing.T) {
	n := single(t, nil)
	resp, _ := visit(t, n).do("GET", "/login/password?lang=ru&next=/chat/", nil)
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || to != "/login?lang=ru&next=%2Flogin%2Fpassword%3Flang%3Dru%26next%3D%252Fchat%252F" {
		t.Errorf("a stranger is led to %s (%d)", to, resp.StatusCode)
	}
	here, there := visit(t, n), visit(t, n)
	here.mustLogIn("anna")
	there.mustLogIn("anna")
	there.whoami()
	far := n.lease()
	here.whoami()
	near, token := n.lease(), here.cookie("tutorsocket")
	if _, page := here.do("GET", "/login?lang=en", nil); !strings.Contains(page, `href="/login/password?lang=en"`) {
		t.Errorf("nothing leads there:\n%s", page)
	}
	resp, page := here.do("POST", "/login/password", here.passwords(password, another, another))
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || to != "/login?lang=en&next=%2Fchat%2F&changed" {
		t.Fatalf("status %d to %s: %s", resp.StatusCode, to, page)
	}
	expectEnd(t, far, "the password was changed; log in again")
	expectEnd(t, near, "the password was changed; log in again")
	if now := here.cookie("tutorsocket"); now == "" || now == token {
		t.Errorf("the token was %q, is %q", token, now)
	}
	if status, who := here.whoami(); status != 200 || who != "41 Anna true accounts" {
		t.Errorf("the browser that changed it: %d %s", status, who)
	}
	if status, _ := there.whoami(); status != 401 {
		t.Errorf("another browser: %d", status)
	}
	if status, _ := here.whoami("Cookie", "tutorsocket="+token); status != 401 {
		t.Errorf("the token from before: %d", status)
	}
	if _, page := here.do("GET", resp.Header.Get("Location"), nil); !strings.Contains(page, "Your password was changed.") || !strings.Contains(page, `href="/chat/"`) {
		t.Errorf("the page is\n%s", page)
	}
	if resp, _ := visit(t, n).logIn("anna", password); resp.StatusCode != http.StatusForbidden {
		t.Errorf("the password from before: %d", resp.StatusCode)
	}
	if resp, _ := visit(t, n).logIn("anna", another); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("the new password: %d", resp.StatusCode)
	}
	for _, text := range []string{password, another, token} {
		if strings.Contains(n.log.String(), text) {
			t.Errorf("%q is in the log", text)
		}
	}
	if !strings.Contains(n.log.String(), "user has changed the password") || n.figures.Sum("tutorsocket_login_password_changes_total", "outcome", "right") != 1 {
		t.Error("there is no record of it")
	}
}

func TestPasswordsThatAreNotChanged(t *testing.T) {
	n := single(t, func(c *login.Config) { c.FirstDelay = time.Millisecond })
	for name, c := range map[string]struct {
		old, password, again string
		headers              []string
		status               int
		part                 string
	}{
		"wrong":            {"guess", another, another, nil, 403, "The present password is wrong."},
		"nothing typed":    {"", "", "", nil, 422, "Type your present password, and the new one twice."},
		"no new one":       {password, "", "", nil, 422, "Type your present password, and the new one twice."},
		"two new ones":     {password, another, another + "x", nil, 422, "The two new passwords differ."},
		"short":            {password, "short", "short", nil, 422, "It needs at least 12 characters"},
		"the same":         {password, password, password, nil, 422, "must be neither your login nor the present password"},
		"endless":          {password, strings.Repeat("x", 2000), strings.Repeat("x", 2000), nil, 422, "This cannot be the new password."},
		"by another page":  {password, another, another, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403, "Try once more."},
		"by a listed page": {password, another, another, []string{"Origin", "https://portal.example.com", "Sec-Fetch-Site", "cross-site"}, 403, "Try once more."},
		"as JSON":          {password, another, another, []string{"Content-Type", "application/json"}, 400, "The form cannot be read."},
	} {
		t.Run(name, func(t *testing.T) {
			v := visit(t, n)
			v.mustLogIn("anna")
			resp, page := v.do("POST", "/login/password", v.passwords(c.old, c.password, c.again), c.headers...)
			if resp.StatusCode != c.status || !strings.Contains(page, c.part) || !strings.Contains(page, `role="alert"`) || strings.Count(page, `aria-invalid="true"`) > 1 {
				t.Errorf("status %d, want %s in\n%s", resp.StatusCode, c.part, page)
			}
			for _, typed := range []string{c.old, c.password} {
				if typed != "" && strings.Contains(page, `"`+typed+`"`) {
					t.Error("a password is on the page")
				}
			}
			if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") {
				t.Errorf("the policy is %s", policy)
			}
			if status, _ := v.whoami(); status != 200 {
				t.Errorf("the session: %d", status)
			}
		})
	}
	if _, err := n.users.Verify(t.Context(), "anna", password); err != nil {
		t.Errorf("the password: %v", err)
	}
}

// A form counts for the session whose page it was on, and for that form only.
func TestFormsForAPasswordAreOfOneSession(t *testing.T) {
	n := single(t, nil)
	bob, anna := visit(t, n), visit(t, n)
	bob.mustLogIn("bob")
	anna.mustLogIn("anna")
	_, page := anna.do("GET", "/login", nil)
	for what, token := range map[string]string{
		"of another session": bob.passwords("", "", "").Get("form"), "of the logout": hidden(page).Get("form"), "none": "",
	} {
		values := anna.passwords(password, another, another)
		values.Set("form", token)
		if resp, _ := anna.do("POST", "/login/password", values); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", what, resp.StatusCode)
		}
	}
	values := anna.passwords(password, another, another)
	if _, err := n.users.Change(t.Context(), "41", accounts.Change{LogOut: true}); err != nil {
		t.Fatal(err)
	}
	if resp, _ := anna.do("POST", "/login/password", values); resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "/login?") {
		t.Errorf("when the session has ended: status %d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if _, err := n.users.Verify(t.Context(), "anna", password); err != nil {
		t.Errorf("the password: %v", err)
	}
}

// Whoever finds a browser where somebody is logged in does not guess the password there for ever.
func TestGuessingTheOldPasswordIsRefused(t *testing.T) {
	n := single(t, func(c *login.Config) { c.Attempts, c.FirstDelay = 3, time.Millisecond })
	v := visit(t, n)
	v.mustLogIn("anna")
	for range 3 {
		if resp, _ := v.do("POST", "/login/password", v.passwords("guess", another, another)); resp.StatusCode != http.StatusForbidden {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	resp, page := v.do("POST", "/login/password", v.passwords(password, another, another))
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || !strings.Contains(page, "Too many failed attempts.") {
		t.Errorf("status %d: %s", resp.StatusCode, page)
	}
	if n.figures.Sum("tutorsocket_login_password_changes_total", "outcome", "refused_login") != 1 || n.figures.Sum("tutorsocket_login_password_changes_total", "outcome", "wrong") != 3 {
		t.Error("it is not counted")
	}
}
