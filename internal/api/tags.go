package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sort"

	"github.com/danielgtaylor/huma/v2"
)

// TagCounts are the tags in use; *cluster.Cluster has these methods.
type TagCounts interface {
	// TagNames returns the names in use with how many sockets have each.
	TagNames(ctx context.Context) (names map[string]int, missing []string, err error)
	// TagValues calls each with the values of one tag after the other, each value with how many sockets
	// have it. A node that is missing once is not asked again.
	TagValues(ctx context.Context, names []string, each func(name string, values map[string]int)) (missing []string, err error)
}

// Tag is the name of a tag and what it is set to.
type Tag struct {
	Name      string     `json:"name" doc:"Name of the tag."`
	Count     int        `json:"count" doc:"Sockets that have the tag."`
	Distinct  int        `json:"distinct" doc:"Different values."`
	Values    []TagValue `json:"values" nullable:"false" doc:"The most frequent values."`
	Truncated bool       `json:"truncated" doc:"There are more values than are told."`
}

// TagValue is a value of a tag.
type TagValue struct {
	Value string `json:"value" doc:"The value."`
	Count int    `json:"count" doc:"Sockets that have it."`
}

type tagQuery struct {
	PageQuery
	Name   string `query:"name" doc:"Only the tag of this name."`
	Values int    `query:"values" minimum:"0" maximum:"1000" default:"20" doc:"Most values told of each tag."`
}

func (h *handler) registerTags(router huma.API) {
	huma.Register(router, h.operation("list-tags", http.MethodGet, "/tags", "Tags in use, ordered by name", http.StatusOK), h.listTags)
}

// listTags looks at the values of one tag after the other, so that no more than
// those of one are in memory. Sockets that change meanwhile may be counted in one
// number and not in another.
func (h *handler) listTags(ctx context.Context, in *tagQuery) (*answer[List[Tag]], error) {
	counts, missing, err := h.Tags.TagNames(ctx)
	if err != nil {
		return nil, problemOf(err, "")
	}
	names := slices.Sorted(maps.Keys(counts))
	if in.Name != "" {
		names = slices.DeleteFunc(names, func(name string) bool { return name != in.Name })
	}
	page, err := pageOf("tags", names, func(name string) string { return name }, in.PageQuery)
	if err != nil {
		return nil, err
	}
	tags := make([]Tag, 0, len(page.Items))
	missingLater, err := h.Tags.TagValues(ctx, page.Items, func(name string, values map[string]int) {
		if len(values) > 0 { // the last socket that had it may be gone
			tags = append(tags, tagOf(name, values, in.Values))
		}
	})
	if err != nil {
		return nil, problemOf(err, "")
	}
	missing = append(missing, missingLater...)
	slices.Sort(missing)
	return &answer[List[Tag]]{listOf(tags, page.Next, slices.Compact(missing))}, nil
}

func tagOf(name string, counts map[string]int, most int) Tag {
	tag := Tag{Name: name, Distinct: len(counts), Values: make([]TagValue, 0, len(counts))}
	for value, count := range counts {
		tag.Count += count
		tag.Values = append(tag.Values, TagValue{value, count})
	}
	sort.Slice(tag.Values, func(i, j int) bool {
		a, b := tag.Values[i], tag.Values[j]
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) < 0
	})
	if len(tag.Values) > most {
		tag.Values, tag.Truncated = tag.Values[:most], true
	}
	return tag
}
