package basescript

import (
	cryptorand "crypto/rand"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

func mathGlobals() []Global {
	globals := functionGlobals([]Func{
		{Name: "Max", Min: 1, Call: extreme(1), Sig: "(...numbers: number[]): number", Doc: "Returns the greatest of the numbers."},
		{Name: "Min", Min: 1, Call: extreme(-1), Sig: "(...numbers: number[]): number", Doc: "Returns the least of the numbers."},
		{Name: "Random", Min: 2, Call: random, Sig: "(min: number, max: number): number", Doc: "Returns a random integer, both ends included."},
		{Name: "UniqueID", Call: uniqueID, Sig: "(): number", Doc: "Returns a unique integer."},
		{Name: "UniqueStrID", Call: uniqueStrID, Sig: "(length?: number): string", Doc: "Returns a random text of letters and digits, 64 characters unless told otherwise."},
		{Name: "GetCurTicks", Call: getCurTicks, Sig: "(): number", Doc: "Returns milliseconds of a clock whose differences count."},
		{Name: "IntModType", Min: 1, Call: intModType, Sig: "(n: number): number", Doc: "Returns how a Russian noun is counted: 0 штук, 1 штука, 2 штуки."},
		{Name: "IntModSelector", Min: 2, Call: intModSelector, Sig: "(n: number, forms: string): string", Doc: "Returns the form of a Russian noun for a count, of three between bars."},
	})
	return append(globals, Global{Name: "Math", Static: mathClass, Sig: "Math", Doc: "Math as in JavaScript."})
}

const unary = "(x: number): number"

var mathClass = &Class{Name: "Math",
	Props: []Prop{
		constProp("PI", Real(math.Pi), "The ratio of a circle's circumference to its diameter."),
		constProp("E", Real(math.E), "The base of the natural logarithm."),
		constProp("LN2", Real(math.Ln2), "The natural logarithm of 2."),
		constProp("LN10", Real(math.Ln10), "The natural logarithm of 10."),
		constProp("LOG2E", Real(math.Log2E), "The logarithm of e to base 2."),
		constProp("LOG10E", Real(math.Log10E), "The logarithm of e to base 10."),
		constProp("SQRT2", Real(math.Sqrt2), "The square root of 2."),
		constProp("SQRT1_2", Real(math.Sqrt2/2), "The square root of one half."),
	},
	Methods: []Method{
		{Name: "abs", Call: mathAbs, Sig: unary, Doc: "Returns the number without its sign."},
		{Name: "ceil", Call: mathWhole(math.Ceil), Sig: unary, Doc: "Rounds up."},
		{Name: "floor", Call: mathWhole(math.Floor), Sig: unary, Doc: "Rounds down."},
		{Name: "round", Call: mathWhole(func(f float64) float64 { return math.Floor(f + 0.5) }), Sig: unary, Doc: "Rounds to the nearest whole number, halves up."},
		{Name: "trunc", Origin: Superset, Call: mathWhole(math.Trunc), Sig: unary, Doc: "Drops the fraction."},
		{Name: "sign", Origin: Superset, Call: mathSign, Sig: unary, Doc: "Returns -1, 0 or 1."},
		{Name: "max", Call: mathExtreme(1), Sig: "(...numbers: number[]): number", Doc: "Returns the greatest of the numbers."},
		{Name: "min", Call: mathExtreme(-1), Sig: "(...numbers: number[]): number", Doc: "Returns the least of the numbers."},
		{Name: "pow", Call: func(_ *Run, _ Value, args []Value) (Value, error) {
			return power(numberArg(args, 0), numberArg(args, 1)), nil
		}, Sig: "(x: number, y: number): number", Doc: "Raises a number to a power."},
		{Name: "atan2", Call: func(_ *Run, _ Value, args []Value) (Value, error) {
			return Real(math.Atan2(numberArg(args, 0).real(), numberArg(args, 1).real())), nil
		}, Sig: "(y: number, x: number): number", Doc: "Returns the angle of a point."},
		{Name: "hypot", Origin: Superset, Call: mathHypot, Sig: "(...numbers: number[]): number", Doc: "Returns the square root of the sum of the squares."},
		{Name: "random", Call: func(*Run, Value, []Value) (Value, error) { return Real(rand.Float64()), nil }, Sig: "(): number", Doc: "Returns a random number from 0 to below 1."},
		{Name: "sqrt", Call: mathFunc(math.Sqrt), Sig: unary, Doc: "Returns the square root."},
		{Name: "cbrt", Origin: Superset, Call: mathFunc(math.Cbrt), Sig: unary, Doc: "Returns the cube root."},
		{Name: "exp", Call: mathFunc(math.Exp), Sig: unary, Doc: "Returns e to a power."},
		{Name: "log", Call: mathFunc(math.Log), Sig: unary, Doc: "Returns the natural logarithm."},
		{Name: "log2", Origin: Superset, Call: mathFunc(math.Log2), Sig: unary, Doc: "Returns the logarithm to base 2."},
		{Name: "log10", Origin: Superset, Call: mathFunc(math.Log10), Sig: unary, Doc: "Returns the logarithm to base 10."},
		{Name: "sin", Call: mathFunc(math.Sin), Sig: unary, Doc: "Returns the sine."},
		{Name: "cos", Call: mathFunc(math.Cos), Sig: unary, Doc: "Returns the cosine."},
		{Name: "tan", Call: mathFunc(math.Tan), Sig: unary, Doc: "Returns the tangent."},
		{Name: "asin", Call: mathFunc(math.Asin), Sig: unary, Doc: "Returns the arcsine."},
		{Name: "acos", Call: mathFunc(math.Acos), Sig: unary, Doc: "Returns the arccosine."},
		{Name: "atan", Call: mathFunc(math.Atan), Sig: unary, Doc: "Returns the arctangent."},
	},
}

func numberArg(args []Value, i int) Value { return toNumber(arg(args, i).Scalar()) }

func mathFunc(fn func(float64) float64) func(*Run, Value, []Value) (Value, error) {
	return func(_ *Run, _ Value, args []Value) (Value, error) { return Real(fn(numberArg(args, 0).real())), nil }
}

// mathWhole makes a function whose results are whole: integers, where they fit into 64 bits.
func mathWhole(fn func(float64) float64) func(*Run, Value, []Value) (Value, error) {
	return func(_ *Run, _ Value, args []Value) (Value, error) {
		v := numberArg(args, 0)
		if v.k == KindInt {
			return v, nil
		}
		f := fn(v.real())
		if i, ok := realToInt(f); ok {
			return Int(i), nil
		}
		return Real(f), nil
	}
}

func mathSign(_ *Run, _ Value, args []Value) (Value, error) {
	v := numberArg(args, 0)
	switch f := v.real(); {
	case f > 0:
		return Int(1), nil
	case f < 0:
		return Int(-1), nil
	}
	return v, nil
}

func mathAbs(_ *Run, _ Value, args []Value) (Value, error) {
	v := numberArg(args, 0)
	if v.k == KindInt {
		if v.Int() < 0 {
			return Int(-v.Int()), nil
		}
		return v, nil
	}
	return Real(math.Abs(v.Real())), nil
}

func mathHypot(r *Run, _ Value, args []Value) (Value, error) {
	sum := 0.0
	for i := range args {
		sum = math.Hypot(sum, numberArg(args, i).real())
	}
	return Real(sum), r.Step(len(args) >> 6)
}

// mathExtreme makes Math.max and Math.min; NaN among the numbers makes NaN.
func mathExtreme(sign int) func(*Run, Value, []Value) (Value, error) {
	return func(r *Run, _ Value, args []Value) (Value, error) {
		best := Real(math.Inf(-sign))
		for i := range args {
			v := numberArg(args, i)
			c, ordered := order(v, best)
			if !ordered {
				return Real(math.NaN()), nil
			}
			if c*sign > 0 {
				best = v
			}
		}
		return best, r.Step(len(args) >> 6)
	}
}

// extreme makes Max and Min, which refuse what is no number.
func extreme(sign int) func(*Run, []Value) (Value, error) {
	return func(r *Run, args []Value) (Value, error) {
		var best Value
		for i, v := range args {
			if _, ok := v.ToReal(); !ok {
				return Undefined, errNotA("a number", v)
			}
			n := toNumber(v.Scalar())
			if c, _ := order(n, best); i == 0 || c*sign > 0 {
				best = n
			}
		}
		return best, r.Step(len(args) >> 6)
	}
}

func random(_ *Run, args []Value) (Value, error) {
	low, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	high, ok := args[1].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[1])
	}
	if low > high {
		low, high = high, low
	}
	span := uint64(high) - uint64(low) + 1
	if span == 0 {
		return Int(int64(rand.Uint64())), nil
	}
	return Int(low + int64(rand.Uint64N(span))), nil
}

