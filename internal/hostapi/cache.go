package hostapi

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/tutorsocket/tutorsocket/internal/basescript"
)

// Storage keeps the values of GlobalStorage beyond the process; *userdata.Store has these methods.
type Storage interface {
	Get(ctx context.Context, key string) (value json.RawMessage, ok bool, err error)
	Set(ctx context.Context, key string, value json.RawMessage, ttl time.Duration) error
	Delete(ctx context.Context, key string) (bool, error)
}

var cacheGlobals = []basescript.Global{
	{
		Name: "GlobalCache", Sig: "DataCache",
		Doc:   "Values all scripts of this node share until it ends; what was not used for longest goes when it is full.",
		Value: func(*basescript.Run) (basescript.Value, bool) { return theGlobalCache.object(), true },
	},
	{
		Name: "GlobalStorage", Sig: "DataCache",
		Doc:   "Values all scripts share, kept when the server restarts.",
		Value: func(*basescript.Run) (basescript.Value, bool) { return theGlobalStorage.object(), true },
	},
}

// dataCache is what is behind a DataCache object: a place the run knows how to reach.
type dataCache struct {
	name   string
	get    func(r *basescript.Run, key string) (f *frozen, err error) // nil: there is none
	set    func(r *basescript.Run, key string, v basescript.Value, ttl time.Duration) error
	remove func(r *basescript.Run, key string) (bool, error)
}

// object implements [shared].
func (c *dataCache) object() basescript.Value { return basescript.NewHost(dataCacheClass, c) }

var dataCacheClass = &basescript.Class{Name: "DataCache", Methods: []basescript.Method{
	{
		Name: "SetEntry", Min: 2, Call: setEntry,
		Sig: "(key: string, value: any, options?: {TTL?: number}): void",
		Doc: "Stores a copy of the value, for TTL seconds if that is given.",
	},
	{
		Name: "GetEntry", Min: 1, Call: getEntry,
		Sig: "(key: string): any",
		Doc: "A copy of the value stored under the key; undefined if there is none or its time is over.",
	},
	{
		Name: "DeleteEntry", Min: 1, Call: deleteEntry,
		Sig: "(key: string): void",
		Doc: "Removes what is stored under the key.",
	},
}}

func cacheKey(v basescript.Value) (string, error) {
	key, err := textArg("The key of a cache entry", v)
	if err == nil && (key == "" || len(key) > maxCacheKey) {
		err = basescript.Errorf("The key of a cache entry has 1 to %d bytes", maxCacheKey)
	}
	return key, err
}

func setEntry(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	c, _ := basescript.Self[*dataCache](self)
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	var ttl time.Duration
	if options := arg(args, 2); options.Object() != nil {
		v, _, err := r.OptProperty(options, "TTL")
		if err != nil {
			return basescript.Undefined, err
		}
		if ttl, err = secondsArg(v); err != nil {
			return basescript.Undefined, err
		}
	}
	return basescript.Undefined, c.set(r, key, args[1], ttl)
}

func getEntry(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	c, _ := basescript.Self[*dataCache](self)
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	f, err := c.get(r, key)
	if err != nil || f == nil {
		return basescript.Undefined, err
	}
	return thaw(r, f)
}

func deleteEntry(r *basescript.Run, self basescript.Value, args []basescript.Value) (basescript.Value, error) {
	c, _ := basescript.Self[*dataCache](self)
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	_, err = c.remove(r, key)
	return basescript.Undefined, err
}

// inMemory is a cache in one of the places of [Shared].
func inMemory(name string, place func(*Shared) *lru) *dataCache {
	return &dataCache{
		name: name,
		get: func(r *basescript.Run, key string) (*frozen, error) {
			v, ok := place(envOf(r).Settings.Shared).get(key)
			if !ok {
				return nil, nil
			}
			return v.(*frozen), nil
		},
		set: func(r *basescript.Run, key string, v basescript.Value, ttl time.Duration) error {
			f, size, err := freeze(r, v, maxCacheValue)
			if err == nil {
				place(envOf(r).Settings.Shared).put(key, f, size, ttl)
			}
			return err
		},
		remove: func(r *basescript.Run, key string) (bool, error) {
			return place(envOf(r).Settings.Shared).remove(key), r.Step(1)
		},
	}
}

var (
	theGlobalCache   = inMemory("GlobalCache", func(s *Shared) *lru { return &s.globalCache })
	thePortalCache   = inMemory("tools_web data cache", func(s *Shared) *lru { return &s.portalCache })
	theGlobalStorage = &dataCache{name: "GlobalStorage", get: loadEntry, set: storeEntry, remove: removeEntry}
)

