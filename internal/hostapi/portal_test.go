package hostapi_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
	"github.com/tutorsocket/tutorsocket/internal/hostapi"
	"github.com/tutorsocket/tutorsocket/internal/hub"
)

func (b *bench) globals() *basescript.Globals { return hostapi.Globals() }

func (b *bench) service() *hostapi.Env {
	env := b.env()
	env.Hook, env.Message = hostapi.HookProcess, "hi"
	env.Handshake = &hub.Handshake{Method: "GET", URL: "/services/a?x=1", Host: "example.com:8080", RemoteAddr: "[::1]:5000", Header: "User-Agent: me\r\n"}
	return env
}

// The request of a handshake is whole, but its answer has been given (spec/basescript.md 3.3).
func TestRequestOfAHandshake(t *testing.T) {
	b := newBench(t)
	got, err := b.exec(b.service(), `
		alert(CurRequest == Request); alert('[' + Request.Body + Request.AuthPassword + Request.RespContentType + ']' + EncodeJson(Request.Form));
		alert(Request.Form.GetOptProperty('x', 'none')); alert(DataType(Request.CheckLdsAuth()));
		alert(Request.GetSessionByID() == Session); alert(Request.GetSessionByID(Session.sid) == Session); alert(DataType(Request.GetSessionByID(5)));`)
	want := []string{"true", "[]{}", "none", "undefined", "true", "true", "undefined"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("wrote %q, error %v\nwant %q", got, err, want)
	}
	for call, what := range map[string]string{
		"Request.AddRespHeader('a', 'b')": "AddRespHeader", "Request.SetRespStatus(404, 'x')": "SetRespStatus", "Request.SetWrongAuth()": "SetWrongAuth",
		"Request.Redirect('/')": "Redirect", "Request.PermanentRedirect('/')": "PermanentRedirect", "Request.HandleNotFound()": "HandleNotFound",
		"Request.Execute('x')": "Execute", "Request.UpgradeToWebSocket()": "UpgradeToWebSocket", "Request.RespContentType = 'x'": "RespContentType",
		"Request.RespStream": "RespStream",
	} {
		_, err := b.exec(b.service(), call)
		var e *basescript.Error
		if !errors.As(err, &e) || e.Message != what+": the handshake of the WebSocket has been answered, nothing of the answer can be changed" {
			t.Errorf("%s: %v", call, err)
		}
	}
	env := b.service()
	env.User = hub.User{}
	if _, err := b.exec(env, "Request.CheckLdsAuth()"); err == nil || !strings.Contains(err.Error(), "the user is not known") {
		t.Errorf("error %v", err)
	}
	b.fails("CurRequest", "CurRequest not defined")
}

func TestUserInit(t *testing.T) {
	b := newBench(t)
	const script = `u = tools_web.user_init(Request, Request.Query); alert(EncodeJson(u)); alert(Session.Env.curUserID + ' ' + Session.Env.curAnonymousAccess + ' ' + Session.Env.curHostName)`
	got, err := b.exec(b.service(), script)
	want := []string{
		`{"access":true,"error_code":"","error_text":"","redirect":"","auth_type":"form","anonymous":false,"auth_login":"user1","access_time_start":null,"access_time_end":null}`,
		"6148914691236517121 false example.com",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("wrote %q, error %v", got, err)
	}
	env := b.service()
	env.User = hub.User{}
	got, err = b.exec(env, script)
	if err != nil || !strings.Contains(got[0], `"access":false,"error_code":"empty_login"`) {
		t.Errorf("wrote %q, error %v", got, err)
	}
	got, err = b.exec(b.service(), `
		Session.Env.curUserID = 5; Session.Env.curUser = null; tools_web.user_init(Request);
		alert((Session.Env.curUserID == curUserID) + ' ' + Session.Env.curUser.fullname + ' ' + Session.Env.curUser.email)`)
	if err != nil || !slices.Equal(got, []string{"true Иван Петров i@example.com"}) {
		t.Errorf("wrote %q, error %v", got, err)
	}
	b.prints("alert(tools_web.user_init(null).auth_login)", "user1") // an agent has no session
}

func TestAuthType(t *testing.T) {
	b := newBench(t)
	for by, want := range map[string]string{"": "form", "accounts": "form", "webtutor": "webtutor", "jwt": "jwt", "header": "header"} {
		env := b.service()
		env.Handshake = &hub.Handshake{LoginBy: by}
		got, err := b.exec(env, "alert(Session.auth_type + ' ' + tools_web.user_init(Request).auth_type)")
		if err != nil || !slices.Equal(got, []string{want + " " + want}) {
			t.Errorf("logged in by %q: wrote %q, error %v", by, got, err)
		}
	}
}

