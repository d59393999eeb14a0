package seed

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
	"github.com/tutorsocket/tutorsocket/internal/server/servertest"
)

const (
	initGroup     = `{"socket_action": "init_socket", "socket_type": "ws_group"}`
	initGroupTags = `{"socket_action": "init_socket", "socket_type": "ws_group", "socket_tags": [{"name": "is_person", "value": "1"}]}`
	initReply     = `[{"socket_action":"init_socket","socket_type":"ws_group","uid":""}]`
	toGroup       = `[Сообщение группе ws_group]`
)

// stage is one situation being played: a server, and the script of the situation ready to run.
type stage struct {
	*servertest.Server
	run func(t testing.TB) []string
	// document is true for the document's own script, false for the sample agent.
	document bool
}

// say returns the document's words or the sample agent's.
func (s *stage) say(document, sample string) string {
	if s.document {
		return document
	}
	return sample
}

// join opens a socket and enters it in the group ws_group.
func (s *stage) join(t testing.TB, statefulID, command string, user ...string) *servertest.Socket {
	t.Helper()
	c := s.Dial(t, "main_ws_service", statefulID, user...)
	c.Send(t, command)
	c.Expect(t, initReply)
	return c
}

// situation is one example of the mission document.
type situation struct {
	name     string
	block    int    // the document's script
	agent    string // the sample app's equivalent
	profiles []string
	play     func(t *testing.T, s *stage)
}

var both = []string{"1.22", "1.24"}

var situations = []situation{
	{"first message to every client of every service", blockBroadcast, "broadcast", both, playBroadcast},
	{"each client learns its socket id", blockSocketID, "socket-id", both, playSocketID},
	{"a message to one client", blockPrivate, "private-message", both, playPrivate},
	{"a group written in the stateful ids", blockGroupByID, "group-by-id", both, playGroupByID},
	{"the list of recipients", blockShowRecipients, "recipients-show", []string{"1.22"}, playShowRecipients},
	{"a message to the recipients", blockSendRecipients, "recipients-send", []string{"1.22"}, playSendRecipients},
	{"the tags of every socket", blockShowTags, "tags-show", []string{"1.24"}, playShowTags},
	{"a group by its tag, in a loop", blockGroupByTag, "group-by-tag", []string{"1.24"}, playGroupByTag},
	{"a group by its tag, with a filter", blockGroupByFilter, "group-by-filter", []string{"1.24"}, playGroupByFilter},
	{"GetTag", blockGetTag, "tag-get", both, playGetTag},
	{"RemoveTag", blockRemoveTag, "tag-remove", both, playRemoveTag},
	{"SetTagsFromJson", blockReplaceTags, "tags-replace", both, playReplaceTags},
	{"AddOrUpdateTag", blockSetTag, "tag-set", both, playSetTag},
	{"Abort", blockAbort, "abort", both, playAbort},
}

// TestSituations plays every example with the document's own script, where the document is at hand,
// and with the agent of the sample app.
func TestSituations(t *testing.T) {
	blocks := documentBlocks(t)
	for _, sit := range situations {
		for _, profile := range sit.profiles {
			t.Run(sit.name+"/"+profile, func(t *testing.T) {
				t.Run("sample", func(t *testing.T) {
					s := &stage{Server: servertest.Start(t, servertest.Profile(profile))}
					s.run = s.runner(func(onLine func(api.Line)) (api.Outcome, error) {
						return s.API.RunAgent(t.Context(), sit.agent, api.AgentRunRequest{}, onLine)
					})
					sit.play(t, s)
				})
				if blocks == nil {
					return
				}
				t.Run("document", func(t *testing.T) {
					s := &stage{Server: servertest.Start(t, servertest.Profile(profile)), document: true}
					s.run = s.runner(func(onLine func(api.Line)) (api.Outcome, error) {
						return s.API.Run(t.Context(), api.RunRequest{Name: "agents/seed.js", Source: blocks[sit.block]}, onLine)
					})
					sit.play(t, s)
				})
			})
		}
	}
}

var lineForm = regexp.MustCompile(`^\d\d:\d\d:\d\d \[\d{4}\]\t`)

