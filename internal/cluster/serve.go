package cluster

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/hub"
	"github.com/tutorsocket/tutorsocket/internal/peers"
)

// asker is who has sent a request and waits; [*peers.Request] has these methods.
type asker interface {
	Page(body []byte)
	Reply(body []byte)
	Fail(code, text string)
}

// remoteHandlers answer what other nodes ask about the sockets of this one, by operation. They do not block.
func (c *Cluster) remoteHandlers() map[peers.Op]peers.Handler {
	handlers := map[peers.Op]peers.Handler{}
	for _, op := range []peers.Op{OpInfo, OpPatchTags, OpReplaceTags, OpAbort, OpSelect, OpList, OpTagNames, OpTagValues} {
		handlers[op] = func(q *peers.Request) { c.serve(q.Op, q.Body, q) }
	}
	return handlers
}

// serve answers one request.
func (c *Cluster) serve(op peers.Op, body []byte, q asker) {
	d := decode(body)
	switch op {
	case OpSelect:
		c.serveSelect(&d, q)
	case OpList:
		c.serveList(&d, q)
	case OpTagNames:
		c.serveCounts(&d, q, c.hub.TagNames)
	case OpTagValues:
		name := d.text()
		c.serveCounts(&d, q, func() map[string]int { return c.hub.TagValues(name) })
	default:
		answer, err := c.serveOne(op, &d)
		if err != nil {
			refuse(q, err)
			return
		}
		q.Reply(answer)
	}
}

// errMalformed says that a request cannot be read: another version has sent it.
var errMalformed = errors.New("the request cannot be read: do all nodes run one version?")

// refuse fails a request.
func refuse(q asker, err error) {
	code := codeOf(err)
	if errors.Is(err, errMalformed) {
		code = codeMalformed
	}
	q.Fail(code, err.Error())
}

// serveOne does what is asked of one socket.
func (c *Cluster) serveOne(op peers.Op, d *decoder) (answer []byte, err error) {
	key := d.text()
	var opened time.Time
	if d.bool() {
		opened = d.time()
	}
	do := c.serveInfo
	switch op {
	case OpPatchTags:
		patch := d.patch()
		do = func(s *hub.Socket) ([]byte, error) { return servePatch(s, patch) }
	case OpReplaceTags:
		tags := d.tags()
		do = func(s *hub.Socket) ([]byte, error) { return nil, s.ReplaceTags(tags) }
	case OpAbort:
		do = serveAbort
	}
	if !d.complete() {
		return nil, errMalformed
	}
	s, ok := c.held(key, opened)
	if !ok {
		return nil, hub.ErrNotFound
	}
	return do(s)
}

func (c *Cluster) serveInfo(s *hub.Socket) ([]byte, error) {
	info := s.Info()
	if info.State == hub.StateGone {
		return nil, hub.ErrNotFound
	}
	c.lines.count(&info)
	var e encoder
	e.info(&info, s.OpenedAt())
	return e.buf, nil
}

func servePatch(s *hub.Socket, patch map[string]*string) ([]byte, error) {
	changed, err := s.PatchTags(patch)
	if err != nil {
		return nil, err
	}
	var e encoder
	e.bool(changed)
	e.tags(s.Tags())
	return e.buf, nil
}

func serveAbort(s *hub.Socket) ([]byte, error) {
	if s.State() == hub.StateGone {
		return nil, hub.ErrNotFound
	}
	s.Abort()
	return nil, nil
}

func (c *Cluster) serveSelect(d *decoder, q asker) {
	f := d.filter()
	if !d.complete() {
		refuse(q, errMalformed)
		return
	}
	c.far.lists.run(q, func() {
		pages := pager{q: q}
		for _, s := range c.hub.Select(f) {
			e := pages.item()
			e.text(s.Key())
			e.time(s.OpenedAt())
			e.tags(s.Tags())
		}
		pages.end()
	})
}

// mostListed bounds what one request for a list gets.
const mostListed = 10_000

func (c *Cluster) serveList(d *decoder, q asker) {
	query := hub.ListQuery{Filter: d.filter(), After: d.text(), Limit: min(d.size(), mostListed)}
	if !d.complete() {
		refuse(q, errMalformed)
		return
	}
	c.far.lists.run(q, func() {
		infos, more := c.listHere(query)
		pages := pager{q: q, head: func(e *encoder) { e.bool(more) }}
		for i := range infos {
			pages.item().info(&infos[i], time.Time{})
		}
		pages.end()
	})
}

// serveCounts answers with texts and how often each is there.
func (c *Cluster) serveCounts(d *decoder, q asker, count func() map[string]int) {
	if !d.complete() {
		refuse(q, errMalformed)
		return
	}
	c.far.lists.run(q, func() {
		pages := pager{q: q}
		for text, n := range count() {
			e := pages.item()
			e.text(text)
			e.size(n)
		}
		pages.end()
	})
}

// pageSize is how long a page may grow before the next one begins, in bytes: well below what NATS takes in one
// message, which may be as little as that of its usual settings, 1 MiB.
const pageSize = 256 << 10

// pager sends things in pages. A page is whether it is the last, how many items it has, and those behind a head.
type pager struct {
	q     asker
	head  func(e *encoder) // of every page; nil: none
	items int
	body  encoder // the items so far
	sent  encoder
}

// item begins the next item: the caller writes it to what it returns, before the next call.
func (p *pager) item() *encoder {
	if len(p.body.buf) >= pageSize {
		p.q.Page(p.page(false))
	}
	p.items++
	return &p.body
}

// end sends what is left, and that this is all.
func (p *pager) end() { p.q.Reply(p.page(true)) }

// page returns the items so far as a page, good until the next one.
func (p *pager) page(last bool) []byte {
	p.sent.buf = p.sent.buf[:0]
	p.sent.bool(last)
	p.sent.size(p.items)
	if p.head != nil {
		p.head(&p.sent)
	}
	p.sent.buf = append(p.sent.buf, p.body.buf...)
	p.body.buf, p.items = p.body.buf[:0], 0
	return p.sent.buf
}

// Lists that other nodes ask for are made a few at a time, so that they leave the processors to the
// sockets; some may wait for their turn.
const (
	listsAtOnce  = 4
	listsWaiting = 1024
)

// lister makes lists for others. The zero value is ready. Safe for concurrent use.
type lister struct {
	mu      sync.Mutex
	running int
	waiting []func()
	done    sync.WaitGroup
}

// run makes a list when it is its turn, and does not wait for that.
func (l *lister) run(q asker, list func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.running < listsAtOnce:
		l.running++
		l.done.Go(func() { l.work(list) })
	case len(l.waiting) < listsWaiting:
		l.waiting = append(l.waiting, list)
	default:
		q.Fail(codeBusy, fmt.Sprintf("%d lists are asked for at once; try again later", listsWaiting))
	}
}

// work makes a list, and those that wait.
func (l *lister) work(list func()) {
	for list != nil {
		list()
		list = l.next()
	}
}

// next returns the list that has waited longest, nil if none waits: whoever asks ends then.
func (l *lister) next() func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.running--
		l.waiting = nil
		return nil
	}
	list := l.waiting[0]
	l.waiting = l.waiting[1:]
	return list
}

// wait waits for the lists that are being made. Nobody may ask for more meanwhile.
func (l *lister) wait() { l.done.Wait() }