func TestGrantedTags(t *testing.T) {
	b := newBench(t)
	env := b.service()
	env.Handshake = &hub.Handshake{Granted: map[string]string{"hall": "1", "SetProperty": "x"}}
	got, err := b.exec(env, "tutorsocket.granted_tags.hall = 2; alert(EncodeJson(tutorsocket.granted_tags))")
	if err != nil || !slices.Equal(got, []string{`{"SetProperty":"x","hall":"1"}`}) {
		t.Errorf("wrote %q, error %v", got, err)
	}
	b.prints("alert(EncodeJson(tutorsocket.granted_tags))", "{}") // an agent has no user who came in
}

func TestPortalTools(t *testing.T) {
	b := newBench(t)
	b.prints(`p = {a: 'x', empty: '', n: null, zero: 0};
		for (n in ['a', 'empty', 'n', 'zero', 'none']) alert(tools_web.get_web_param(p, n, 'def') + ' ' + tools_web.get_web_param(p, n, 'def', true)); alert(DataType(tools_web.get_web_param(p, 'none')))`,
		"x x", " def", " def", "0 0", "def def", "undefined")
	b.prints(`for (u in ['x-local://a/b.HTML?x=.pdf', '/c.pdf', 'noext', 'a.b/c', 'x.unknown']) alert(tools_web.url_std_content_type(u))`,
		"text/html", "application/pdf", "application/octet-stream", "application/octet-stream", "application/octet-stream")
	b.prints(`alert(tools_web.get_object_source_url('resource', 7177256154427237596))`, "/download_file.html?file_id=7177256154427237596")
	b.fails(`tools_web.get_object_source_url('person', 5)`, "tools_web.get_object_source_url is not supported: tutorsocket has no portal")
	b.prints(`x = tools_web.convert_xss('<a href="x">я\'&</a>'); alert(x); alert(tools_web.html_decode(x))`,
		"&lt;a href=&#34;x&#34;&gt;я&#39;&amp;&lt;/a&gt;", `<a href="x">я'&</a>`)
	b.prints(`alert(tools_web.get_md5_id('abc')); alert(tools_web.get_host_name('https://example.com:8080/x')); alert('[' + tools_web.get_host_name('::') + ']')`,
		"900150983cd24fb0d6963f7d28e17f72", "example.com", "[]")
	b.prints(`alert(tools_web.is_json('{"a":1}') + ' ' + tools_web.is_json("{a:1}") + ' ' + tools_web.is_json('') + ' ' + tools_web.is_json(null))`, "true false false false")
	b.prints(`alert(tools.xml_header()); alert((tools.sys_db_capability & tools.UNI_CAP_BASIC) != 0); alert(EncodeJson(tools.get_params_code_library('libX')))`,
		`<?xml version="1.0" encoding="utf-8"?>`, "false", "{}")
}

func TestBBCode(t *testing.T) {
	b := newBench(t)
	for code, want := range map[string]string{
		"[b]жирный[/b] [I]x[/I]":                      "<b>жирный</b> <I>x</I>",
		"<script>[b]":                                 "&lt;script&gt;<b>",
		"[url=https://a.example/x]y[/url]":            `<a href="https://a.example/x">y</a>`,
		"[url=\"https://a.example/?a=1&b=2\"]y[/url]": `<a href="https://a.example/?a=1&amp;b=2">y</a>`,
		"[url]/local[/url]":                           `<a href="/local">/local</a>`,
		"[url=javascript:alert(1)]y":                  "[url=javascript:alert(1)]y",
		"[img]https://a.example/i.png[/img]":          `<img src="https://a.example/i.png"/>`,
		"[color=red]x[/color][size=20]y[/size]":       `<span style="color:red">x</span><span style="font-size:20px">y</span>`,
		"[color=red;x]x":                              "[color=red;x]x",
		"[quote=Anna]x[/quote][code]y[/code]":         "<blockquote>x</blockquote><pre>y</pre>",
		"[list][*]a[*]b[/list]":                       "<ul><li>a<li>b</ul>",
		`a\r\nb\nc`:                                   "a<br/>b<br/>c",
	} {
		b.prints("alert(tools_web.convert_bbcode_to_html('"+code+"'))", want)
	}
}

