package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/api"
)

func (p *program) user() *cobra.Command {
	c := group("user", "Add, list and change users who log in")
	c.Long = "Add, list and change the users of a server, who log in at its page /login.\n" +
		"A password is typed, unseen, or read from standard input; it is never an argument."
	c.Example = examples(
		"printf 'correct horse battery' | tutorsocket user add anna",
		"tutorsocket user list",
		"tutorsocket user disable anna",
	)
	t := p.addTarget(c)
	c.AddCommand(p.userAdd(t), p.userList(t), p.userPasswd(t), p.userDisable(t), p.userEnable(t), p.userSet(t), p.userRemove(t), p.userSessions(t), p.userLogout(t))
	return c
}

func (p *program) userAdd(t *target) *cobra.Command {
	var n api.NewUser
	var fields []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "add LOGIN",
		Short: "Add a user",
		Long: "Add a user. The password is typed twice, unseen, or read from standard input. With --id the\n" +
			"user has that number, such as the one in WebTutor, as curUserID in scripts.",
		Example: examples(
			"printf 'correct horse battery' | tutorsocket user add anna",
			"tutorsocket user add anna --name 'Anna K.' --field org=7 < password.txt",
		),
		Args: exactly("the login"),
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if n.Fields, err = fieldsOf(fields); err != nil {
				return err
			}
			n.Login = args[0]
			return p.withPassword(c.Context(), t, asJSON, func(client *api.Client, password string) (api.User, error) {
				n.Password = password
				return client.AddUser(c.Context(), n)
			})
		},
	}
	c.Flags().StringVar(&n.Name, "name", "", "what others call the user")
	c.Flags().BoolVar(&n.Admin, "admin", false, "the user is an administrator")
	c.Flags().StringVar(&n.ID, "id", "", "`NUMBER` of the user (default: the server draws it)")
	addFields(c, &fields)
	addJSON(c, &asJSON)
	return c
}

func addFields(c *cobra.Command, fields *[]string) {
	c.Flags().StringArrayVar(fields, "field", nil, "`NAME=VALUE` that scripts find in curUser; may be given more than once")
}

// fieldsOf reads the flags --field.
func fieldsOf(list []string) (map[string]string, error) {
	fields := map[string]string{}
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return nil, usagef("--field is %q, it must be NAME=VALUE", entry)
		}
		fields[name] = value
	}
	return fields, nil
}

// withPassword asks for a new password before the server does anything with it, and shows the user.
func (p *program) withPassword(ctx context.Context, t *target, asJSON bool, do func(*api.Client, string) (api.User, error)) error {
	client, err := p.client(t)
	if err != nil {
		return err
	}
	password, err := p.newPassword(ctx)
	if err != nil {
		return err
	}
	u, err := do(client, password)
	if err != nil {
		return err
	}
	return p.printUser(u, asJSON)
}

// printUser shows a user that was added or changed.
func (p *program) printUser(u api.User, asJSON bool) error {
	if asJSON {
		return p.printJSON(u)
	}
	return p.printUsers([]api.User{u})
}

func (p *program) printUsers(users []api.User) error {
	if len(users) == 0 {
		fmt.Fprintf(p.Stdout, "no users; to add one: %s user add LOGIN\n", p.self())
		return nil
	}
	var rows [][]string
	for _, u := range users {
		var is []string
		if u.Admin {
			is = append(is, "administrator")
		}
		if u.Disabled {
			is = append(is, "disabled")
		}
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(u.Fields)) {
			fields = append(fields, name+"="+u.Fields[name])
		}
		rows = append(rows, []string{u.Login, u.ID, u.Name, strings.Join(is, ", "), strings.Join(fields, " ")})
	}
	return p.printTable([]string{"LOGIN", "ID", "NAME", "IS", "FIELDS"}, rows)
}

func (p *program) userList(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List the users", Long: "List the users, ordered by login.", Args: exactly(),
		Example: examples("tutorsocket user list", "tutorsocket user list --json"),
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			list, err := client.Users(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(list)
			}
			return p.printUsers(list.Items)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// userNamed is a command about the user whose login is its argument.
func (p *program) userNamed(t *target, c *cobra.Command, do func(ctx context.Context, client *api.Client, u api.User, asJSON bool) error) *cobra.Command {
	var asJSON bool
	c.Args, c.ValidArgsFunction = exactly("the login"), firstOnly(p.logins(t))
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := p.client(t)
		if err != nil {
			return err
		}
		u, err := p.userByLogin(c.Context(), client, args[0])
		if err != nil {
			return err
		}
		return do(c.Context(), client, u, asJSON)
	}
	addJSON(c, &asJSON)
	return c
}

