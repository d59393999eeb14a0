package peers

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// keep sends heartbeats, notices who has none, and follows the connection, until Leave.
func (p *Peers) keep(statuses chan nats.Status) {
	defer close(p.kept)
	defer p.nc.RemoveStatusListener(statuses)
	beat := time.NewTicker(p.cfg.Beat)
	defer beat.Stop()
	last := time.Now()
	p.beat()
	for {
		select {
		case status, ok := <-statuses:
			if !ok {
				statuses = nil // somebody closed it; the ticker looks, too
				continue
			}
			if status != nats.CONNECTED {
				p.link.down() // even if it is up again by now
			}
			p.look()
		case <-p.announce:
			p.beat()
		case <-beat.C:
			now := time.Now()
			if now.Sub(last) > 3*p.cfg.Beat {
				p.greet(now) // this process stood still
				p.wasAway()
			}
			last = now
			p.beaten.Store(int64(now.Sub(p.started)))
			p.beats.Add(1)
			p.look()
			p.beat()
			p.sweep(now)
		case <-p.stop:
			return
		}
	}
}

// look notes whether the connection is up.
func (p *Peers) look() {
	if n := p.nc.Stats().Reconnects; n != p.reconnected.Load() {
		p.link.down() // words about the state may get lost
		p.reconnected.Store(n)
	}
	if !p.nc.IsConnected() {
		p.link.down()
		return
	}
	if !p.link.isDown() {
		return
	}
	p.absences.Add(1) // before anybody can take the connection for whole
	p.link.up()
	p.figures.reconnects.Inc()
	p.measure()
	p.greet(time.Now())
	p.tellAway()
}

// wasAway tells the followers that others may have taken this node for gone.
func (p *Peers) wasAway() {
	p.absences.Add(1)
	p.tellAway()
}

func (p *Peers) tellAway() {
	p.reconnects.tell()
	p.changes.tell()
}

// greet has nobody lapse for a silence that may be our own, and asks everybody for a sign of life.
func (p *Peers) greet(now time.Time) {
	p.echoed.Store(int64(time.Since(p.started)))
	p.table.spare(now.Add(3*p.cfg.Beat - p.cfg.Lapse))
	p.refresh()
	if err := p.say(kindHello, p.nodes, p.inbox+joinToken); err != nil {
		p.cfg.Logger.Debug("hello to the other nodes not sent", "error", err)
	}
}

// beat sends a heartbeat.
func (p *Peers) beat() {
	if !p.nc.IsConnected() {
		return
	}
	p.refresh()
	if err := p.say(kindHere, p.nodes, ""); err != nil {
		p.cfg.Logger.Debug("heartbeat not sent", "error", err)
	}
}

// refresh asks what this node has to say about itself.
func (p *Peers) refresh() {
	if p.cfg.About == nil {
		return
	}
	about := p.cfg.About()
	if len(about) > maxAbout {
		about = nil
		if _, ok := p.aboutLog.may(grumble); ok {
			p.cfg.Logger.Error("what this node says about itself is too large for heartbeats", "limit", maxAbout)
		}
	}
	p.table.mu.Lock()
	p.table.self.About = about
	p.table.mu.Unlock()
}

// sweep takes away who is silent, and what will not be completed.
func (p *Peers) sweep(now time.Time) {
	p.countOverflow()
	p.figures.partial.Add(p.asked.sweep(now) + p.answered.sweep(now))
	echo := time.Duration(p.echoed.Load())
	if !p.nc.IsConnected() || time.Since(p.started)-echo > 3*p.cfg.Beat {
		// We would not hear them.
		p.table.spare(now.Add(3*p.cfg.Beat - p.cfg.Lapse))
		p.deaf.Store(true)
		return
	}
	if p.deaf.Load() {
		p.wasAway()
		p.deaf.Store(false)
	}
	lapsed := p.table.lapse(now.Add(-p.cfg.Lapse))
	for _, n := range lapsed {
		p.cfg.Logger.Warn("node is silent and counts as gone", "peer", n.Name)
		p.forget(n.number)
	}
	if lapsed != nil {
		p.changes.tell()
	}
}

// forget drops what a node that is gone has begun to send.
func (p *Peers) forget(incarnation uint64) {
	p.figures.partial.Add(p.asked.forget(incarnation) + p.answered.forget(incarnation))
}

// countOverflow notes messages that NATS has thrown away because we were too slow.
func (p *Peers) countOverflow() {
	for _, sub := range append(p.subs, p.answers) {
		dropped, err := sub.Dropped()
		if err != nil {
			continue // it is closed
		}
		if more := dropped - p.overflow[sub]; more > 0 {
			p.overflow[sub] = dropped
			p.figures.slow.Add(more)
			p.cfg.Logger.Error("messages of other nodes were lost, because they came faster than this node could take them", "subject", sub.Subject, "count", more)
		}
	}
}

// link says whether the connection is up, and lets requests under way hear that it broke.
type link struct {
	mu     sync.RWMutex
	broken chan struct{} // closed when it is down
}

func (l *link) init() { l.broken = make(chan struct{}) }

func (l *link) now() <-chan struct{} {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.broken
}

func (l *link) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.broken:
	default:
		close(l.broken)
	}
}

func (l *link) isDown() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	select {
	case <-l.broken:
		return true
	default:
		return false
	}
}

func (l *link) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.broken:
		l.broken = make(chan struct{})
	default:
	}
}

// pace lets something happen once in a while.
type pace struct {
	mu   sync.Mutex
	next time.Time
	kept int
}

// may says whether it may happen now, and how often it might not since the last time.
func (p *pace) may(every time.Duration) (kept int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Before(p.next) {
		p.kept++
		return 0, false
	}
	kept, p.kept, p.next = p.kept, 0, now.Add(every)
	return kept, true
}
