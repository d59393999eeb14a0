package peers

import "sync"

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// send publishes a frame of this node; a body that is too large for one message is cut.
func (p *Peers) send(subject, reply string, f frame) error {
	if !p.nc.IsConnected() {
		return ErrDisconnected
	}
	f.incarnation, f.name = p.number.Load(), p.name
	f.sent = p.stampFor(f.kind)
	chunk := int(p.chunk.Load())
	if len(f.body) <= chunk {
		return p.publish(subject, reply, &f)
	}
	if len(f.body) > MaxBody {
		return ErrTooLarge
	}
	whole := f.body
	f.part = part{id: p.parts.Add(1), total: uint64(len(whole))}
	for len(whole) > 0 {
		n := min(chunk, len(whole))
		f.body, whole = whole[:n], whole[n:]
		f.sent = p.stampFor(f.kind) // who asks waits from the last part on
		if err := p.publish(subject, reply, &f); err != nil {
			return err
		}
		f.part.offset += uint64(n)
	}
	return nil
}

func (p *Peers) publish(subject, reply string, f *frame) error {
	buffer := buffers.Get().(*[]byte)
	*buffer = f.append((*buffer)[:0])
	var err error // either takes a copy
	if reply == "" {
		err = p.nc.Publish(subject, *buffer)
	} else {
		err = p.nc.PublishRequest(subject, reply, *buffer)
	}
	if cap(*buffer) <= 64<<10 {
		buffers.Put(buffer)
	}
	if err != nil && !p.nc.IsConnected() {
		return ErrDisconnected
	}
	return err
}

// say publishes a frame that describes this node; after the good-bye it does nothing.
func (p *Peers) say(k kind, subject, reply string) error {
	p.saying.Lock()
	defer p.saying.Unlock()
	if p.left {
		return nil
	}
	p.left = k == kindBye
	me := p.Self()
	return p.send(subject, reply, frame{kind: k, body: me.describe()})
}
