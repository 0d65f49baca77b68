package audit

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
)

// pageMerge reads the rows and the findings of a report side by side. The findings on a row stand together and in the order of the rows; those on
// no row stand before, between and behind them. They are put aside until the people are over.
type pageMerge struct {
	rows, findings *json.Decoder
	aside          *aside
	products       map[string]string // names by key
}

func (m *pageMerge) people(yield func(webpage.Person, error) bool) {
	for m.rows.More() {
		p, err := m.person()
		if !yield(p, err) || err != nil {
			return
		}
	}
	if err := m.rest(); err != nil {
		yield(webpage.Person{}, err)
	}
}

// person reads a row with its findings.
func (m *pageMerge) person() (webpage.Person, error) {
	var row Row
	if err := m.rows.Decode(&row); err != nil {
		return webpage.Person{}, fmt.Errorf("read the rows of the report: %w", err)
	}
	p := m.show(row)
	for len(p.Findings) < len(row.Findings) {
		var f Finding
		if err := m.findings.Decode(&f); err != nil {
			return p, fmt.Errorf("read the findings on %s: %w", row.AccountID, whole(err))
		}
		if f.AccountID != row.AccountID || f.Code != row.Findings[len(p.Findings)] {
			if err := m.aside.put(f); err != nil {
				return p, err
			}
			continue
		}
		shown, err := showFinding(f)
		if err != nil {
			return p, err
		}
		p.Findings = append(p.Findings, shown)
	}
	return p, nil
}

// whole makes the end of a file that ends too early an error that says so.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// rest puts aside what stands behind the findings of the last row.
func (m *pageMerge) rest() error {
	for m.findings.More() {
		var f Finding
		if err := m.findings.Decode(&f); err != nil {
			return fmt.Errorf("read the findings of the report: %w", err)
		}
		if err := m.aside.put(f); err != nil {
			return err
		}
	}
	return nil
}

// others gives what was put aside.
func (m *pageMerge) others(yield func(webpage.Finding, error) bool) {
	records, err := m.aside.read()
	if err != nil {
		yield(webpage.Finding{}, err)
		return
	}
	for records.More() {
		var f Finding
		if err := records.Decode(&f); err != nil {
			yield(webpage.Finding{}, err)
			return
		}
		shown, err := showFinding(f)
		shown.Subject = cmp.Or(f.Name, f.AccountID, "the site")
		if !yield(shown, err) || err != nil {
			return
		}
	}
}

// show is a row as the page has it.
func (m *pageMerge) show(r Row) webpage.Person {
	p := webpage.Person{
		AccountID: r.AccountID, Name: r.DisplayName, Email: r.Email, EmailSource: r.EmailSource, Type: r.AccountType, Active: r.Active,
		NeverActive: r.LastActive == never, Groups: r.Groups, Sources: r.Sources,
	}
	p.LastActive, _ = time.Parse(time.DateOnly, r.LastActive) // never, and not known, are no days
	for _, key := range r.Seats {
		p.Products = append(p.Products, cmp.Or(m.products[key], key))
	}
	if o := r.Organization; o != nil {
		p.Managed, p.Roles = o.Managed, o.Roles
		if o.Status != statusActive {
			p.Status = o.Status
		}
	}
	if r.Admin && len(p.Roles) == 0 {
		p.Roles = []string{"Administrator through a group"}
	}
	return p
}

// showFinding is a finding as the page has it. What is advised for every finding of its kind stands with the kind.
func showFinding(f Finding) (webpage.Finding, error) {
	shown := webpage.Finding{Code: string(f.Code), Severity: string(f.Severity), Detail: f.Detail}
	for _, e := range f.Evidence {
		shown.Evidence = append(shown.Evidence, webpage.Fact{Source: e.Source, Text: e.Fact})
	}
	if f.Advice != advice[f.Code] {
		shown.Advice = f.Advice
	}
	if f.Fix != nil {
		call, err := json.Marshal(f.Fix)
		if err != nil {
			return shown, err
		}
		shown.Call = string(call)
	}
	return shown, nil
}

// aside is a file for findings that are shown later, so that memory does not grow with them.
type aside struct {
	dir     *os.Root
	name    string
	file    *os.File
	buffer  *bufio.Writer
	records *json.Encoder
}

func newAside(dir *os.Root) (*aside, error) {
	name := partialPrefix + newID(time.Now())
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	b := bufio.NewWriter(f)
	return &aside{dir: dir, name: name, file: f, buffer: b, records: json.NewEncoder(b)}, nil
}

func (a *aside) put(f Finding) error { return a.records.Encode(f) }

// read gives what was put, from the beginning.
func (a *aside) read() (*json.Decoder, error) {
	if err := a.buffer.Flush(); err != nil {
		return nil, err
	}
	_, err := a.file.Seek(0, io.SeekStart)
	return json.NewDecoder(a.file), err
}

func (a *aside) close() error {
	return errors.Join(a.file.Close(), a.dir.Remove(a.name))
}
