// Package review repeats the access audit without being asked: a report every so many days, kept for so many, and for each rule the batch that would follow
// from what the report found, put up for a person's approval. What it does stands in one YAML file.
//
// It belongs to the worker. Of several workers on one journal one makes the report that is due; when that one dies, another does. Nothing is changed without
// a person's approval, unless a rule says otherwise.
package review

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit"
)

// Plan is what a review file says.
type Plan struct {
	EveryDays     int    `yaml:"every_days"`     // 1 to 366
	KeepDays      int    `yaml:"keep_days"`      // 0 = for ever
	InactiveDays  int    `yaml:"inactive_days"`  // as in audit_active_users; 0 = its default
	ExportPath    string `yaml:"export_path"`    // in the CSV folder
	RosterPath    string `yaml:"roster_path"`    // in the CSV folder
	ConfirmRoster bool   `yaml:"confirm_roster"` // the roster is right although most people are not in it
	Rules         []Rule `yaml:"rules"`
}

// Rule prepares one batch from the findings of one kind.
type Rule struct {
	Name    string     `yaml:"name"`
	Finding audit.Code `yaml:"finding"`
	// ForDays is for how long the finding has to have stood in the reports without a gap; 0 = the new report is enough.
	ForDays int `yaml:"for_days"`
	// InGroups narrows the rule to people in one of these groups, by name.
	InGroups []string `yaml:"in_groups"`
	Except   Except   `yaml:"except"`
	// Then is offboard_user or remove_user_from_group.
	Then string `yaml:"then"`
	// Steps are the parts of an offboarding; empty = what the finding advises, or the usual ones.
	Steps []string `yaml:"steps"`
	// Groups are those to take people out of, by id or name; empty = what the finding advises.
	Groups []string `yaml:"groups"`
	// Apply has the change carried out without anybody's approval.
	Apply bool `yaml:"apply"`
}

// Except names whom a rule leaves alone.
type Except struct {
	People  []string `yaml:"people"`  // account ids and e-mails, whichever of their addresses that is
	Groups  []string `yaml:"groups"`  // by name
	Domains []string `yaml:"domains"` // of any of their e-mails
}

// What a rule can do.
const (
	thenOffboard = "offboard_user"
	thenRemove   = "remove_user_from_group"
)

// Every is the time between two reports.
func (p Plan) Every() time.Duration { return time.Duration(p.EveryDays) * 24 * time.Hour }

// Load reads a review file. Its errors name the file and, where they can, the line.
func Load(path string) (Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("read the review file: %w", err)
	}
	p, err := parse(data)
	if err != nil {
		return Plan{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parse(data []byte) (Plan, error) {
	var p Plan
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&p); errors.Is(err, io.EOF) {
		return Plan{}, errors.New("it is empty; every_days is needed")
	} else if err != nil {
		return Plan{}, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return p, p.check(linesOf(data))
}

var ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// check refuses what can't be meant.
func (p Plan) check(at lines) error {
	var errs []error
	within := func(name string, value, least, most int) {
		if value < least || value > most {
			errs = append(errs, fmt.Errorf("%s%s is %d; it must be between %d and %d", at.key(name), name, value, least, most))
		}
	}
	within("every_days", p.EveryDays, 1, 366)
	within("keep_days", p.KeepDays, 0, 3660)
	within("inactive_days", p.InactiveDays, 0, 3650)
	if p.KeepDays > 0 && p.KeepDays < p.EveryDays {
		errs = append(errs, errors.New(at.key("keep_days")+"keep_days is less than every_days: no report would be left to compare with"))
	}
	names := map[string]bool{}
	for i, r := range p.Rules {
		wrong := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: "+format, append([]any{at.rule(i)}, args...)...))
		}
		if !ruleName.MatchString(r.Name) {
			wrong("name is %q; give lower-case letters, digits and hyphens, such as dormant-seats", r.Name)
		}
		if names[r.Name] {
			wrong("there are two rules called %q", r.Name)
		}
		names[r.Name] = true
		known := slices.Contains(audit.Codes(), r.Finding)
		if !known {
			wrong("finding is %q, which no audit finds; there are %s", r.Finding, join(audit.Codes()))
		}
		if r.ForDays < 0 || p.KeepDays > 0 && r.ForDays > p.KeepDays {
			wrong("for_days is %d; it must be between 0 and keep_days", r.ForDays)
		}
		switch {
		case r.Then != thenOffboard && r.Then != thenRemove:
			wrong("then is %q; it must be %s or %s", r.Then, thenOffboard, thenRemove)
		case r.Then == thenOffboard && len(r.Groups) > 0:
			wrong("groups belongs to %s", thenRemove)
		case r.Then == thenRemove && len(r.Steps) > 0:
			wrong("steps belongs to %s", thenOffboard)
		case known && !audit.Mends(r.Finding, r.Then, len(r.Groups) > 0):
			wrong("%s does not mend %s: %s", r.Then, r.Finding, r.instead())
		}
		for _, step := range r.Steps {
			if !slices.Contains(parts, step) {
				wrong("there is no step %q for a rule; there are %s", step, strings.Join(parts, ", "))
			}
		}
	}
	return errors.Join(errs...)
}

// instead says what a rule whose tool does not mend its finding might be.
func (r Rule) instead() string {
	remedy := audit.Remedy(r.Finding)
	switch {
	case r.Then == thenRemove && audit.Mends(r.Finding, thenRemove, true):
		return fmt.Sprintf("that takes %s, or groups to take the people out of", remedy)
	case remedy == thenOffboard || remedy == thenRemove:
		return "that takes " + remedy
	default:
		return "it is for a person to look at"
	}
}

func join(codes []audit.Code) string {
	var b strings.Builder
	for i, c := range codes {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(c))
	}
	return b.String()
}
