package hostapi

import (
	"sync"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Globals returns the names scripts are compiled against: the language's own and this package's.
// It is always the same value.
func Globals() *basescript.Globals { return allGlobals() }

var allGlobals func() *basescript.Globals

func init() { // the tables refer to functions that compile code against the tables
	allGlobals = sync.OnceValue(joinTables)
}

func joinTables() *basescript.Globals {
	language := basescript.NewGlobals()
	tables := withRefused(logGlobals, controlGlobals, toolsGlobals, toolsWebGlobals, serverGlobals,
		requestGlobals, responseGlobals, agentGlobals, cacheGlobals, lockGlobals, threadGlobals, settingsGlobals, httpGlobals, fileGlobals(), fileNameGlobals, libraryGlobals)
	refused := refusedFunctions(func(name string) bool { return language.Lookup(name) != nil })
	return basescript.NewGlobals(append([][]basescript.Global{refused}, tables...)...) // later tables win
}

// NamedClass is a class of host objects under the name typings and documents use. To scripts most of
// them are of one class, as .NET objects are in the original (spec/basescript.md 1.1).
type NamedClass struct {
	Name  string
	Class *basescript.Class
}

// Classes returns the classes of objects that functions of this package return.
func Classes() []NamedClass {
	regExp, match, matches := basescript.VBRegExpClasses()
	return []NamedClass{
		{"VBScriptRegExp", regExp},
		{"VBMatch", match},
		{"VBMatchCollection", matches},
		{"Assembly", assemblyClass},
		{"DotNetHost", dotNetHostClass},
		{"DotNetHostObject", dotNetHostObjectClass},
		{"HttpAssembly", httpAssemblyClass},
		{"DotNetHttpRequest", dotNetRequestClass},
		{"DotNetHttpResponse", dotNetResponseClass},
		{"HttpClientHandler", handlerClass},
		{"HttpClient", httpClientClass},
		{"HttpResponse", httpResponseClass},
		{"WebSocketCollection", socketListClass},
		{"WebSocketPair", socketPairClass},
		{"WebSocket", socketClass},
		{"TagCollection", tagListClass},
		{"TagPair", tagPairClass},
		{"Request", requestClass},
		{"Response", responseClass},
		{"DataCache", dataCacheClass},
		{"Lock", lockClass},
		{"Thread", threadClass},
		{"Unibridge", unibridgeClass},
		{"UnibridgeObject", unibridgeObjectClass},
		{"UnibridgeProvider", providerClass},
		{"OpenContext", openClass},
		{"ProcessContext", processClass},
		{"CloseContext", closeClass},
		{"MethodReference", methodReferenceClass},
	}
}

// WebSocketContext returns the static methods of Datex.XHTTP.WebSocketContext, which scripts call
// through CallClassStaticMethod.
func WebSocketContext() []basescript.Func { return socketMethods }

// StaticClass is a .NET class whose static methods scripts call by its name, with CallClassStaticMethod
// of an Assembly.
type StaticClass struct {
	Name    string
	Methods []basescript.Func
}

// StaticClasses returns the .NET classes there are.
func StaticClasses() []StaticClass { return []StaticClass{{contextClass, socketMethods}} }
