package seed

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

// fragment is our equivalent of the document's two process fragments: the part of a socket service
// that hands a message to libMain.
const fragment = `
function process( context ) {
	oCommand = ParseJson( message )
	xHttpStaticAssembly = tools.get_object_assembly( 'XHTTPMiddlewareStatic' )
	oRes = tools.call_code_library_method( 'libMain', 'main_socket', [ Request, null, Request.Session, oCommand, RValue( context.WebSocketCurrentId ) ] )
}
`

// TestProcessFragments runs the document's process fragments as services: a message reaches libMain,
// which enters the socket in its group as the version does.
func TestProcessFragments(t *testing.T) {
	sources := map[string]map[string]string{"sample": {"1.22": fragment, "1.24": fragment}}
	if blocks := documentBlocks(t); blocks != nil {
		sources["document"] = map[string]string{"1.22": blocks[blockProcess122], "1.24": blocks[blockProcess124]}
	}
	show := map[string]string{
		"1.22": `alert(tools.object_to_text(tools_web.get_user_data("ws_group_recipients"), "json"))`,
		"1.24": `for (socket in tools.get_object_assembly('XHTTPMiddlewareStatic').CallClassStaticMethod('Datex.XHTTP.WebSocketContext', 'GetWebSockets')) {
			alert(ArrayMerge(ArraySort(socket.Value.Tags, 'This.Key'), "This.Key + '=' + This.Value", ' ')) }`,
	}
	want := map[string]string{
		"1.22": `{"result":[{"person_id":"6148914691236517121","socket_id":"/services/fragment-s-123"}]}`,
		"1.24": "pong=1 socket_type=ws_group user_id=6148914691236517121",
	}
	for from, profiles := range sources {
		for profile, source := range profiles {
			t.Run(from+"/"+profile, func(t *testing.T) {
				s := servertest.Start(t, servertest.Profile(profile),
					servertest.App(map[string]string{"services/fragment.js": source}))
				c := s.Dial(t, "fragment", "123")
				c.Send(t, initGroup)
				eventually(t, func() bool {
					var lines []string
					_, err := s.API.Run(t.Context(), api.RunRequest{Source: show[profile]}, func(l api.Line) { lines = append(lines, l.Text) })
					if err != nil {
						t.Fatal(err)
					}
					return slices.Equal(lines, []string{want[profile]})
				})
				c.Send(t, "Привет")
				// The line of the fragment that parses is its own; the error is logged and the client hears nothing.
				s.Lines.Expect(t, "Invalid JSON.\nOffset: 6\n(ParseJson(),  x-local://services/fragment.js,   line "+parseLine(source)+")\n")
				c.ExpectQuiet(t)
			})
		}
	}
}

// parseLine is the line of a source that calls ParseJson.
func parseLine(source string) string {
	before, _, _ := strings.Cut(source, "ParseJson")
	return strconv.Itoa(strings.Count(before, "\n") + 1)
}

// eventually waits for a condition.
func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen in time")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
