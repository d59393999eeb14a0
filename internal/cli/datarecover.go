package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tutorsocket/tutorsocket/internal/server"
)

// storeChecked is what "data recover --check --json" prints.
type storeChecked struct {
	Records int             `json:"records"`
	Damages []server.Damage `json:"damages"`
}

// storeRecovered is what "data recover --json" prints.
type storeRecovered struct {
	Parts []server.Recovery `json:"parts"`
}

func (p *program) dataRecover(t *target) *cobra.Command {
	var check, asJSON bool
	c := &cobra.Command{
		Use:   "recover",
		Short: "Keep what can be read of a damaged store",
		Long: "Keep what can be read of a damaged store, whose server does not start. The damaged files are\n" +
			"moved into a folder beside the store, the records in them that can be read are written anew,\n" +
			"and the server starts again. A value whose newest record is lost is missing or an older one.\n" +
			"With --check nothing is changed: it says what is damaged. A store that is whole stays as it is.",
		Example: examples(
			"tutorsocket data recover --check",
			"tutorsocket data recover --data .tutorsocket",
		),
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			if check {
				return p.checkStore(t.data, asJSON)
			}
			return p.recoverStore(t.data, asJSON)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "only say what is damaged; the exit code is 1 if anything is")
	addJSON(c, &asJSON)
	return c
}

func (p *program) checkStore(folder string, asJSON bool) error {
	damages, records, err := server.CheckStore(folder)
	if err != nil {
		return err
	}
	if asJSON {
		if err := p.printJSON(storeChecked{records, append([]server.Damage{}, damages...)}); err != nil {
			return err
		}
	} else {
		for _, d := range damages {
			fmt.Fprintf(p.Stdout, "%s: %s %s\n", d.Data, d.File, d.Text)
		}
	}
	if len(damages) > 0 {
		return errors.New("the store is damaged; without --check what can be read is kept")
	}
	if !asJSON {
		fmt.Fprintf(p.Stdout, "the store is whole: %s read\n", count(records, "record"))
	}
	return nil
}

func (p *program) recoverStore(folder string, asJSON bool) error {
	parts, err := server.RecoverStore(folder)
	if asJSON {
		return errors.Join(p.printJSON(storeRecovered{append([]server.Recovery{}, parts...)}), err)
	}
	for _, r := range parts {
		fmt.Fprintf(p.Stdout, "%s: %s kept, %s cannot be read\n", r.Data, count(r.Kept, "record"), count(int(r.Lost), "byte"))
		if r.Aside != "" {
			fmt.Fprintf(p.Stdout, "  the damaged files are in %s\n", r.Aside)
		}
	}
	if err == nil && len(parts) == 0 {
		fmt.Fprintln(p.Stdout, "the store is whole, nothing was done")
	}
	return err
}