// runner runs the situation's script and returns the texts of its log lines, in the form every line
// has in the log, less time and thread. A script that fails fails the test.
func (s *stage) runner(run func(onLine func(api.Line)) (api.Outcome, error)) func(t testing.TB) []string {
	return func(t testing.TB) []string {
		t.Helper()
		var texts []string
		outcome, err := run(func(l api.Line) {
			text := l.String()
			if !lineForm.MatchString(text) {
				t.Errorf("log line %q has another form", text)
			}
			texts = append(texts, lineForm.ReplaceAllString(text, ""))
		})
		if err != nil {
			t.Fatal(err)
		}
		if !outcome.OK {
			t.Fatalf("the script failed: %s", outcome.Error)
		}
		for _, text := range texts {
			s.Lines.Expect(t, "]\t"+text+"\n") // the same lines reach the server's log
		}
		return texts
	}
}

func playBroadcast(t *testing.T, s *stage) {
	main, rtk := s.Dial(t, "main_ws_service", ""), s.Dial(t, "rtk_ws_service", "")
	s.run(t)
	for c, service := range map[*servertest.Socket]string{main: "main_ws_service", rtk: "rtk_ws_service"} {
		got := c.Next(t)
		want := `^\[` + regexp.QuoteMeta(s.say("Привет! WebSockets[i].Key = ", "Привет, ")) + `/services/` + service +
			`-v-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}` + s.say("", "!") + `\]$`
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("got %s, want %s", got, want)
		}
		c.ExpectQuiet(t)
	}
}

func playSocketID(t *testing.T, s *stage) {
	named, other := s.Dial(t, "main_ws_service", "123"), s.Dial(t, "rtk_ws_service", "123")
	s.run(t)
	words := s.say("Наш socketId  = ", "Ваш socketId: ")
	named.Expect(t, "["+words+"/services/main_ws_service-s-123]")
	other.Expect(t, "["+words+"/services/rtk_ws_service-s-123]")
}

func playPrivate(t *testing.T, s *stage) {
	plain, named := s.Dial(t, "main_ws_service", ""), s.Dial(t, "main_ws_service", "123")
	s.run(t)
	common := s.say("Общее сообщение на socketId ", "Общее сообщение для ")
	if got := plain.Next(t); !strings.HasPrefix(got, common+"/services/main_ws_service-v-") {
		t.Errorf("got %s", got)
	}
	plain.ExpectQuiet(t)
	named.Expect(t, common+"/services/main_ws_service-s-123")
	named.Expect(t, s.say("Личное сообщение на socketId", "Личное сообщение для ")+"/services/main_ws_service-s-123")
	named.ExpectQuiet(t)
}

func playGroupByID(t *testing.T, s *stage) {
	sockets := map[string]*servertest.Socket{}
	for id, group := range map[string]string{"10001": "10001", "10002": "10001", "10003": "10002", "10004": "10002"} {
		sockets[id+":"+group] = s.DialPath(t, "/services/main_ws_service?X-StatefulSocketId=id:"+id+"::group_id:"+group)
	}
	s.run(t)
	for name, c := range sockets {
		id, group, _ := strings.Cut(name, ":")
		c.Expect(t, s.say("Общее сообщение на socketId ", "Параметры сокета: ")+`{"id":"`+id+`","group_id":"`+group+`"}`)
		if group == "10002" {
			c.Expect(t, s.say("Групповое сообщение группе ", "Сообщение группе ")+"10002")
		}
		c.ExpectQuiet(t)
	}
}

