package basescript

import "testing"

func TestConversions(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Int('7177256154427237596')", "7177256154427237596"},
		{"Int(' 12 ')", "12"},
		{"Int(3.99)", "3"},
		{"Int(-3.99)", "-3"},
		{"Int('3.99')", "3"},
		{"Int(true)", "1"},
		{"Int(undefined)", "error: Value is not an integer: undefined"},
		{"Int(null)", "error: Value is not an integer: null"},
		{"Int('')", "error: Value is not an integer: ''"},
		{"Int('12px')", "error: Value is not an integer: '12px'"},
		{"Int('99999999999999999999')", "error: Value is not an integer: '99999999999999999999'"},
		{"Int({})", "error: Value is not an integer: JsObject"},
		{"Int('я'.repeat(100))", "error: Value is not an integer: '" + repeatText("я", 60) + "…'"},
		{"OptInt('7177256154427237596') == 7177256154427237596", "true"},
		{"OptInt('')", "undefined"},
		{"OptInt('x', null)", "null"},
		{"OptInt(undefined, 5)", "5"},
		{"OptInt([], 5)", "5"},
		{"Real('2.50')", "2.5r"},
		{"Real(2)", "2r"},
		{"Real('2,5')", "error: Value is not a number: '2,5'"},
		{"OptReal('x')", "undefined"},
		{"OptReal('1e3', 0)", "1000r"},
		{"String(3) + ''", `"3"`},
		{"String(null)", `""`},
		{"String(undefined)", `"undefined"`},
		{"String({})", `""`},
		{"String()", `""`},
		{"new String('x')", `"x"`},
		{"RValue('x')", `"x"`},
		{"RValue([1])", "[1]"},
		{"IsEmptyValue('')", "true"},
		{"IsEmptyValue(undefined)", "true"},
		{"IsEmptyValue(null)", "true"},
		{"IsEmptyValue(0)", "false"},
		{"IsEmptyValue(' ')", "false"},
		{"IsEmptyValue({})", "false"},
		{"IsArray([])", "true"},
		{"IsArray({})", "false"},
		{"IsArray('x')", "false"},
		{"IsArray(undefined)", "false"},
		{"[DataType(undefined), DataType(null), DataType('x'), DataType(1), DataType(1.5), DataType(true), DataType(Date()), DataType([])]",
			`["undefined","null","string","integer","real","bool","date","object"]`},
		{"[ObjectType({}), ObjectType([]), ObjectType('x'), ObjectType(Int), ObjectType(undefined)]",
			`["JsObject","JsArray","","JsFuncObject",""]`},
		{"Boolean('')", "false"},
		{"Boolean([])", "true"},
		{"[Compare(1, 2), Compare('b', 'a'), Compare(null, undefined), Compare(5, 'a'), Compare(2, 2.5), Compare({}, [])]", "[-1,1,0,-1,-1,0]"},
	})
}

func TestHostValuesConvertByScalar(t *testing.T) {
	host := Global{Name: "field", Sig: "any", Value: constant(hostValue(&scalarHost{value: String("42")}))}
	list := Global{Name: "list", Sig: "any", Value: constant(collection(Int(1)))}
	for _, tc := range []exprCase{
		{"Int(field)", "42"}, {"OptInt(field, 0)", "42"}, {"String(field)", `"42"`}, {"RValue(field)", `"42"`},
		{"IsEmptyValue(field)", "false"}, {"StrLen(field)", "2"}, {"IsArray(list)", "true"}, {"DataType(field)", `"object"`},
		{"ObjectType(field)", `"TestHost"`}, {"Number(field)", "42"},
	} {
		if got := evaluate(t, "return "+tc.expr, exprLimits, host, list); got != tc.want {
			t.Errorf("%s is %s, want %s", tc.expr, got, tc.want)
		}
	}
}

func repeatText(s string, n int) (text string) {
	for range n {
		text += s
	}
	return text
}