func uniqueID(*Run, []Value) (Value, error) { return Int(rand.Int64()), nil }

// uniqueStrID takes its letters from the system's source of randomness, as scripts use them as secrets.
func uniqueStrID(r *Run, args []Value) (Value, error) {
	n, err := intArg(args, 0, 64)
	if err != nil {
		return Undefined, err
	}
	if err := r.reserve(max(0, n), 1); err != nil {
		return Undefined, err
	}
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var b strings.Builder
	var noise [256]byte
	for int64(b.Len()) < n {
		cryptorand.Read(noise[:]) // never fails
		for _, c := range noise {
			if fair := 256 / len(letters) * len(letters); int(c) < fair && int64(b.Len()) < n {
				b.WriteByte(letters[int(c)%len(letters)])
			}
		}
	}
	return String(b.String()), nil
}

var ticksFrom = time.Now()

func getCurTicks(*Run, []Value) (Value, error) {
	return Int(time.Since(ticksFrom).Milliseconds()), nil
}

// modType is the class of Russian plurals: 0 for 5 штук, 1 for 21 штука, 2 for 3 штуки.
func modType(n int64) int {
	if n < 0 {
		n = -(n % 100)
	}
	switch ones, tens := n%10, n/10%10; {
	case tens == 1 || ones == 0 || ones >= 5:
		return 0
	case ones == 1:
		return 1
	}
	return 2
}

func intModType(_ *Run, args []Value) (Value, error) {
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	return Int(int64(modType(n))), nil
}

func intModSelector(_ *Run, args []Value) (Value, error) {
	n, ok := args[0].ToInt()
	if !ok {
		return Undefined, errNotA("an integer", args[0])
	}
	forms := strings.SplitN(args[1].Text(), "|", 3)
	if len(forms) < 3 {
		return Undefined, NewError("Three forms between bars are expected")
	}
	return String(strings.TrimSpace(forms[modType(n)])), nil
}
