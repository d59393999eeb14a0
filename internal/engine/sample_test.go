package engine_test

import (
	"slices"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/hub"
)

const joinGroup = `{"socket_action": "init_socket", "socket_type": "ws_group", "socket_tags": [{"name": "is_person", "value": "1"}]}`

func TestSampleSocketID(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "123")
	w.agent("socket-id")
	w.want("frames", c.frames(), []string{"[Ваш socketId: /services/main_ws_service-s-123]"})
}

func TestSamplePrivateMessage(t *testing.T) {
	w := newWorld(t, setup{})
	a, b := w.connect(mainService, ""), w.connect(mainService, "123")
	w.agent("private-message")
	w.want("without id", a.frames(), []string{"Общее сообщение для " + a.Key()})
	w.want("with id", b.frames(), []string{"Общее сообщение для " + b.Key(), "Личное сообщение для " + b.Key()})
}

func TestSampleGroupByID(t *testing.T) {
	w := newWorld(t, setup{})
	one := w.connect(mainService, "id:10001::group_id:10001")
	two := w.connect(mainService, "id:10003::group_id:10002")
	plain := w.connect(mainService, "")
	w.agent("group-by-id")
	w.want("group 10001", one.frames(), []string{`Параметры сокета: {"id":"10001","group_id":"10001"}`})
	w.want("group 10002", two.frames(), []string{`Параметры сокета: {"id":"10003","group_id":"10002"}`, "Сообщение группе 10002"})
	w.want("without id", plain.frames(), nil)
}

func TestSampleRecipients(t *testing.T) {
	w := newWorld(t, setup{profile: hub.Profile122})
	w.want("nobody has joined", w.agent("recipients-show"), []string{"null"})
	w.want("nobody has joined", w.agent("recipients-send"), []string{"Recipients: 0"})
	a, b := w.connect(mainService, "123"), w.connect(mainService, "124")
	a.say(joinGroup)
	w.want("log", w.agent("recipients-show"), []string{`{"result":[{"person_id":"6148914691236517121","socket_id":"/services/main_ws_service-s-123"}]}`})
	w.want("log", w.agent("recipients-send"), []string{"Recipients: 1"})
	w.want("member", a.frames(), []string{"[Сообщение группе ws_group]"})
	w.want("other", b.frames(), nil)
}

func TestSampleTags(t *testing.T) {
	w := newWorld(t, setup{})
	a, b := w.connect(mainService, "111"), w.connect(mainService, "333")
	a.say(joinGroup)
	all := []string{a.Key(), "is_person: 1", "pong: 1", "socket_type: ws_group", "user_id: 6148914691236517121", b.Key()}
	if got := w.agent("tags-show"); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(all))) {
		t.Errorf("log %q", got)
	}
	for _, agent := range []string{"group-by-tag", "group-by-filter"} {
		w.want(agent, w.agent(agent), []string{a.Key()})
		w.want(agent, a.frames(), []string{"[Сообщение группе ws_group]"})
		w.want(agent, b.frames(), nil)
	}
}

func TestSampleTagMethods(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "1")
	w.want("absent", w.agent("tag-get"), []string{c.Key() + ": no tag socket_type"})
	c.say(`{"socket_action": "init_socket", "socket_type": "g"}`)
	const user = ", user_id: 6148914691236517121"
	w.want("tag-get", w.agent("tag-get"), []string{c.Key() + ": g"})
	w.want("tag-set", w.agent("tag-set"), []string{"before: pong: 1, socket_type: g" + user, "after: new_tag: OK!, pong: 1, socket_type: another_group" + user})
	w.want("tag-remove", w.agent("tag-remove"), []string{"before: new_tag: OK!, pong: 1, socket_type: another_group" + user, "removed", "after: new_tag: OK!, pong: 1" + user})
	w.want("tag-remove", w.agent("tag-remove"), []string{"before: new_tag: OK!, pong: 1" + user, "there was none", "after: new_tag: OK!, pong: 1" + user})
	w.want("tags-replace", w.agent("tags-replace"), []string{"before: new_tag: OK!, pong: 1" + user, "after: role: speaker, socket_type: ws_group_replace, webinar_id: 123"})
}

func TestSampleAbort(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "1")
	w.want("log", w.agent("abort"), []string{"abort " + c.Key()})
	if reason, closing := c.conn.Closing(); !closing || !reason.Abort || w.hub.Len() != 0 {
		t.Errorf("closing %v, %v; %d sockets", closing, reason, w.hub.Len())
	}
}

func TestSampleEcho(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect("echo", "1")
	if err := w.engine.Opened(t.Context(), c.Socket); err != nil {
		t.Fatal(err)
	}
	w.want("frames", c.say("Привет"), []string{"hello 6148914691236517121", "Привет"})
	c.end(hub.Reason{Code: 1000})
	w.want("log", w.lines(), []string{c.Key() + " closed with 1000"})
}

func TestSampleLibrary(t *testing.T) {
	w := newWorld(t, setup{})
	c := w.connect(mainService, "1")
	w.want("who_am_i", c.say(`{"socket_action":"call_method","library":"libDemo","method":"who_am_i"}`),
		[]string{`[{"socket_action":"call_method","socket_type":"","uid":"","result":{"user_id":"6148914691236517121","socket_id":"/services/main_ws_service-s-1"}}]`})
	w.want("add", c.say(`{"socket_action":"call_method","library":"libDemo","method":"add","a":2,"b":"3"}`),
		[]string{`[{"socket_action":"call_method","socket_type":"","uid":"","result":5}]`})
}