func TestNumberFormats(t *testing.T) {
	checkExprs(t, []exprCase{
		{"StrInt(11500)", `"11500"`},
		{"StrInt(11500, 6)", `"011500"`},
		{"StrInt(11500, 0, true)", `"11 500"`},
		{"StrInt(7177256154427237596, 0, true)", `"7 177 256 154 427 237 596"`},
		{"StrInt(-5, 3)", `"-005"`},
		{"StrInt(null)", `""`},
		{"StrInt('12')", `"12"`},
		{"StrInt(undefined)", "error: Value is not an integer: undefined"},
		{"StrInt(1, -1)", "error: Number of digits must be from 0 to 100"},
		{"StrSignedInt(-11500, 0, true)", `"-11 500"`},
		{"StrIntZero(0)", `"-"`},
		{"StrIntZero(7, 2)", `"07"`},
		{"StrReal(90154.249)", `"90154.249"`},
		{"StrReal(90154.249, 2)", `"90154.25"`},
		{"StrReal(90154.249, 2, true)", `"90 154.25"`},
		{"StrReal(1.005, 2)", `"1.01"`},
		{"StrReal(-9.995, 2)", `"-10"`},
		{"StrReal(0.5, 0)", `"1"`},
		{"StrReal(-0.001, 2)", `"0"`},
		{"StrReal(1e21)", `"1000000000000000000000"`},
		{"StrReal(1/3)", `"0.333333"`},
		{"StrReal('')", `""`},
		{"StrReal(null, 2)", `""`},
		{"StrReal(0, 2, false, {ReplaceZero: true})", `"-"`},
		{"StrReal(0, 2)", `"0"`},
		{"StrReal('x')", "error: Value is not a number: 'x'"},
		{"StrRealFixed(90154.2, 2)", `"90154.20"`},
		{"StrRealFixed(90154.2, 2, true)", `"90 154.20"`},
		{"StrRealFixed(99.999, 2)", `"100.00"`},
		{"StrHexInt(255)", `"00000000000000FF"`},
		{"StrHexInt(-1)", `"FFFFFFFFFFFFFFFF"`},
		{"(255).toString(16)", `"ff"`},
		{"(-255).toString(2)", `"-11111111"`},
		{"(0.5).toString(2)", `"0.1"`},
		{"(5).toString(1)", "error: Radix must be from 2 to 36"},
		{"(2.345).toFixed(2)", `"2.35"`},
		{"(2).toFixed(2)", `"2.00"`},
		{"(1234.5).toPrecision(6)", `"1234.50"`},
		{"(1234567).toPrecision(2)", `"1.2e+6"`},
		{"(0.000001234).toPrecision(2)", `"0.0000012"`},
		{"(1234567.891).toLocaleString()", `"1 234 567.891"`},
		{"(true).toString()", `"true"`},
	})
}

func TestNumbersOfJavaScript(t *testing.T) {
	checkExprs(t, []exprCase{
		{"parseInt('42px')", "42"},
		{"parseInt('7177256154427237596')", "7177256154427237596"},
		{"parseInt(7177256154427237596)", "7177256154427237596"},
		{"parseInt('0x1F')", "31"},
		{"parseInt('-12.9')", "-12"},
		{"parseInt('z', 36)", "35"},
		{"parseInt('px')", "NaNr"},
		{"parseInt('5', 40)", "NaNr"},
		{"parseInt('99999999999999999999')", "100000000000000000000r"},
		{"parseFloat('2.5kg')", "2.5r"},
		{"parseFloat('-.5e1x')", "-5"},
		{"parseFloat('5')", "5"},
		{"parseFloat('1e')", "1"},
		{"parseFloat('.')", "NaNr"},
		{"parseFloat('-Infinity')", "-Infinityr"},
		{"isNaN('x')", "true"},
		{"isNaN('')", "false"},
		{"isNaN(undefined)", "true"},
		{"isFinite('5')", "true"},
		{"isFinite(Infinity)", "false"},
		{"Number('')", "0"},
		{"Number('0x10')", "16"},
		{"Number('7177256154427237596')", "7177256154427237596"},
		{"Number(undefined)", "NaNr"},
		{"Number()", "0"},
		{"Number.isInteger(5.0)", "true"},
		{"Number.isInteger('5')", "false"},
		{"Number.isSafeInteger(9007199254740992)", "false"},
		{"Number.MAX_SAFE_INTEGER", "9007199254740991"},
		{"Number.isNaN(NaN)", "true"},
	})
}

