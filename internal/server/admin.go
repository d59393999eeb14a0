package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Admin is what a development server leaves for client commands on the same
// machine.
type Admin struct {
	Server string `json:"server"`          // URL
	Admin  string `json:"admin,omitempty"` // URL of the listener for administrators; "": they use Server
	Token  string `json:"token"`
}

// API is the URL of the listener where the whole HTTP API is.
func (a Admin) API() string { return cmp.Or(a.Admin, a.Server) }

// AdminFile returns the path of the file in a data folder.
func AdminFile(data string) string { return filepath.Join(data, "admin.json") }

// ReadAdminFile reads the file of a data folder. Without one the error wraps
// fs.ErrNotExist. A file may outlive a server that was killed.
func ReadAdminFile(data string) (Admin, error) {
	name := AdminFile(data)
	text, err := os.ReadFile(name)
	if err != nil {
		return Admin{}, fmt.Errorf("%s, which says where the server is, cannot be read (%w)", name, reason(err))
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
	name := AdminFile(data)
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder, where the address of the server is to be; remove it or choose another folder with --data", name)
	}
	tmp, err := os.CreateTemp(data, "admin-*.tmp") // mode 0600
	if err != nil {
		return unwritable(name, err)
	}
	_, err = tmp.Write(append(text, '\n'))
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the first error is the one to tell
		return unwritable(name, err)
	}
	return nil
}

func unwritable(name string, err error) error {
	return fmt.Errorf("%s cannot be written (%w); choose another folder with --data", name, reason(err))
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