func (p *program) userByLogin(ctx context.Context, client *api.Client, login string) (api.User, error) {
	u, ok, err := client.UserByLogin(ctx, login)
	if err == nil && !ok {
		err = fmt.Errorf("there is no user %q; see: %s user list", login, p.self())
	}
	return u, err
}

// userChange is a command that changes the user named.
func (p *program) userChange(t *target, c *cobra.Command, change func(ctx context.Context) (api.UserChange, error)) *cobra.Command {
	return p.userNamed(t, c, func(ctx context.Context, client *api.Client, u api.User, asJSON bool) error {
		what, err := change(ctx)
		if err != nil {
			return err
		}
		u, err = client.ChangeUser(ctx, u.ID, what)
		if err != nil {
			return err
		}
		return p.printUser(u, asJSON)
	})
}

func (p *program) userPasswd(t *target) *cobra.Command {
	return p.userChange(t, &cobra.Command{
		Use:   "passwd LOGIN",
		Short: "Give a user a new password",
		Long: "Give a user a new password, which is typed twice, unseen, or read from standard input. All\n" +
			"sessions of the user end, and their sockets are closed.",
		Example: examples("printf 'another horse battery' | tutorsocket user passwd anna"),
	}, func(ctx context.Context) (api.UserChange, error) {
		password, err := p.newPassword(ctx)
		return api.UserChange{Password: &password}, err
	})
}

func (p *program) userDisable(t *target) *cobra.Command {
	return p.userChange(t, &cobra.Command{
		Use: "disable LOGIN", Short: "Keep a user from logging in",
		Long:    "Keep a user from logging in. All sessions of the user end, and their sockets are closed.",
		Example: examples("tutorsocket user disable anna"),
	}, func(context.Context) (api.UserChange, error) {
		yes := true
		return api.UserChange{Disabled: &yes}, nil
	})
}

func (p *program) userEnable(t *target) *cobra.Command {
	return p.userChange(t, &cobra.Command{
		Use: "enable LOGIN", Short: "Let a user log in again", Long: "Let a user who was disabled log in again.",
		Example: examples("tutorsocket user enable anna"),
	}, func(context.Context) (api.UserChange, error) {
		no := false
		return api.UserChange{Disabled: &no}, nil
	})
}

func (p *program) userSet(t *target) *cobra.Command {
	var name string
	var admin bool
	var fields []string
	c := &cobra.Command{
		Use: "set LOGIN", Short: "Change the name, the rights or the fields of a user",
		Long: "Change the name, the rights or the fields of a user. What no flag names stays; --field replaces\n" +
			"all fields. Open sockets of the user are closed; clients that come back have what is new.",
		Example: examples("tutorsocket user set anna --name 'Anna K.'", "tutorsocket user set anna --admin=false --field org=7"),
	}
	p.userChange(t, c, func(context.Context) (api.UserChange, error) {
		var change api.UserChange
		if c.Flags().Changed("name") {
			change.Name = &name
		}
		if c.Flags().Changed("admin") {
			change.Admin = &admin
		}
		if c.Flags().Changed("field") {
			all, err := fieldsOf(fields)
			if err != nil {
				return change, err
			}
			change.Fields = &all
		}
		if change == (api.UserChange{}) {
			return change, usagef("nothing is to change: name --name, --admin or --field")
		}
		return change, nil
	})
	c.Flags().StringVar(&name, "name", "", "what others call the user")
	c.Flags().BoolVar(&admin, "admin", false, "the user is an administrator")
	addFields(c, &fields)
	return c
}