func TestMath(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Math.floor(-1.5)", "-2"},
		{"Math.ceil(1.2)", "2"},
		{"Math.round(2.5)", "3"},
		{"Math.round(-2.5)", "-2"},
		{"Math.round(7177256154427237596)", "7177256154427237596"},
		{"Math.trunc('-1.9')", "-1"},
		{"Math.floor(1e300)", "1e+300r"},
		{"[Math.sign(-5), Math.sign(0), Math.sign(2.5), Math.sign('x')]", "[-1,0,1,null]"},
		{"Math.abs(5)", "5"},
		{"Math.abs(-7177256154427237596)", "7177256154427237596"},
		{"Math.abs(-1.5)", "1.5r"},
		{"Math.max()", "-Infinityr"},
		{"Math.max(1, '5', 3)", "5"},
		{"Math.min(1, 2.5)", "1"},
		{"Math.max(1, 'x')", "NaNr"},
		{"Math.pow(2, 10)", "1024"},
		{"Math.sqrt(16)", "4r"},
		{"Math.hypot(3, 4)", "5r"},
		{"Math.atan2(0, 1)", "0r"},
		{"Math.PI > 3.14", "true"},
		{"Max(1, 2.5, '3')", "3"},
		{"Min(5, 7177256154427237596)", "5"},
		{"Max(1, undefined)", "error: Value is not a number: undefined"},
		{"[IntModType(1), IntModType(3), IntModType(5), IntModType(11), IntModType(22), IntModType(111), IntModType(-1), IntModType(0)]", "[1,2,0,0,2,0,1,0]"},
		{"IntModSelector(21, 'дней|день|дня')", `"день"`},
		{"IntModSelector(1, 'день')", "error: Three forms between bars are expected"},
	})
}

func TestRandom(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Random(5, 5)", "5"},
		{"Random('x', 5)", "error: Value is not an integer: 'x'"},
		{"UniqueStrID().length", "64"},
		{"UniqueStrID(10).length", "10"},
		{"UniqueStrID(0)", `""`},
		{"UniqueStrID() != UniqueStrID()", "true"},
		{"UniqueID() != UniqueID()", "true"},
		{"DataType(GetCurTicks())", `"integer"`},
		{"Math.random() < 1", "true"},
	})
	body := "var seen = {}; for (i = 0; i < 1000; i++) { n = Random(3, 1); seen.SetProperty(n, n) } return [seen.HasProperty(1), seen.HasProperty(3), Object.keys(seen).length]"
	if got := evaluate(t, body, exprLimits); got != "[true,true,3]" {
		t.Errorf("a thousand numbers from 1 to 3: %s", got)
	}
	if got := evaluate(t, "return DataType(Random(-9223372036854775807 - 1, 9223372036854775807))", exprLimits); got != `"integer"` {
		t.Errorf("the whole range: %s", got)
	}
}

// Rounding as JavaScript does it, to the last digit.
func TestRoundingOfJavaScript(t *testing.T) {
	checkExprs(t, []exprCase{
		{"Math.round(0.49999999999999994)", "0"},
		{"Math.round(2.5) + ' ' + Math.round(-2.5) + ' ' + Math.round(-0.4)", `"3 -2 0"`},
		{"Math.round(4503599627370497.0)", "4503599627370497"},
		{"Math.round(9007199254740993)", "9007199254740993"},
		{"(1.005).toFixed(2)", `"1.00"`},
		{"(1.45).toFixed(1)", `"1.4"`},
		{"(8.345).toFixed(2)", `"8.35"`},
		{"(2.5).toFixed(0)", `"3"`},
		{"(-2.5).toFixed(0)", `"-3"`},
		{"(0.5).toFixed(0)", `"1"`},
		{"(1.25).toFixed(1)", `"1.3"`},
		{"(-1.5).toFixed()", `"-2"`},
		{"(-0.01).toFixed(1)", `"-0.0"`},
		{"(123.456).toFixed(5)", `"123.45600"`},
		{"(7177256154427237596).toFixed(2)", `"7177256154427237596.00"`},
		{"(1e21).toFixed(2)", `"1e+21"`},
		{"NaN.toFixed(2)", `"NaN"`},
		{"(2.5).toPrecision(1)", `"3"`},
		{"(0.00025).toPrecision(1)", `"0.0003"`},
		{"(1234.5).toPrecision(4)", `"1235"`},
		{"(123456).toPrecision(2)", `"1.2e+5"`},
		{"(0).toPrecision(3)", `"0.00"`},
		{"2 ** 62", "4611686018427387904"},
		{"7 ** 22", "3909821048582988049"},
		{"(-2) ** 63", "-9223372036854775808"},
		{"2 ** 63", "9223372036854776000r"},
		{"0 ** 0", "1"},
		{"2 ** -1", "0.5r"},
		{"1 ** 9223372036854775807", "1"},
		{"1 ** Infinity", "NaNr"},
	})
}
