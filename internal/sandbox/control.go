package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// control serves the endpoints below /_sandbox/, for tests and for people who want to see what happened.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request, what string) {
	switch r.Method + " " + what {
	case "GET state":
		s.writeState(w)
	case "GET work":
		writeJSON(w, s.Work())
	case "GET requests":
		writeJSON(w, s.requests.list())
	case "DELETE requests":
		s.requests.clear()
		w.WriteHeader(http.StatusNoContent)
	case "GET faults":
		writeJSON(w, s.faults.list())
	case "POST faults":
		rules, err := readFaults(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.faults.add(rules...)
		writeJSON(w, s.faults.list())
	case "DELETE faults":
		s.faults.clear()
		w.WriteHeader(http.StatusNoContent)
	case "GET organization":
		writeJSON(w, s.Organization())
	case "PUT organization":
		s.putOrganization(w, r)
	case "GET holds":
		writeJSON(w, s.Holds())
	case "GET holds/next":
		s.nextHold(w, r)
	case "POST holds/release":
		s.releaseHold(w, r)
	default:
		http.Error(w, "sandbox: GET state, GET work, GET or DELETE requests, GET, POST or DELETE faults, GET holds, GET holds/next, POST holds/release, GET or PUT organization", http.StatusNotFound)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

// AddFault adds a rule to those in force, after them.
func (s *Sandbox) AddFault(f Fault) error {
	data, err := json.Marshal(f)
	if err == nil {
		f, err = decodeFault(data)
	}
	if err == nil {
		s.faults.add(f)
	}
	return err
}

// ClearFaults ends all rules.
func (s *Sandbox) ClearFaults() { s.faults.clear() }

// readFaults reads one rule or an array of them.
func readFaults(body io.Reader) ([]Fault, error) {
	data, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if err != nil {
		return nil, err
	}
	list := []json.RawMessage{data}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		if err := json.Unmarshal(data, &list); err != nil {
			return nil, err
		}
	}
	var rules []Fault
	for _, raw := range list {
		f, err := decodeFault(raw)
		if err != nil {
			return nil, err
		}
		rules = append(rules, f)
	}
	return rules, nil
}

// writeState writes what is so on the site, in the directory and in the organization, also what reads do not show yet. It is written piece by piece: a million
// people pass through without being held.
func (s *Sandbox) writeState(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(w, 1<<16)
	s.world.read(func(_, now *model) {
		_, _ = out.WriteString(`{"jira":{"users":[`)
		now.writeJiraUsers(out)
		_, _ = out.WriteString(`],"groups":[`)
		now.writeGroups(out, false)
		_, _ = out.WriteString(`]},"scim":{"users":[`)
		now.writeSCIMUsers(out)
		_, _ = out.WriteString(`],"groups":[`)
		now.writeGroups(out, true)
		_, _ = out.WriteString(`]},"organization":`)
		s.writeOrganization(now, out)
		_, _ = out.WriteString(`}`)
	})
	_ = out.Flush()
}

// separator returns a comma for all but the first call.
func separator() func(b []byte) []byte {
	first := true
	return func(b []byte) []byte {
		if first {
			first = false
			return b
		}
		return append(b, ',')
	}
}

func (m *model) writeJiraUsers(out *bufio.Writer) {
	next := separator()
	var room scratch
	for index := range m.next {
		a := m.look(index, &room)
		if !a.access {
			continue
		}
		b := next(out.AvailableBuffer())
		b = append(b, `{"accountId":`...)
		b = appendString(b, a.id)
		b = append(b, `,"emailAddress":`...)
		b = appendString(b, a.email)
		b = append(b, `,"displayName":`...)
		b = appendString(b, a.display)
		b = append(b, `,"active":`...)
		b = strconv.AppendBool(b, a.activeInJira())
		b = append(b, `,"accountType":`...)
		b = appendString(b, a.kind)
		if _, err := out.Write(append(b, '}')); err != nil {
			return // the client has gone
		}
	}
}

func (m *model) writeSCIMUsers(out *bufio.Writer) {
	next := separator()
	var room scratch
	m.eachMember(&m.directory, func(index int) {
		a := m.look(index, &room)
		b := next(out.AvailableBuffer())
		b = append(b, `{"id":`...)
		b = appendString(b, a.scim.id)
		b = append(b, `,"userName":`...)
		b = appendString(b, a.scim.profile.UserName)
		b = append(b, `,"active":`...)
		b = strconv.AppendBool(b, a.scim.profile.Active)
		b = append(b, `,"accountId":`...)
		b = appendString(b, a.id)
		_, _ = out.Write(append(b, '}'))
	})
}

// writeGroups writes the site's groups, or the directory's.
func (m *model) writeGroups(out *bufio.Writer, directory bool) {
	next := separator()
	var room scratch
	for _, g := range m.groups {
		if g.deleted || directory && !g.scim() {
			continue
		}
		b := next(out.AvailableBuffer())
		if directory {
			b = append(b, `{"id":`...)
			b = appendString(b, g.scimID)
			b = append(b, `,"displayName":`...)
		} else {
			b = append(b, `{"groupId":`...)
			b = appendString(b, g.id)
			b = append(b, `,"name":`...)
		}
		b = appendString(b, g.name)
		_, _ = out.Write(append(b, `,"members":[`...))
		comma := separator()
		m.eachMember(&g.members, func(index int) {
			a := m.look(index, &room)
			switch {
			case directory && a.scim != nil:
				_, _ = out.Write(appendString(comma(out.AvailableBuffer()), a.scim.id))
			case !directory && countsInJira(a, g):
				_, _ = out.Write(appendString(comma(out.AvailableBuffer()), a.id))
			}
		})
		_, _ = out.WriteString(`]}`)
	}
}

// eachMember calls each with every account of the roster.
func (m *model) eachMember(r *roster, each func(index int)) {
	for i := range r.segments {
		for k := range r.left(i) {
			each(r.at(&m.pop, i, k))
		}
	}
	for _, index := range r.extras {
		each(index)
	}
}
