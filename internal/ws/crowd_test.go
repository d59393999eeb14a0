package ws

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gobwas/ws"
)

// Clients of a measurement stand in a process of their own, so that what they cost is not
// counted as the server's. The process is the test binary, told by its environment.
const (
	crowdURL  = "TUTORSOCKET_WS_CROWD"
	crowdSize = "TUTORSOCKET_WS_CROWD_SIZE"
	// listenOnly has the crowd send nothing, and wait for a message on each socket.
	listenOnly = "-"
)

// standAround opens as many sockets as it was told, and says so. Each line of standard input it sends as a
// message on each socket, compressed if the server agreed, waits for the answers, and says so again. It leaves
// at the end of the input.
func standAround(base string) {
	var n int
	fmt.Sscan(os.Getenv(crowdSize), &n)
	crowd := make([]*bufio.Reader, n)
	conns := make([]net.Conn, n)
	deflate := false
	for i := range n {
		nc, err := reach(base)
		if err != nil {
			fmt.Println(err)
			return
		}
		target := fmt.Sprintf("/services/echo?X-StatefulSocketId=ws-user-%d&user=6148914691236517%d", i, i)
		fmt.Fprint(nc, handshake(target, "portal.example.org", "Origin: https://portal.example.org",
			"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
			"Accept-Language: ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "Accept-Encoding: gzip, deflate, br",
			offerDeflate))
		conns[i], crowd[i] = nc, bufio.NewReaderSize(nc, 256)
		resp, err := http.ReadResponse(crowd[i], nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			fmt.Println(resp, err)
			return
		}
		deflate = resp.Header.Get(extensionsHeader) != ""
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text := lines.Text(); text != listenOnly {
			frame := masked(ws.OpText, true, text)
			if deflate {
				frame = packedFrame(ws.OpText, true, pack(text))
			}
			for _, nc := range conns {
				nc.SetDeadline(time.Now().Add(patience))
				nc.Write(frame)
			}
		}
		for i, nc := range conns {
			nc.SetDeadline(time.Now().Add(patience))
			h, err := ws.ReadHeader(crowd[i])
			if err != nil {
				fmt.Println(err)
				return
			}
			io.CopyN(io.Discard, crowd[i], h.Length)
		}
		fmt.Println("ready")
	}
}
