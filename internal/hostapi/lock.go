package hostapi

import (
	"context"
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

var lockGlobals = []basescript.Global{
	{Name: "Lock", Func: &basescript.Func{
		Name: "Lock", Call: newLock, New: newLock,
		Sig: "(name?: string): Lock",
		Doc: "Makes a lock for CallObjectMethodWithLock and its kin. Locks made at the top level of the same script are one and the same in all runs, as are those of the same name; the name is this server's own. Any other belongs to its run, and to threads that get it in Param.",
	}},
	{Name: "CallObjectMethodWithLock", Func: &basescript.Func{
		Name: "CallObjectMethodWithLock", Min: 4, Call: callWithLock,
		Sig: "(object: any, name: string, args: any[] | null, lock: Lock): any",
		Doc: "Calls a method by its name while no other run does anything with the same lock.",
	}},
	{Name: "GetObjectPropertyWithLock", Func: &basescript.Func{
		Name: "GetObjectPropertyWithLock", Min: 3, Call: getWithLock,
		Sig: "(object: any, name: string, lock: Lock): any",
		Doc: "Returns a property by its name while no other run does anything with the same lock; fails if there is none.",
	}},
	{Name: "SetObjectPropertyWithLock", Func: &basescript.Func{
		Name: "SetObjectPropertyWithLock", Min: 4, Call: setWithLock,
		Sig: "(object: any, name: string, value: any, lock: Lock): void",
		Doc: "Sets a property by its name while no other run does anything with the same lock.",
	}},
}

// lock is what is behind a Lock object: what its holders have in common is in the table, by key.
type lock struct{ key any }

// lockSite is the key of a lock made at the top level of a script: the how-manieth of them it is.
type lockSite struct {
	url   string
	count int
}

// lockName is the key of a lock with a name.
type lockName string

// object implements [shared].
func (l *lock) object() basescript.Value { return basescript.NewHost(lockClass, l) }

var lockClass = &basescript.Class{Name: "Lock"}

const maxLockName = 200

func newLock(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	l := &lock{}
	if v := arg(args, 0); !v.IsNil() {
		name, err := textArg("The name of a lock", v)
		if err != nil {
			return basescript.Undefined, err
		}
		if len(name) > maxLockName {
			return basescript.Undefined, basescript.Errorf("The name of a lock has at most %d bytes", maxLockName)
		}
		l.key = lockName(name)
	} else if url, top := r.Caller(); top {
		env := envOf(r)
		if env.locks == nil {
			env.locks = make(map[string]int)
		}
		l.key = lockSite{url, env.locks[url]}
		env.locks[url]++
	} else {
		l.key = l
	}
	return l.object(), r.Alloc(sizeEntry)
}

// lockTable holds the locks that are in use, by key. The zero value is ready; safe for concurrent use.
type lockTable struct {
	mu   sync.Mutex
	held map[any]*heldLock
}

// heldLock is a lock that somebody holds or waits for.
type heldLock struct {
	turn chan struct{} // holds one element while the lock is taken
	// Guarded by the table's mutex: how many runs hold it or wait, who holds it, how many times over.
	users int
	owner *Env
	depth int
}

// acquire takes the lock of the key for a run, waiting for its turn. A run that has it already takes it
// once more. An error means that the run has ended and does not have it.
func (t *lockTable) acquire(r *basescript.Run, key any) error {
	env := envOf(r)
	l, mine := t.join(key, env)
	if mine {
		return nil
	}
	taken := false
	err := r.Wait(func(ctx context.Context) error {
		select {
		case l.turn <- struct{}{}:
			taken = true
		case <-ctx.Done():
		}
		return nil
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		if taken {
			<-l.turn
		}
		t.leave(key, l)
		return err
	}
	l.owner, l.depth = env, 1
	return nil
}

// join counts the run among those who use the lock. mine reports that it holds it already.
func (t *lockTable) join(key any, env *Env) (l *heldLock, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = make(map[any]*heldLock)
	}
	l = t.held[key]
	if l == nil {
		l = &heldLock{turn: make(chan struct{}, 1)}
		t.held[key] = l
	}
	if l.owner == env {
		l.depth++
		return l, true
	}
	l.users++
	return l, false
}

// leave takes the run out of those who use the lock. t.mu is held.
func (t *lockTable) leave(key any, l *heldLock) {
	if l.users--; l.users == 0 {
		delete(t.held, key)
	}
}

// release gives the lock back that the present run holds.
func (t *lockTable) release(key any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.held[key]
	if l.depth--; l.depth > 0 {
		return
	}
	l.owner = nil
	<-l.turn
	t.leave(key, l)
}

// underLock calls fn while the run holds the lock. However fn ends, the lock is given back.
func underLock(r *basescript.Run, v basescript.Value, fn func() (basescript.Value, error)) (basescript.Value, error) {
	l, ok := basescript.Self[*lock](v)
	if !ok {
		return basescript.Undefined, basescript.Errorf("The last argument must be a Lock, not %s", v.Kind())
	}
	locks := &envOf(r).Settings.Shared.locks
	if err := locks.acquire(r, l.key); err != nil {
		return basescript.Undefined, err
	}
	defer locks.release(l.key)
	return fn()
}

func callWithLock(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	object, name := args[0], args[1].Text()
	list, err := listArg("The arguments of "+name, args[2])
	if err != nil {
		return basescript.Undefined, err
	}
	list = append([]basescript.Value(nil), list...) // the array may change while the method runs
	return underLock(r, args[3], func() (basescript.Value, error) { return r.CallMethod(object, name, list) })
}

func getWithLock(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	object, name := args[0], args[1].Text()
	return underLock(r, args[2], func() (basescript.Value, error) { return r.GetProperty(object, name) })
}

func setWithLock(r *basescript.Run, args []basescript.Value) (basescript.Value, error) {
	object, name, value := args[0], args[1].Text(), args[2]
	return underLock(r, args[3], func() (basescript.Value, error) {
		return basescript.Undefined, r.SetProperty(object, name, value)
	})
}
