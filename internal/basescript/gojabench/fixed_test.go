package gojabench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// fixedWork is work whose bar is a time.
type fixedWork struct {
	name       string
	bar        time.Duration
	ours, goja func() string
}

func fixedWorks(b testing.TB) []fixedWork {
	tenKB := strings.Repeat(strings.ReplaceAll(handler, "main", "fn"), 10*1024/len(handler))
	library := libraryText(10_000)
	return []fixedWork{
		// A run that does nothing: what a fresh environment with 150 host functions costs.
		{"Environment150", time.Microsecond, oursOf(b, work{src: "function main(x) { return ''; }"}), gojaEnvironment(b)},
		{"Compile10KB", 1200 * time.Microsecond, oursCompile(b, tenKB), gojaCompile(b, tenKB)},
		{"Compile10000Lines", 250 * time.Millisecond, oursCompile(b, library), gojaCompile(b, library)},
		// A run of a compiled library of 10,000 lines: no part of it is compiled again.
		{"RerunOf10000Lines", time.Microsecond, oursOf(b, work{src: library + "function main(x) { return ''; }"}), gojaOf(b, work{src: library + "function main(x) { return ''; }"})},
	}
}

func gojaEnvironment(b testing.TB) func() string {
	return func() string {
		vm := goja.New()
		for i := range 150 {
			if err := vm.Set(fmt.Sprintf("name%d", i), func(goja.FunctionCall) goja.Value { return goja.Undefined() }); err != nil {
				b.Fatal(err)
			}
		}
		return ""
	}
}

func oursCompile(b testing.TB, src string) func() string {
	opts := basescript.Options{Globals: globals(), Library: true}
	return func() string {
		if _, err := basescript.Compile("x-local://bench.js", src, opts); err != nil {
			b.Fatal(err)
		}
		return ""
	}
}

func gojaCompile(b testing.TB, src string) func() string {
	return func() string {
		if _, err := goja.Compile("bench.js", src, false); err != nil {
			b.Fatal(err)
		}
		return ""
	}
}

// libraryUnit is a piece of an ordinary code library: comments and messages in Russian, string
// expressions literal and computed, try, loops, objects.
const libraryUnit = `
/**
 * Возвращает список участников группы с учётом отбора.
 * @param {bigint} iGroupID - ID группы
 * @param {string} sFilter - строка отбора
 */
function GetGroupMembers%[1]d(iGroupID, sFilter, oParams)
{
	var arrMembers, arrResult = [], sName = '', iCount = 0; // счётчик найденных
	try
	{
		if (sFilter == '' || sFilter == undefined)
			throw 'Не задан отбор';
		arrMembers = ArraySelect(oParams.members, 'This.group_id == iGroupID && This.is_active');
	}
	catch (err)
	{
		host1('Ошибка отбора: ' + err);
		return { error: 1, message: 'Группа не найдена', members: [] };
	}
	for (oMember in arrMembers)
	{
		sName = StrTitleCase(oMember.lastname) + ' ' + oMember.firstname;
		switch (oMember.status)
		{
			case 'active':
				iCount++;
				arrResult.push({ id: oMember.id, name: sName, tags: [1, 2, 3], rank: iCount * 10 + 5 });
				break;
			case 'blocked':
			default:
				if (OptInt(oMember.level, 0) >= 3 && !(oMember.hidden === true))
					arrResult[arrResult.length] = { id: oMember.id, name: "Заблокирован: " + sName };
		}
	}
	/* Сортировка по рангу,
	   затем по имени */
	arrResult = ArraySort(arrResult, 'rank', '-', 'This.name', '+');
	return { error: 0, message: '', members: ArrayExtract(arrResult, 'This.id'), count: ArraySum(arrResult, "OptInt(rank, 0)") };
}
`

// libraryText is a source of so many lines.
func libraryText(lines int) string {
	var b strings.Builder
	per := strings.Count(libraryUnit, "\n")
	for i := 0; i*per < lines; i++ {
		fmt.Fprintf(&b, libraryUnit, i)
	}
	return b.String()
}
