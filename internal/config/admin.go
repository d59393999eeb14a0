package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

const (
	// minAdminToken is the shortest admin token, in characters: nobody is to guess it.
	minAdminToken = 20
	// maxAdminToken is the longest, which is what fits a header with room to spare.
	maxAdminToken = 4096
	// keyPrefix begins API keys. A token that looked like one would be taken for one by people.
	keyPrefix = "tsk_"
)

func (a Admin) check(listen string, add func(key string, err error)) {
	if a.Listen != "" {
		add("admin.listen", checkListen(a.Listen))
		if _, port, err := net.SplitHostPort(a.Listen); err == nil && a.Listen == listen && port != "0" {
			add("admin.listen", errors.New("is the address of listen; administrators need one of their own"))
		}
	}
	if a.Token != "" {
		add("admin.token", checkAdminToken(a.Token))
		if a.TokenFile != "" {
			add("admin.token_file", errors.New("is one place too many for the admin token: set this or admin.token"))
		}
	}
}

// checkAdminToken says what is wrong with an admin token, without repeating it.
func checkAdminToken(token string) error {
	switch {
	case len(token) < minAdminToken:
		return fmt.Errorf("must have at least %d characters, such as those of: openssl rand -base64 32", minAdminToken)
	case len(token) > maxAdminToken:
		return fmt.Errorf("must have at most %d characters", maxAdminToken)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' || c == ',' }):
		return errors.New("must be visible ASCII characters without blanks and commas")
	case strings.HasPrefix(token, keyPrefix):
		return fmt.Errorf("must not begin with %s, as API keys do", keyPrefix)
	}
	return nil
}

// AdminToken returns the admin token that is set, from the file if one is named; "" if none
// is. It reads the file at each call. Errors name the setting, and do not repeat the token.
func (a Admin) AdminToken() (string, error) {
	if a.TokenFile == "" {
		return a.Token, nil
	}
	info, err := os.Stat(a.TokenFile)
	if err == nil && (info.IsDir() || info.Size() > maxAdminToken+2) {
		err = fmt.Errorf("%s is no file with a token", a.TokenFile)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(a.TokenFile)
	}
	if err != nil {
		return "", fmt.Errorf("admin.token_file: %w", err)
	}
	token := strings.TrimRight(string(text), "\r\n")
	if err := checkAdminToken(token); err != nil {
		return "", fmt.Errorf("admin.token_file: the token in %s %w", a.TokenFile, err)
	}
	return token, nil
}