func playShowRecipients(t *testing.T, s *stage) {
	s.join(t, "123", initGroup, "7177256154427237596")
	want := `{"result":[{"person_id":"7177256154427237596","socket_id":"/services/main_ws_service-s-123"}]}`
	if got := s.run(t); !slices.Equal(got, []string{want}) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func playSendRecipients(t *testing.T, s *stage) {
	s.run(t) // nobody has joined yet: the script catches that
	member, stranger := s.join(t, "123", initGroup), s.Dial(t, "main_ws_service", "124")
	s.run(t)
	member.Expect(t, toGroup) // the reply has fixed the mode (spec/websocket.md B.2)
	stranger.ExpectQuiet(t)
	member.Send(t, `{"socket_action":"close_socket","socket_type":"ws_group","uid":"u1"}`)
	member.Expect(t, `[{"socket_action":"close_socket","socket_type":"ws_group","uid":"u1"}]`)
	s.run(t)
	member.ExpectQuiet(t)
}

func playShowTags(t *testing.T, s *stage) {
	s.join(t, "123", `{"socket_action": "init_socket", "socket_type": "ws_group",
		"socket_tags": [{"name": "is_person", "value": "1"}, {"name": "pid", "value": "111111111"}]}`)
	got := s.run(t)
	expectLines(t, got, "/services/main_ws_service-s-123",
		"is_person: 1", "pid: 111111111", "pong: 1", "socket_type: ws_group", "user_id: 6148914691236517121")
	if got[0] != "/services/main_ws_service-s-123" {
		t.Errorf("the key is not in front: %q", got)
	}
}

// expectLines compares lines in any order: dictionaries have none (spec/basescript.md 3.6).
func expectLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	got = slices.Sorted(slices.Values(got))
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func playGroupByTag(t *testing.T, s *stage) {
	member, stranger := s.join(t, "1", initGroup), s.Dial(t, "main_ws_service", "2")
	s.run(t)
	member.Expect(t, toGroup)
	member.ExpectQuiet(t)
	stranger.ExpectQuiet(t)
}

func playGroupByFilter(t *testing.T, s *stage) {
	first, second := s.join(t, "111", initGroupTags), s.join(t, "222", initGroupTags)
	third := s.Dial(t, "main_ws_service", "333")
	expectLines(t, s.run(t), "/services/main_ws_service-s-111", "/services/main_ws_service-s-222")
	first.Expect(t, toGroup)
	second.Expect(t, toGroup)
	third.ExpectQuiet(t)
}

// tagged opens a socket that has the tag socket_type, whatever the profile.
func (s *stage) tagged(t testing.TB) *servertest.Socket {
	t.Helper()
	c := s.Dial(t, "main_ws_service", "123")
	resp, body := s.Ask(t, "PATCH", "/api/v1/sockets/%2Fservices%2Fmain_ws_service-s-123/tags", `{"socket_type":"ws_group"}`,
		"Content-Type", "application/json")
	if resp.StatusCode/100 != 2 {
		t.Fatalf("set a tag: %s %s", resp.Status, body)
	}
	return c
}

func playGetTag(t *testing.T, s *stage) {
	s.tagged(t)
	s.Dial(t, "main_ws_service", "untagged")
	expectLines(t, s.run(t), s.say("ws_group", "/services/main_ws_service-s-123: ws_group"),
		s.say("", "/services/main_ws_service-s-untagged: no tag socket_type"))
}

func playRemoveTag(t *testing.T, s *stage) {
	s.tagged(t)
	if s.document {
		expectLines(t, s.run(t), "socket_type: ws_group")
	} else {
		expectLines(t, s.run(t), "before: socket_type: ws_group", "removed", "after: ")
	}
}

func playReplaceTags(t *testing.T, s *stage) {
	s.tagged(t)
	got := s.run(t)
	if s.document {
		expectLines(t, got, "socket_type: ws_group", "webinar_id: 123", "role: speaker", "socket_type: ws_group_replace")
		return
	}
	expectLines(t, strings.Split(strings.TrimPrefix(got[1], "after: "), ", "),
		"webinar_id: 123", "role: speaker", "socket_type: ws_group_replace")
}

func playSetTag(t *testing.T, s *stage) {
	s.tagged(t)
	got := s.run(t)
	if s.document {
		expectLines(t, got, "socket_type: ws_group", "new_tag: OK!", "socket_type: repl_ws_grpoup")
		return
	}
	expectLines(t, strings.Split(strings.TrimPrefix(got[1], "after: "), ", "), "new_tag: OK!", "socket_type: another_group")
}

func playAbort(t *testing.T, s *stage) {
	a, b := s.Dial(t, "main_ws_service", "123"), s.Dial(t, "rtk_ws_service", "")
	s.run(t)
	a.ExpectLost(t)
	b.ExpectLost(t)
	list, err := s.API.Sockets(t.Context(), api.SocketQuery{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("still listed: %v %v", list.Items, err)
	}
	s.Dial(t, "main_ws_service", "123").ExpectQuiet(t) // the id is free again
}
