package server_test

import (
	"runtime"
	"strings"
	"testing"
)

// dashboard is what tests look at in a dashboard of Grafana.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Templating    struct {
		List []struct {
			Name, Type string
			Query      any
			Definition string
		}
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct{ Expr, RefID string }
}

// queries are those of panels and variables.
func (d *dashboard) queries() (all []string) {
	for _, v := range d.Templating.List {
		if v.Definition != "" {
			all = append(all, v.Definition)
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// check looks at what Grafana would take silently and show wrongly.
func (d *dashboard) check(t *testing.T) {
	t.Helper()
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 39 {
		t.Errorf("title %q, uid %q, schema version %d", d.Title, d.UID, d.SchemaVersion)
	}
	variables := map[string]string{}
	for _, v := range d.Templating.List {
		variables[v.Name] = v.Type
	}
	if variables["datasource"] != "datasource" || variables["node"] != "query" || variables["service"] != "query" {
		t.Errorf("variables %v", variables)
	}
	ids := map[int]bool{}
	type cell struct{ x, y int }
	taken := map[cell]string{}
	for _, p := range d.Panels {
		if p.ID == 0 || ids[p.ID] {
			t.Errorf("%s has the id %d, which is not its own", p.Title, p.ID)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.X < 0 || g.W < 1 || g.X+g.W > 24 || g.H < 1 {
			t.Errorf("%s is outside of the grid: %+v", p.Title, g)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := cell{p.GridPos.X + x, p.GridPos.Y + y}
				if other := taken[at]; other != "" {
					t.Fatalf("%s lies over %s", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
		p.check(t)
	}
}

func (p *panel) check(t *testing.T) {
	t.Helper()
	if p.Title == "" {
		t.Errorf("panel %d has no title", p.ID)
	}
	if p.Type == "row" {
		return
	}
	if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
		t.Errorf("%s lacks a description, a unit, the data source or a query: %+v", p.Title, p)
	}
	refs := map[string]bool{}
	for _, target := range p.Targets {
		if refs[target.RefID] || strings.Count(target.Expr, "(") != strings.Count(target.Expr, ")") || strings.Count(target.Expr, "{") != strings.Count(target.Expr, "}") {
			t.Errorf("%s: query %s: %s", p.Title, target.RefID, target.Expr)
		}
		refs[target.RefID] = true
		if !strings.Contains(target.Expr, "$node") {
			t.Errorf("%s does not look at the node chosen: %s", p.Title, target.Expr)
		}
	}
}

// missingHere reports whether this system may lack a figure of the process.
func missingHere(name string) bool {
	return strings.HasPrefix(name, "process_") && runtime.GOOS != "linux"
}
