package docs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// words splits a command line as a shell does: quotes of both kinds, and $NAME outside single ones.
func words(line string, vars map[string]string) ([]string, error) {
	var all []string
	var word strings.Builder
	quote, begun := rune(0), false
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote, begun = c, true
		case c == quote:
			quote = 0
		case quote == 0 && c == ' ':
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		case quote != '\'' && c == '$':
			end := i + 1
			for end < len(runes) && (runes[end] >= 'A' && runes[end] <= 'Z' || runes[end] == '_') {
				end++
			}
			name := string(runes[i+1 : end])
			value, known := vars[name]
			if !known {
				return nil, fmt.Errorf("the variable $%s is not set", name)
			}
			word.WriteString(value)
			begun, i = true, end-1
		case quote == '"' && c == '\\' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
		case quote == 0 && strings.ContainsRune("|&;<>`\\", c):
			return nil, fmt.Errorf("%q in a command is not understood here", c)
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c does not end", quote)
	}
	if begun {
		all = append(all, word.String())
	}
	return all, nil
}

// curl does what the command does, as far as the documents use it: there may be none on the machine.
func curl(args []string) (output string, err error) {
	method, url, body, showHeader := "", "", "", false
	ctx := context.Background()
	header := http.Header{}
	for i := 0; i < len(args); i++ {
		value := func() string {
			if i++; i < len(args) {
				return args[i]
			}
			return ""
		}
		switch arg := args[i]; arg {
		case "-s", "-N", "-sN":
		case "-i", "-si":
			showHeader = true
		case "-m": // a stream that has no end is left then, with what came
			seconds, err := strconv.Atoi(value())
			if err != nil {
				return "", err
			}
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
			defer cancel()
		case "-X":
			method = value()
		case "-H":
			name, text, _ := strings.Cut(value(), ": ")
			header.Set(name, text)
		case "-d":
			body = value()
		default:
			if strings.HasPrefix(arg, "-") || url != "" {
				return "", fmt.Errorf("curl: the argument %s is not understood here", arg)
			}
			url = arg
		}
	}
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header, req.Close = header, true
	if body != "" && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	if showHeader {
		output = resp.Proto + " " + resp.Status + "\n\n"
	}
	return output + string(text), err
}
