package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Admin is what a development server leaves for client commands on the same
// machine.
type Admin struct {
	Server string `json:"server"` // URL
	Token  string `json:"token"`
}

// AdminFile returns the path of the file in a data folder.
func AdminFile(data string) string { return filepath.Join(data, "admin.json") }

// ReadAdminFile reads the file of a data folder. Without one the error wraps
// fs.ErrNotExist. A file may outlive a server that was killed.
func ReadAdminFile(data string) (Admin, error) {
	name := AdminFile(data)
	text, err := os.ReadFile(name)
	if err != nil {
		return Admin{}, fmt.Errorf("read where the server is: %w", err)
	}
	var a Admin
	if err := json.Unmarshal(text, &a); err != nil || a.Server == "" || a.Token == "" {
		return Admin{}, fmt.Errorf("%s does not say where a server is; start the server anew or remove the file", name)
	}
	return a, nil
}

// writeAdminFile replaces the file in one step: whoever reads it sees the old
// one or the new one, and nobody but the owner can.
func writeAdminFile(data string, a Admin) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode %s: %w", AdminFile(data), err)
	}
	tmp, err := os.CreateTemp(data, "admin-*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", AdminFile(data), err)
	}
	_, err = tmp.Write(append(text, '\n'))
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), AdminFile(data))
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the first error is the one to tell
		return fmt.Errorf("write %s: %w", AdminFile(data), err)
	}
	return nil
}

// removeAdminFile removes the file if it is still the one written with a.
func removeAdminFile(data string, a Admin) error {
	if now, err := ReadAdminFile(data); err != nil || now != a {
		return nil
	}
	if err := os.Remove(AdminFile(data)); err != nil {
		return fmt.Errorf("remove the address of the stopped server: %w", err)
	}
	return nil
}