func TestToolsLog(t *testing.T) {
	b := newBench(t)
	b.prints(`tools.log('a'); tools.log('b', 'error', true); tools.log('c', 'debug'); EnableLog('debug'); tools.log('d', 'debug'); tools.log_event_server('debug', 'e'); tools.log_event_server('closed', 'f')`,
		"INFO: a", "ERROR: b", "debug: DEBUG: d", "debug: e")
	if b.errors != 1 {
		t.Errorf("%d error lines", b.errors)
	}
}

func TestUnibridge(t *testing.T) {
	b := newBench(t)
	const provider = "p = tools.spxml_unibridge.Object.provider;\n"
	b.prints(provider+`alert(p.GetUserData('none') === null); alert(p.SetUserData('k', 'текст', 60)); alert(p.GetUserData('k')); alert(tools_web.get_user_data('k')); alert(p.GetUserDataContainsKey('k'))`,
		"true", "true", "текст", "текст", "true")
	b.prints(provider+`tools_web.set_user_data('o', {a: 1}); alert(p.GetUserData('o')); alert(p.RemoveUserData('o')); alert(p.GetUserDataContainsKey('o')); alert(p.ClearUserDataByPrefix('k')); alert(p.CleanUpThreadResources())`,
		`{"a":1}`, "true", "false", "true", "true")
	if b.data.calls[0] != `set k "текст" 1m0s` {
		t.Errorf("calls %q", b.data.calls)
	}
	b.fails(provider+`p.SetUserData(null, 'x')`, "The key of user data must be text, not null")
	b.fails(provider+`p.LoadUrl('x')`, "Unknown method: LoadUrl()")
}

func TestAppConfig(t *testing.T) {
	b := newBench(t)
	b.settings.AppConfig = map[string]string{"WEB-PORT": "80", "DOTNETCORE-XHTTP": "0"}
	b.prints(`alert(AppConfig.GetOptProperty('WEB-PORT') + ' ' + AppConfig['DOTNETCORE-XHTTP'] + ' ' + AppConfig.HasProperty('x'))`, "80 1 false")
}

func TestRemoteActionNames(t *testing.T) {
	b := newBench(t)
	env := b.env()
	env.Params, env.ObjectID, env.ObjectIDs = map[string]string{"a": "1"}, "7177256154427237596", "1;2"
	got, err := b.exec(env, `alert(PARAMETERS.a + ' ' + (PARAMETERS == Param)); alert(RESULT + ' ' + ERROR + '[' + MESSAGE + ']'); RESULT = 5; alert(RESULT);
		alert(DataType(OBJECT_ID) + ' ' + OBJECT_ID + ' ' + OBJECTS_ID_STR);
		COLUMNS.push(1); alert(COLUMNS.length + '[' + SORT.FIELD + SORT.DIRECTION + ']' + ScopeWVars.a + HANDLER_WVARS.a)`)
	want := []string{"1 true", "undefined 0[]", "5", "integer 7177256154427237596 1;2", "1[]11"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("wrote %q, error %v", got, err)
	}
}

// Names that are assigned on purpose are those of the whole script, whoever assigns them (spec/basescript.md 5 row 9).
func TestFunctionsAssignResults(t *testing.T) {
	b := newBench(t)
	b.prints(`
		alert(RESULT + ' ' + ERROR + '[' + MESSAGE + ']');
		function fail(text) { ERROR = 1; MESSAGE = text }
		function act() { RESULT = { rows: 2 }; fail('no luck'); var SORT = 3; own = 5; return SORT }
		alert(act()); alert(RESULT.rows + ' ' + ERROR + ' ' + MESSAGE + ' ' + DataType(SORT));
		try { own } catch (e) { alert(e.message) }
		f = function () { curUserID = 17 }; f(); alert(curUserID);
		function nested() { function inner(MESSAGE) { MESSAGE = 'its own' } inner('x'); for (let ERROR of [5]) ERROR += 1 }
		nested(); alert(MESSAGE + ERROR)`,
		"undefined 0[]", "3", "2 1 no luck object", "own not defined", "17", "no luck1")
	b.prints(`if (true) { RESULT = 1 } function more() { RESULT += 1 } more(); more(); alert(RESULT)`, "3")
	b.prints(`function one() { message = 1; return message } alert(one()); try { message } catch (e) { alert(e.message) }`, "1", "message not defined")
}
