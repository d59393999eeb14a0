package basescript

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// loop compiles while, do-while and the turns of for. A turn costs a step.
func (c *compiler) loop(idx file.Idx, test test, update stmt, bodyNode ast.Statement, l labelSet, bodyFirst bool) stmt {
	body, p := c.orNothing(bodyNode), c.at(idx)
	return turns(test, update, body, p, l, bodyFirst)
}

//go:noinline
func turns(test test, update, body stmt, p *at, l labelSet, bodyFirst bool) stmt {
	return func(f *frame) ctl {
		r := f.run
		for first := bodyFirst; ; first = false {
			if !first && test != nil {
				ok, e := test(f)
				if e != nil {
					return f.throw(e)
				}
				if !ok {
					return ctlNext
				}
			}
			if r.steps--; r.steps <= 0 {
				if e := r.look(); e != nil {
					return f.throw(p.raise(e))
				}
			}
			if end := body(f); end != ctlNext {
				if end, over := l.after(f, end); over {
					return end
				}
			}
			if update != nil {
				if end := update(f); end != ctlNext {
					return end
				}
			}
		}
	}
}

// after says what becomes of a loop whose body ended with a break, a continue or anything else.
func (l labelSet) after(f *frame, end ctl) (outcome ctl, over bool) {
	switch {
	case end == ctlBreak && l.mine(f):
		return ctlNext, true
	case end == ctlContinue && l.mine(f):
		return ctlNext, false
	}
	return end, true
}

func (c *compiler) forStatement(n *ast.ForStatement, l labelSet) stmt {
	return c.within(n, func(s *scope) stmt {
		init := c.forInitializer(n.Initializer)
		var test test
		if n.Test != nil {
			test = c.condition(n.Test)
		}
		var update stmt
		if n.Update != nil {
			update = c.effect(n.Update)
		}
		body, p := c.orNothing(n.Body), c.at(n.For)
		var loop stmt
		if s != nil && s.hasEnv {
			loop = turns(test, freshTurn(s, update, p), body, p, l, false)
		} else if counter := c.counter(n); counter != nil {
			loop = counter.turns(test, update, body, p, l)
		} else {
			loop = turns(test, update, body, p, l, false)
		}
		if init == nil {
			return loop
		}
		return sequence([]stmt{init, loop})
	})
}

// freshTurn gives each turn of a for loop its own copy of captured let variables before the update.
//
//go:noinline
func freshTurn(s *scope, update stmt, p *at) stmt {
	return func(f *frame) ctl {
		next, e := f.run.newEnv(s, f.env.parent)
		if e != nil {
			return f.throw(p.raise(e))
		}
		copy(next.vals, f.env.vals)
		f.env = next
		if update == nil {
			return ctlNext
		}
		return update(f)
	}
}

func (c *compiler) forInitializer(n ast.ForLoopInitializer) stmt {
	switch n := n.(type) {
	case *ast.ForLoopInitializerExpression:
		return c.effect(n.Expression)
	case *ast.ForLoopInitializerVarDeclList:
		return c.declare(n.List, false)
	case *ast.ForLoopInitializerLexicalDecl:
		return c.declare(n.LexicalDeclaration.List, true)
	}
	return nil
}

// counter is the usual head of a for loop: i < n; i++ with i, and n if it is no literal, in slots.
type counter struct {
	slot, limitSlot int
	limit           int64
	literal         bool
}

// counter recognises a counting loop; nil for any other.
func (c *compiler) counter(n *ast.ForStatement) *counter {
	up, ok := n.Update.(*ast.UnaryExpression)
	if !ok || up.Operator != token.INCREMENT {
		return nil
	}
	below, ok := n.Test.(*ast.BinaryExpression)
	if !ok || below.Operator != token.LESS {
		return nil
	}
	i := c.slotOf(up.Operand)
	if i == nil || c.slotOf(below.Left) != i {
		return nil
	}
	limit := c.operand(below.Right)
	switch {
	case limit.eval == nil:
		return &counter{slot: i.index, limitSlot: limit.slot}
	case limit.literal && limit.v.k == KindInt:
		return &counter{slot: i.index, limit: limit.v.Int(), literal: true}
	}
	return nil
}

// more reports whether the loop goes on; known is false where its variables are not integers.
func (k *counter) more(f *frame) (more, known bool) {
	i, limit := &f.slots[k.slot], k.limit
	if i.k != KindInt {
		return false, false
	}
	if !k.literal {
		v := &f.slots[k.limitSlot]
		if v.k != KindInt {
			return false, false
		}
		limit = v.Int()
	}
	return i.Int() < limit, true
}

// turns is turns for a counting loop: as long as its variables are integers it counts by itself.
func (k *counter) turns(test test, update, body stmt, p *at, l labelSet) stmt {
	general := turns(test, update, body, p, l, false)
	return func(f *frame) ctl {
		r := f.run
		for {
			if more, known := k.more(f); !known {
				return general(f)
			} else if !more {
				return ctlNext
			}
			if r.steps--; r.steps <= 0 {
				if e := r.look(); e != nil {
					return f.throw(p.raise(e))
				}
			}
			if end := body(f); end != ctlNext {
				if end, over := l.after(f, end); over {
					return end
				}
			}
			if i := &f.slots[k.slot]; i.k == KindInt {
				i.n++
			} else if end := update(f); end != ctlNext {
				return end
			}
		}
	}
}
