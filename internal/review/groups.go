package review

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// named is a group as a rule names it. Those to take people out of go by id or exact name; those that people are in, by name in any case.
type named struct {
	group string
	exact bool
}

func (n named) is(g jira.Group) bool {
	if n.exact {
		return n.group == g.Name || strings.EqualFold(n.group, g.ID)
	}
	return has([]string{n.group}, g.Name)
}

// groupsNamed are all groups that a rule names, whatever for.
func (r Rule) groupsNamed() []named {
	var all []named
	for _, group := range slices.Concat(r.InGroups, r.Except.Groups) {
		all = append(all, named{group, false})
	}
	for _, group := range r.Groups {
		all = append(all, named{group, true})
	}
	return all
}

// NamesGroups reports whether a rule names a group.
func (p Plan) NamesGroups() bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return len(r.groupsNamed()) > 0 })
}

// strangeGroups gives, for each rule of the plan, which of the groups that it names the site does not have. It walks the site's groups until all of them are found, and
// asks nothing where no rule names one.
func (p Plan) strangeGroups(ctx context.Context, site audit.Jira) ([][]string, error) {
	var missing []named
	for _, r := range p.Rules {
		missing = append(missing, r.groupsNamed()...)
	}
	if len(missing) > 0 {
		for page, err := range site.AllGroups(ctx, jira.GroupQuery{}, rest.PageOptions{}) {
			if err != nil {
				return nil, fmt.Errorf("read the groups of the site: %w", err)
			}
			missing = slices.DeleteFunc(missing, func(n named) bool { return slices.ContainsFunc(page, n.is) })
			if len(missing) == 0 {
				break
			}
		}
	}
	strange := make([][]string, len(p.Rules))
	for i, r := range p.Rules {
		for _, n := range r.groupsNamed() {
			if slices.Contains(missing, n) && !slices.Contains(strange[i], n.group) {
				strange[i] = append(strange[i], n.group)
			}
		}
	}
	return strange, nil
}

// CheckGroups tells what is wrong with the groups that the rules name: the site does not have them. wrong names the review file at path and the line; err is of the
// reading. A worker starts with such a file, and makes the report, but the rule does nothing until it is mended: those whom it excepts might not be.
func (p Plan) CheckGroups(ctx context.Context, path string, site audit.Jira) (wrong, err error) {
	strange, err := p.strangeGroups(ctx, site)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the review file: %w", err)
	}
	at := linesOf(data)
	var errs []error
	for i, names := range strange {
		if len(names) > 0 {
			errs = append(errs, fmt.Errorf("%s: %s: %s", path, at.rule(i), noSuchGroups(names)))
		}
	}
	return errors.Join(errs...), nil
}

func noSuchGroups(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return "the site has no group " + strings.Join(quoted, ", nor ") + "; list_groups shows those that there are"
}
