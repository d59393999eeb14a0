package basescript

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// playPage runs a page and returns its output.
func playPage(t *testing.T, page string) string {
	t.Helper()
	script, err := pageSource(page)
	if err != nil {
		return "syntax error: " + err.Error()
	}
	if got, want := strings.Count(script, "\n"), strings.Count(strings.ReplaceAll(page, "\r\n", "\n"), "\n")+strings.Count(strings.ReplaceAll(page, "\r\n", "\n"), "\r"); got != want {
		t.Errorf("page %q has %d line breaks, its script %q %d", page, want, script, got)
	}
	var out strings.Builder
	globals := NewGlobals([]Global{{Name: pageWriter, Func: &Func{Name: pageWriter, Min: 1,
		Call: func(r *Run, args []Value) (Value, error) { out.WriteString(args[0].Text()); return Undefined, nil }}}})
	p, err := Compile("x-local://page.html", script, Options{Globals: globals})
	if err != nil {
		return "syntax error: " + err.Error() + "\n" + script
	}
	r := NewRun(context.Background(), RunConfig{Limits: testLimits})
	defer r.Close()
	if _, err := r.Exec(p); err != nil {
		return out.String() + "error: " + err.Error()
	}
	return out.String()
}

// TestPages: spec/basescript.md 1.13, pages.
func TestPages(t *testing.T) {
	for _, c := range []struct{ name, page, want string }{
		{"empty", "", ""},
		{"no code", "a \"quoted\" \\n 'text'\nline", "a \"quoted\" \\n 'text'\nline"},
		{"all line breaks", "a\r\nb\rc\nd\r\n", "a\r\nb\rc\nd\r\n"},
		{"byte order mark", "\ufeffa<% %>", "a"},
		{"output", "<b><%= 1 + 1 %></b>", "<b>2</b>"},
		{"output of a list of names", "<%=a = 1, a + 1%>", "2"},
		{"output with a semicolon", "<%= 'x'; %>;<%= (function () { var a = 1; return a })(); %>", "x;1"},
		{"code", "<% var x = 2; %>x is <%= x %>.", "x is 2."},
		{"code without a semicolon", "<% var x = 2 %>x is <%= x %>.<% y = f() %>|<% function f() { return 1 } %>", "x is 2.|"},
		{"loop across tags", "<ul>\n<% for (i in [1, 2]) { %><li><%= i %></li>\n<% } %></ul>", "<ul>\n<li>1</li>\n<li>2</li>\n</ul>"},
		{"branch across tags", "<% if (false) { %>yes<% } else { %>no<% } %>", "no"},
		{"white space before else", "<% if (false) { %>yes<% }\n %>\n  <% else { %>no<% } %>", "no"},
		{"white space before catch and finally", "<% try { %>a<% throw 'x' } %> <% catch (e) { %>b<% } %> <% finally { %>c<% } %>", "abc"},
		{"white space before case", "<% switch (2) { %>\n <% case 1: %>one<% break; %> <% case 2: %>two<% break; default: %>other<% } %>", "two"},
		{"branch without brackets", "<% if (1 < 2) %>a<%= 'b' %>c<% else %>d<% ; %>e", "abce"},
		{"loop without brackets", "<% for (i in [1, 2]) %>-<%= i %><% ; %>.", "-1-2."},
		{"function around text", "<% function row(x) { %><td><%= x %></td><% } row(1); row('a') %>", "<td>1</td><td>a</td>"},
		{"only white space in a tag", "a<% %>b<%\n%>c<%%>d", "abcd"},
		{"end of tag in a string", "<% x = 'a %> b' %><%= x %>|<%= \"%>\" %>|<%= `%>` %>", "a %> b|%>|%>"},
		{"end of tag in comments", "<% /* %> not text <% */ %>a<% // comment %>b<%= 1 // one %>c\n<% // to the end\n %>d", "ab1c\nd"},
		{"comment tag", "a<%-- <%= nothing %> \n --%>b<% i = 2; %><%--i%><%= i %>", "ab1"},
		{"comment tag in a row", "<% if (true) %>a<%-- c --%>b<% else %>c<% ; %>", "ab"},
		{"raw line break in a string", "<% x = 'a\nb' %><%= x %>", "a\nb"},
		{"text like an end of tag", "50 %> 40", "50 %> 40"},
		{"an error has its line", "a\nb\n<% throw 'x' %>", "a\nb\nerror: x\n(x-local://page.html,   line 3)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := playPage(t, c.page); got != c.want {
				t.Errorf("page:\n%s\ngot:\n%s\nwant:\n%s", c.page, got, c.want)
			}
		})
	}
}

// TestPageFaults: what is wrong with a page is shown where its author wrote it.
func TestPageFaults(t *testing.T) {
	for _, c := range []struct {
		page         string
		message      string
		line, column int
	}{
		{"a <%= /b%>/.test(c) %>", "", 0, 0}, // none
		{"text\n  <% var x", "Unterminated <%", 2, 3},
		{"a <%= %> b", "<%= %> without an expression", 1, 3},
		{"a <%= // b %> c", "<%= %> without an expression", 1, 3},
		{"a\n<% x = 'b %> c", "Unterminated string", 2, 8},
		{"a <% /* %> b", "Unterminated comment", 1, 6},
		{"a <% x = 1 <% y %>", "<% inside <%", 1, 12},
		{"\"текст\" <%= 'a\nb' + * 2 %>", "Unexpected token *", 2, 6},
		{"text <% ) %>", "Unexpected token )", 1, 9},
		{"text <% if (x) { %> more", "Unexpected end of input: the { in line 1 is not closed", 1, 25},
	} {
		src, err := newPage("x-local://page.html", c.page)
		if err == nil {
			_, err = src.parse()
		}
		var se *SyntaxError
		if c.message == "" && err == nil {
			continue
		}
		if !errors.As(err, &se) || se.Message != c.message || se.Line != c.line || se.Column != c.column {
			t.Errorf("page %q: %#v", c.page, err)
		}
	}
}