func (p *program) userRemove(t *target) *cobra.Command {
	return p.userNamed(t, &cobra.Command{
		Use: "remove LOGIN", Short: "Remove a user",
		Long:    "Remove a user. All sessions of the user end, and their sockets are closed.",
		Example: examples("tutorsocket user remove anna"),
	}, func(ctx context.Context, client *api.Client, u api.User, asJSON bool) error {
		if err := client.RemoveUser(ctx, u.ID); err != nil {
			return err
		}
		if asJSON {
			return p.printJSON(u)
		}
		fmt.Fprintln(p.Stdout, "removed", firstLine(u.Login))
		return nil
	})
}

func (p *program) userLogout(t *target) *cobra.Command {
	return p.userNamed(t, &cobra.Command{
		Use: "logout LOGIN", Short: "End all sessions of a user",
		Long:    "End all sessions of a user; their sockets are closed. The user may log in again.",
		Example: examples("tutorsocket user logout anna"),
	}, func(ctx context.Context, client *api.Client, u api.User, asJSON bool) error {
		u, err := client.ChangeUser(ctx, u.ID, api.UserChange{LogOut: true})
		if err != nil {
			return err
		}
		if asJSON {
			return p.printJSON(u)
		}
		fmt.Fprintln(p.Stdout, "logged out", firstLine(u.Login))
		return nil
	})
}

func (p *program) userSessions(t *target) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "sessions [LOGIN]", Short: "List who is logged in",
		Long:    "List the sessions that hold, of one user or of all: since when, from where, and until when.",
		Example: examples("tutorsocket user sessions", "tutorsocket user sessions anna --json"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly("the login")(nil, args)
			}
			return nil
		},
		ValidArgsFunction: firstOnly(p.logins(t)),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(t)
			if err != nil {
				return err
			}
			var u api.User
			if len(args) > 0 {
				if u, err = p.userByLogin(c.Context(), client, args[0]); err != nil {
					return err
				}
			}
			all, err := allSessions(c.Context(), client, u.ID)
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(all)
			}
			return p.printSessions(all.Items)
		},
	}
	addJSON(c, &asJSON)
	return c
}

// allSessions goes through the pages.
func allSessions(ctx context.Context, client *api.Client, userID string) (all api.List[api.Session], err error) {
	all.Items = []api.Session{}
	for after := ""; ; {
		page, err := client.Sessions(ctx, userID, after)
		if err != nil {
			return all, err
		}
		page.Items = append(all.Items, page.Items...)
		if all = page; page.Next == "" {
			return all, nil
		}
		after = page.Next
	}
}

func (p *program) printSessions(sessions []api.Session) error {
	if len(sessions) == 0 {
		fmt.Fprintln(p.Stdout, "no sessions")
		return nil
	}
	slices.SortStableFunc(sessions, func(a, b api.Session) int {
		if a.Login != b.Login {
			return strings.Compare(a.Login, b.Login)
		}
		return a.BegunAt.Compare(b.BegunAt)
	})
	var rows [][]string
	for _, s := range sessions {
		at := func(t time.Time) string { return t.Local().Format(time.DateTime) }
		rows = append(rows, []string{s.Login, at(s.BegunAt), at(s.SeenAt), at(s.EndsAt), s.Address, s.Agent})
	}
	return p.printTable([]string{"LOGIN", "SINCE", "SEEN", "UNTIL", "ADDRESS", "BROWSER"}, rows)
}

// logins offers logins.
func (p *program) logins(t *target) completer {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		found := p.ask(c, t, func(ctx context.Context, client *api.Client) ([]string, error) {
			list, err := client.Users(ctx)
			var logins []string
			for _, u := range list.Items {
				logins = append(logins, u.Login+"\t"+firstLine(u.Name))
			}
			return logins, err
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// newPassword asks for a password twice, or reads it from standard input: all of it but a line break at the
// end.
func (p *program) newPassword(ctx context.Context) (string, error) {
	if p.Screen.Secret == nil {
		text, err := p.readInput("the password")
		if err != nil {
			return "", err
		}
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		switch {
		case text == "":
			return "", errors.New("there is no password on standard input")
		case strings.ContainsAny(text, "\r\n"):
			return "", errors.New("the password on standard input has several lines")
		}
		return text, nil
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Once more: "} {
		fmt.Fprint(p.Stderr, prompt)
		text, err := p.Screen.Secret(ctx)
		fmt.Fprintln(p.Stderr) // the line break was not shown either
		if err != nil {
			return "", err
		}
		typed[i] = text
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}
