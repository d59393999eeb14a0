package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

// TestDataInfoOfSeveralNodes: the figures are those of the store all nodes share, told by one that reaches it.
func TestDataInfoOfSeveralNodes(t *testing.T) {
	const data = `"data":{"folder":"/srv/%s","store":"nats","servers":"nats://a:4222","replicas":3,"connected":%t,"user_data_bytes":%d}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/nodes") {
			fmt.Fprintf(w, `{"items":[{"name":"a",`+data+`},{"name":"b",`+data+`}],"missing":["c"]}`, "a", false, 0, "b", true, 700)
			return
		}
		fmt.Fprint(w, `{"items":[{"key":"k"},{"key":"l"}],"missing":[]}`)
	}))
	defer server.Close()
	client, err := api.NewClient(server.URL, "token")
	if err != nil {
		t.Fatal(err)
	}
	info, err := collectInfo(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if info.Keys != 2 || info.Bytes != 700 || info.Servers != "nats://a:4222" || info.Replicas != 3 || info.Node != "b" ||
		!slices.Equal(info.Nodes, []string{"a", "b"}) || !slices.Equal(info.Missing, []string{"c"}) {
		t.Errorf("%+v", info)
	}
}