// withStorage calls fn, which waits for the store of GlobalStorage.
func withStorage(r *basescript.Run, key string, fn func(ctx context.Context, s Storage) error) error {
	storage := envOf(r).Storage
	if storage == nil {
		return basescript.NewError("GlobalStorage is not available here")
	}
	return aboutEntry(key, r.Wait(func(ctx context.Context) error { return fn(ctx, storage) }))
}

func loadEntry(r *basescript.Run, key string) (f *frozen, err error) {
	var text json.RawMessage
	var ok bool
	err = withStorage(r, key, func(ctx context.Context, s Storage) (err error) {
		text, ok, err = s.Get(ctx, key)
		return err
	})
	if err != nil || !ok {
		return nil, err
	}
	if err := r.Step(1 + len(text)>>6); err != nil {
		return nil, err
	}
	f, err = unmarshalFrozen(text)
	return f, aboutEntry(key, err)
}

func storeEntry(r *basescript.Run, key string, v basescript.Value, ttl time.Duration) error {
	f, size, err := freeze(r, v, maxStoredCopy)
	if err != nil {
		return err
	}
	if err := r.Alloc(2 * size); err != nil { // what it takes to write it
		return err
	}
	text, err := marshalFrozen(f)
	if err != nil {
		return err
	}
	if len(text) > maxStoredText {
		return basescript.Errorf("The value is larger than %d KiB", maxStoredText>>10)
	}
	return withStorage(r, key, func(ctx context.Context, s Storage) error { return s.Set(ctx, key, text, ttl) })
}

func removeEntry(r *basescript.Run, key string) (removed bool, err error) {
	err = withStorage(r, key, func(ctx context.Context, s Storage) (err error) {
		removed, err = s.Delete(ctx, key)
		return err
	})
	return removed, err
}

// aboutEntry names the key in an error of the store; nil and errors of the dialect pass unchanged.
func aboutEntry(key string, err error) error {
	if err == nil || isScriptError(err) {
		return err
	}
	const shown = 100
	if len(key) > shown {
		key = key[:shown] + "…"
	}
	return basescript.Errorf("GlobalStorage %q: %v", key, err)
}

// The data cache of the portal (spec/basescript.md 3.2).
var portalCacheMethods = []basescript.Method{
	{
		Name: "set_data_cache", Min: 2, Call: setDataCache,
		Sig: "(key: string, value: any, seconds?: number): boolean",
		Doc: "Keeps a copy of the value for all scripts of this node, for so many seconds or until it has to make room; true.",
	},
	{
		Name: "get_data_cache", Min: 1, Call: getDataCache,
		Sig: "(key: string): any",
		Doc: "A copy of the value kept under the key; null if there is none or its time is over.",
	},
	{
		Name: "get_data_cache_by_pattern", Min: 1, Call: getDataCacheByPattern,
		Sig: "(pattern: string): any[]",
		Doc: "Copies of the values whose key matches the pattern, in which * stands for any text.",
	},
	{
		Name: "remove_data_cache", Min: 1, Call: removeDataCache,
		Sig: "(key: string): boolean",
		Doc: "Removes what is kept under the key, and says whether there was anything.",
	},
}

func setDataCache(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	ttl, err := secondsArg(arg(args, 2))
	if err != nil {
		return basescript.Undefined, err
	}
	return basescript.True, thePortalCache.set(r, key, args[1], ttl)
}

func getDataCache(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	f, err := thePortalCache.get(r, key)
	if err != nil || f == nil {
		return basescript.Null, err
	}
	return thaw(r, f)
}

func removeDataCache(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	key, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	removed, err := thePortalCache.remove(r, key)
	return basescript.Bool(removed), err
}

func getDataCacheByPattern(r *basescript.Run, _ basescript.Value, args []basescript.Value) (basescript.Value, error) {
	pattern, err := cacheKey(args[0])
	if err != nil {
		return basescript.Undefined, err
	}
	parts := strings.Split(pattern, "*")
	if err := r.Step(maxCacheEntries / 8); err != nil {
		return basescript.Undefined, err
	}
	found := envOf(r).Settings.Shared.portalCache.matching(func(key string) bool { return matchesParts(key, parts) })
	list := r.NewArray(nil)
	defer r.Pin(basescript.ObjectValue(list))()
	for _, f := range found {
		v, err := thaw(r, f.(*frozen))
		if err != nil {
			return basescript.Undefined, err
		}
		list.Append(v)
	}
	return basescript.ObjectValue(list), r.Alloc(16 * len(found))
}

// matchesParts reports whether a text consists of the parts in this order with any text between them.
func matchesParts(text string, parts []string) bool {
	if len(parts) == 1 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
