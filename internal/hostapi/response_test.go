package hostapi_test

import "testing"

// A page writes with Response as it does with <%= %>, in order (spec/basescript.md 3.3).
func TestResponseInPages(t *testing.T) {
	b := newBench(t)
	b.prints(`
		function row(x) { Response.Write('<li>' + x + '</li>') }
		alert(EvalCodePage('<ul><% Response.Write(1 + 1); %>|<%= 3 %>|<% row("четыре"); Response.WriteBinary(5); %></ul>'));
		alert(EvalCodePage('<%= Response.Write("first") %>second'));
		alert(EvalCodePage('a<% Response.Write(EvalCodePage("<b><% Response.Write(1) %></b>")) %>c'));
		alert(EvalCodePage('<% Response.Write(null); Response.Write(true) %>'));`,
		"<ul>2|3|<li>четыре</li>5</ul>", "firstundefinedsecond", "a<b>1</b>c", "true")
	b.prints(`
		alert(Response.ContentType + ' ' + Response.WriteMode + ' ' + (Response == Response));
		alert(EvalCodePage('<% Response.ContentType = "application/json"; Response.WriteMode = "single" %><%= Response.ContentType %>'));
		alert(Response.ContentType + ' ' + Response.WriteMode)`,
		"text/html  true", "application/json", "application/json single")
	b.prints(`
		try { EvalCodePage('<% throw "x" %>') } catch (e) { alert(e.message) }
		try { Response.Write('lost') } catch (e) { alert(e.message) }
		try { EvalCodePage('<% Response.Redirect("/") %>') } catch (e) { alert(e.message) }`,
		"x", "Write: there is no request to answer", "Redirect: there is no request to answer")
	b.fails(`EvalCodePage('<% text = "x".repeat(1000000); while (true) Response.Write(text) %>')`, "its values take more than 64 MiB")
}

// Outside of pages there is nothing to write to, and the error says why.
func TestResponseOutsideOfPages(t *testing.T) {
	b := newBench(t)
	for call, what := range map[string]string{
		"Response.Write('a')": "Write", "Response.WriteBinary('a')": "WriteBinary", "Response.AddHeader('a', 'b')": "AddHeader",
		"Response.Redirect('/')": "Redirect", "Response.SetRespStatus(404, 'x')": "SetRespStatus", "Response.SetWrongAuth()": "SetWrongAuth",
		"Response.HandleStaticFile('x')": "HandleStaticFile", "Response.Stream": "Stream",
		"Response.ContentType = 'x'": "ContentType", "Response.WriteMode = 'x'": "WriteMode",
	} {
		b.fails(call, what+": there is no request to answer")
		b.failsIn(b.service(), call, what+": the handshake of the WebSocket has been answered, nothing of the answer can be changed")
	}
	b.fails("Response.Write()", "Wrong number of arguments")
	b.fails("Response.Flush()", "Unknown method: Flush()")
}
