package e2e

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mark3labs/mcp-go/mcp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/sandbox"
)

const vera = "vera.viewer@example.com" // managed, not SCIM; in jira-software-users

// lists makes the folder that lists of people are read from, with one file in it.
func lists(t *testing.T, name, text string) func(*setup) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return with("JIRA_LIFECYCLE_CSV_DIR", dir)
}

// offboarded is what the site holds of each person afterwards.
var offboarded = map[string]facts{
	jane: {OnSite: true, InSCIM: true}, petra: {OnSite: true, InSCIM: true}, alex2: {OnSite: true, InSCIM: true},
	sam: {OnSite: true}, manager: {OnSite: true}, vera: {OnSite: true},
}

func (s *site) wantOffboarded(t *testing.T, people ...string) {
	t.Helper()
	for _, email := range people {
		s.want(t, email, offboarded[email])
	}
}

// TestABatchIsOnePlanOneConfirmationAndOneOperation offboards three people together and looks at the record.
func TestABatchIsOnePlanOneConfirmationAndOneOperation(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			c := connect(t, s, over(transport))
			people := []string{jane, s.AccountID(sam), petra}
			arguments := args{"users": people, "reason": "HR-4711"}
			plan := c.call(t, "offboard_user", arguments)
			plan.wants(t, map[string]any{"status": "confirmation_required", "operation": nil, "plan.steps.#": 14, "plan.blockers": []string{}})
			plan.says(t, "3 people", "Jane Doe", "Sam Partner", "Petra Private", "release-managers", "partners", "finance", "Warnings")
			if sent := s.writes(); len(sent) != 0 {
				t.Fatalf("the plan wrote %v", sent)
			}
			token := plan.str("confirmation.token")
			for _, other := range [][]string{people[:2], {people[0], people[1], people[2], manager}, {jane}} {
				c.call(t, "offboard_user", args{"users": other, "reason": "HR-4711", "confirm": token}).wants(t, map[string]any{"code": "confirmation_invalid"})
			}
			c.call(t, "offboard_user", args{"user": jane, "confirm": token}).wants(t, map[string]any{"code": "confirmation_invalid"})

			arguments["confirm"] = token
			done := c.call(t, "offboard_user", arguments)
			done.wants(t, map[string]any{"status": "succeeded", "operation.status": "succeeded", "operation.steps.#": 3, "operation.reason": "HR-4711"})
			done.wantSteps(t, "operation.steps", "offboard_user Jane Doe (jane.doe@example.com): done", "offboard_user Sam Partner (sam.partner@partner.example): done", "offboard_user "+petraLabel(plan)+": done")
			s.wantOffboarded(t, jane, sam, petra)
			if sent := s.writes(); len(sent) != 11 {
				t.Errorf("sent %v", sent)
			}
			s.didOnce(t)
			c.call(t, "offboard_user", arguments).wants(t, map[string]any{"code": "confirmation_invalid"})

			whole := c.operation(t, done.id())
			whole.wants(t, map[string]any{"operation.status": "succeeded", "operation.people.#": 3, "operation.confirmation.means": "token", "operation.reason": "HR-4711"})
			c.call(t, "list_operations", args{}).wants(t, map[string]any{"operations.#": 1, "operations.0.operation_id": done.id()})
			own := c.call(t, "list_operations", args{"batch": done.id()})
			own.wants(t, map[string]any{"operations.#": 3})
			for _, id := range done.all("operation.steps", "operation_id") {
				c.operation(t, id).wants(t, map[string]any{"operation.status": "succeeded", "operation.batch": done.id(), "operation.reason": "HR-4711", "operation.steps.0.status": "done"})
			}
			c.call(t, "list_operations", args{"person": sam}).wants(t, map[string]any{"operations.#": 1, "operations.0.batch": done.id()})
			c.wantResult(t, whole.str("operation.result_uri"), done.all("operation.steps", "operation_id"), "succeeded")
		})
	}
}

// petraLabel is how the plan names the person whose e-mail Jira hides.
func petraLabel(plan answer) string {
	for _, person := range plan.all("plan.steps", "person") {
		if strings.HasPrefix(person, "Petra") {
			return person
		}
	}
	return ""
}

// wantResult reads the result of a batch as CSV.
func (c *session) wantResult(t *testing.T, uri string, ids []string, statuses ...string) {
	t.Helper()
	read := mcp.ReadResourceRequest{}
	read.Params.URI = uri
	got, err := c.ReadResource(t.Context(), read)
	if err != nil {
		t.Fatalf("read %q: %v", uri, err)
	}
	rows, err := csv.NewReader(strings.NewReader(got.Contents[0].(mcp.TextResourceContents).Text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(ids)+1 {
		t.Fatalf("%d rows for %d people: %v", len(rows), len(ids), rows)
	}
	for i, id := range ids {
		if row := rows[i+1]; !slices.Contains(row, id) || !slices.ContainsFunc(row, func(cell string) bool { return slices.Contains(statuses, cell) }) {
			t.Errorf("row %d is %q, want %s with one of %q", i+1, row, id, statuses)
		}
		for _, cell := range rows[i+1] {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
	}
}

// TestListsOfPeople has the people in a file, as a list, and both with what is said for all.
func TestListsOfPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, lists(t, "people.csv", "\ufeffuser,reason\r\n"+jane+",HR-1\r\n\r\n\""+s.AccountID(petra)+"\",\"HR-2; urgent\"\r\n"+alex2+",\r\n"))
	gone := c.change(t, "offboard_user", args{"csv_path": "people.csv", "reason": "HR-0"})
	gone.wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 3})
	s.wantOffboarded(t, jane, petra, alex2)
	var reasons []string
	for _, id := range gone.all("operation.steps", "operation_id") {
		reasons = append(reasons, c.operation(t, id).str("operation.reason"))
	}
	if diff := cmp.Diff([]string{"HR-1", "HR-2; urgent", "HR-0"}, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}

	c = connect(t, s, lists(t, "new.csv", "email;given_name;family_name;display_name;title;groups\nnina.new@example.com;Nina;New;=HYPERLINK(1);Engineer;finance\nolaf.new@example.com;Olaf;New;;;\n"))
	sent := len(s.writes())
	dry := c.call(t, "provision_user", args{"csv_path": "new.csv", "groups": []string{"engineering"}, "dry_run": true})
	dry.wants(t, map[string]any{"status": "planned", "operation": nil})
	if now := s.writes(); len(now) != sent {
		t.Errorf("a dry run wrote %v", now[sent:])
	}
	hired := c.change(t, "provision_user", args{"csv_path": "new.csv", "groups": []string{"engineering"}})
	hired.wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 2})
	in := facts{OnSite: true, Active: true, InSCIM: true, SCIMActive: true, Groups: []string{"engineering", "finance"}}
	s.want(t, "nina.new@example.com", in)
	in.Groups = []string{"engineering"}
	s.want(t, "olaf.new@example.com", in)
	c.wantResult(t, c.operation(t, hired.id()).str("operation.result_uri"), hired.all("operation.steps", "operation_id"), "succeeded")

	more := c.change(t, "provision_user", args{"people": []args{
		{"email": "pia.new@example.com", "given_name": "Pia", "family_name": "New", "groups": []string{"partners"}},
		{"email": jane, "given_name": "Jane", "family_name": "Doe"},
		{"email": manager, "given_name": "Max", "family_name": "Manager"},
	}})
	more.wants(t, map[string]any{"status": "succeeded"})
	in.Groups = []string{"partners"}
	s.want(t, "pia.new@example.com", in)
	in.Groups = nil
	s.want(t, jane, in)
	s.didOnce(t)
}

// TestNothingBeginsWhileAnythingIsWrong lists what is wrong with each person, by where they stand, and changes nobody.
func TestNothingBeginsWhileAnythingIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join(t, vera, "site-admins")
	busy := connect(t, s)
	waiting := busy.change(t, "offboard_user", args{"user": alex2, "effective_at": tomorrow()}) // in this one's journal
	s.changesNothing(t)
	type problem struct{ place, code, word string }
	tests := map[string]struct {
		tool string
		args args
		file string
		want []problem
	}{
		"texts of users": {"offboard_user", args{"users": []string{jane, "Jane Doe", "x@y@z", "jane\u200b.doe@example.com"}}, "", []problem{
			{"users[1]", "invalid_argument", "name"}, {"users[2]", "invalid_argument", "mail"}, {"users[3]", "invalid_argument", "users[3]"},
		}},
		"users": {"offboard_user", args{"users": []string{jane, "nobody.here@example.com", admin, "casey.customer@customer.example", s.AccountID(jane), "JANE.DOE@example.com", "dana.admin@example.com", petra}}, "", []problem{
			{"users[1]", "not_found", "Nobody found"},
			{"users[2]", "protected", "owner of the credential"},
			{"users[3]", "protected", "not a person"},
			{"users[4]", "invalid_argument", "the same person as in users[0]"},
			{"users[5]", "invalid_argument", "the same person as in users[0]"},
			{"users[6]", "protected", "break-glass-admins"},
		}},
		"two administrators": {"offboard_user", args{"users": []string{"boris.backup@example.com", jane, vera}}, "", []problem{{"users[2]", "protected", "administrator like the person in users[0]"}}},
		"a file": {"offboard_user", args{}, "user,reason\n" + jane + ",\n\nnobody.here@example.com,\n" + s.AccountID(jane) + ",again\n" + admin + ",me\n", []problem{
			{"line 4", "not_found", "Nobody found"}, {"line 5", "invalid_argument", "the same person as in line 2"}, {"line 6", "protected", "owner"},
		}},
		"texts and people": {"offboard_user", args{}, "user,reason\n" + jane + ",\nJane Doe,\nnobody.here@example.com,\n" + sam + "\n" + admin + ",\n", []problem{
			{"line 3", "invalid_argument", "name"}, {"line 4", "not_found", "Nobody found"}, {"line 5", "invalid_argument", "field"}, {"line 6", "protected", "owner"},
		}},
		"texts of a file": {"offboard_user", args{}, "user,reason\n" + jane + ",\nJane Doe,\n" + strings.ToUpper(jane) + ",\n" + sam + "\n", []problem{
			{"line 3", "invalid_argument", "name"}, {"line 4", "invalid_argument", "line 2"}, {"line 5", "invalid_argument", "field"},
		}},
		"people": {"provision_user", args{"people": []args{
			{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New", "groups": []string{"enginering"}},
			{"email": "NINA.new@example.com", "given_name": "Nina", "family_name": "New"},
			{"email": "olaf.new@example.com", "given_name": "Olaf", "family_name": "New", "groups": []string{"site-admins"}},
			{"email": "gast@partner.example", "given_name": "Gast", "family_name": "Gast", "groups": []string{"engineering"}},
			{"email": "pia.new@example.com", "given_name": "Pia", "family_name": "New"},
		}}, "", []problem{{"people[0]", "not_found", "enginering"}, {"people[2]", "protected", "administrators"}, {"people[3]", "conflict", "belongs to SCIM"}}},
		"the same newcomer": {"provision_user", args{"people": []args{
			{"email": "nina.new@example.com", "given_name": "Nina", "family_name": "New"}, {"email": "NINA.new@example.com", "given_name": "Nina", "family_name": "New"},
		}}, "", []problem{{"people[1]", "invalid_argument", "the same person as in people[0]"}}},
		"texts of people": {"provision_user", args{"people": []args{
			{"email": "nina", "given_name": "Nina", "family_name": "New"}, {"email": "olaf.new@example.com", "given_name": "Ol\u202eaf", "family_name": "New"},
		}}, "", []problem{{"people[0]", "invalid_argument", "mail"}, {"people[1]", "invalid_argument", "given_name"}}},
		"a file of newcomers": {"provision_user", args{}, "email,given_name,family_name,route,products\nnina.new@example.com,Nina,New,teleport,\nolaf.new@example.com,,New,,\npia.new@example.com,Pia,New,,confluence\n", []problem{
			{"line 2", "invalid_argument", "route"}, {"line 3", "invalid_argument", "given_name"}, {"line 4", "invalid_argument", "products"},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			arguments := tt.args
			c := busy
			if tt.file != "" {
				c = connect(t, s, lists(t, "list.csv", tt.file))
				arguments["csv_path"] = "list.csv"
			}
			got := c.call(t, tt.tool, arguments)
			got.wants(t, map[string]any{"code": "invalid_argument", "details.problems.#": len(tt.want)})
			places, codes, texts := got.all("details.problems", "place"), got.all("details.problems", "code"), got.all("details.problems", "problem")
			for i, want := range tt.want {
				if i >= len(places) || places[i] != want.place || codes[i] != want.code || !strings.Contains(places[i]+texts[i], want.word) {
					t.Errorf("problem %d, want %v\n%s", i, want, got.text)
				}
				got.says(t, want.place)
			}
			got.says(t, "Nothing was changed")
			if before := busy.call(t, "list_operations", args{"status": "open"}); before.str("operations.0.operation_id") != waiting.id() {
				t.Errorf("operations: %s", before.text)
			}
		})
	}
	t.Run("somebody who is busy", func(t *testing.T) {
		plan := busy.call(t, "offboard_user", args{"users": []string{jane, alex2}, "effective_at": tomorrow()})
		if plan.isError {
			plan.says(t, waiting.id())
			return
		}
		got := busy.call(t, "offboard_user", args{"users": []string{jane, alex2}, "effective_at": plan.str("effective_at"), "confirm": plan.str("confirmation.token")})
		if !got.isError {
			t.Errorf("a second one for %s was taken: %s", alex2, got.text)
		}
	})
}

// join puts somebody into a group of Jira, by hand.
func (s *site) join(t *testing.T, email, group string) {
	t.Helper()
	body := fmt.Sprintf(`{"accountId":%q}`, s.AccountID(email))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/rest/api/3/group/user?groupId="+s.GroupID(group, false), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(s.env["ATLASSIAN_EMAIL"], s.env["ATLASSIAN_API_TOKEN"])
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("add %s to %s: %s", email, group, res.Status)
	}
}

// TestTheBatchLimit refuses more people than the policy allows before anybody is looked up.
func TestTheBatchLimit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, with("JIRA_LIFECYCLE_BATCH_LIMIT", "2"), lists(t, "list.csv", "user\n"+jane+"\n"+sam+"\n"+petra+"\n"))
	for name, got := range map[string]answer{
		"users": c.call(t, "offboard_user", args{"users": []string{jane, sam, petra}}),
		"file":  c.call(t, "offboard_user", args{"csv_path": "list.csv"}),
		"people": c.call(t, "provision_user", args{"people": []args{
			{"email": "a@example.com", "given_name": "A", "family_name": "A"}, {"email": "b@example.com", "given_name": "B", "family_name": "B"}, {"email": "c@example.com", "given_name": "C", "family_name": "C"},
		}}),
	} {
		t.Run(name, func(t *testing.T) {
			got.wants(t, map[string]any{"code": "protected"})
			got.says(t, "JIRA_LIFECYCLE_BATCH_LIMIT", "the policy allows", "2")
		})
	}
	if sent := s.Requests(); len(sent) != 0 {
		t.Errorf("requests: %v", sent)
	}
	c.call(t, "offboard_user", args{"users": []string{jane, sam}}).wants(t, map[string]any{"status": "confirmation_required"})
}

// TestFilesOutsideOfTheFolder reads no other file, and none where no folder is set.
func TestFilesOutsideOfTheFolder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, lists(t, "list.csv", "user\n"+jane+"\n"))
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("user\n"+sam+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{secret, "../secret.csv", "..", ".", "/etc/passwd", "missing.csv", "list.csv/../../x.csv"} {
		got := c.call(t, "offboard_user", args{"csv_path": path})
		if !got.isError || strings.Contains(got.text, sam) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	got := connect(t, s).call(t, "offboard_user", args{"csv_path": "list.csv"})
	got.wants(t, map[string]any{"code": "not_configured"})
	got.says(t, "JIRA_LIFECYCLE_CSV_DIR")
	if sent := s.Requests(); len(sent) != 0 {
		t.Errorf("requests: %v", sent)
	}
}

// forbid has the site refuse to take one person out of groups.
func (s *site) forbid(t *testing.T, email string) {
	t.Helper()
	s.fault(t, sandbox.Fault{
		Kind: sandbox.FaultStatus, Status: http.StatusForbidden, Method: http.MethodDelete, Path: membershipPath, Query: "accountId=" + strings.ReplaceAll(s.AccountID(email), ":", "%3A"),
	})
}

// TestOneFailureDoesNotStopTheOthers has one person of four fail. The others are done, and a resume does what is left of that one.
func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	s.forbid(t, manager)
	got := c.change(t, "offboard_user", args{"users": []string{jane, manager, petra, sam}})
	got.wants(t, map[string]any{"status": "partial"})
	if diff := cmp.Diff([]string{"done", "failed", "done", "done"}, got.all("operation.steps", "status")); diff != "" {
		t.Errorf("people (-want +got):\n%s\n%s", diff, got.text)
	}
	got.says(t, got.all("operation.steps", "operation_id")[1])
	s.wantOffboarded(t, jane, petra, sam)
	if f := s.facts(t, manager); len(f.Groups) != 3 {
		t.Errorf("%s is in %v", manager, f.Groups)
	}
	c.operation(t, got.all("operation.steps", "operation_id")[1]).wants(t, map[string]any{"operation.status": "partial", "operation.steps.3.status": "failed"})

	s.ClearFaults()
	sent := len(s.writes())
	again := c.steer(t, got.id(), "resume")
	again.wants(t, map[string]any{"operation.operation_id": got.id(), "operation.status": "succeeded"})
	if now := s.writes()[sent:]; len(now) != 3 {
		t.Errorf("the resume sent %v", now)
	}
	s.wantOffboarded(t, jane, petra, sam, manager)
	s.didOnce(t)
	over := c.steer(t, got.id(), "resume")
	over.wants(t, map[string]any{"code": "conflict"})
}

// TestStopOnError begins nobody else once one has failed; a resume does them all.
func TestStopOnError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, with("JIRA_LIFECYCLE_MAX_CONCURRENCY", "1")) // at most two side by side
	s.refuse(t)
	people := []string{jane, manager, petra, sam}
	before := map[string]facts{}
	for _, email := range people {
		before[email] = s.facts(t, email)
	}
	got := c.change(t, "offboard_user", args{"users": people, "stop_on_error": true})
	failed := 0
	for i, status := range got.all("operation.steps", "status") {
		switch status {
		case "failed":
			failed++
		case "skipped":
			s.want(t, people[i], before[people[i]])
		default:
			t.Errorf("%s is %s", people[i], status)
		}
	}
	if failed == 0 || failed > 2 {
		t.Errorf("%d failed before the batch stopped\n%s", failed, got.text)
	}
	got.says(t, "stops on the first error")

	s.ClearFaults()
	c.steer(t, got.id(), "resume").wants(t, map[string]any{"operation.status": "succeeded"})
	s.wantOffboarded(t, people...)
	s.didOnce(t)
}

// TestCancellingABatch stops those who are at work before the next step, and begins nobody else.
func TestCancellingABatch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s, impatient, with("JIRA_LIFECYCLE_MAX_CONCURRENCY", "1")) // at most two side by side
	people := []string{jane, petra, alex2, alex}
	before := map[string]facts{}
	for _, email := range people {
		before[email] = s.facts(t, email)
	}
	plan := c.call(t, "offboard_user", args{"users": people})
	release := s.hold(t, http.MethodPatch, scimUserPath)
	got := c.call(t, "offboard_user", args{"users": people, "confirm": plan.str("confirmation.token")})
	got.wants(t, map[string]any{"status": "running"})
	s.held(t) // and whoever is at work beside it waits, as there is one request at a time
	c.call(t, "update_operation", args{"operation_id": got.id(), "action": "cancel", "reason": "wrong list"}).wants(t, map[string]any{"operation.status": "running"})
	release()
	over := c.becomes(t, got.id(), "partial")
	begun := 0
	for i, status := range over.all("operation.people", "status") {
		want := before[people[i]]
		if status == "failed" { // its first step was on its way
			begun++
			want.Active, want.SCIMActive = false, false
		} else if status != "skipped" {
			t.Errorf("%s is %s", people[i], status)
		}
		s.want(t, people[i], want)
	}
	over.says(t, "wrong list")
	if sent := s.writes(); len(sent) != begun || begun == 0 || begun > 2 {
		t.Errorf("%d were begun, and %v was sent", begun, sent)
	}
}

// TestABatchOfPeopleWhoAreDone makes no operation for whom there is nothing to do.
func TestABatchOfPeopleWhoAreDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := connect(t, s)
	c.change(t, "offboard_user", args{"users": []string{jane, alex2}}).wants(t, map[string]any{"status": "succeeded"})
	c.call(t, "offboard_user", args{"users": []string{jane, alex2}}).wants(t, map[string]any{"status": "succeeded", "operation": nil})
	got := c.call(t, "offboard_user", args{"users": []string{jane, petra}})
	got.says(t, "nothing to do")
	got = c.change(t, "offboard_user", args{"users": []string{jane, petra}})
	got.wants(t, map[string]any{"status": "succeeded", "operation.steps.#": 1})
	s.wantOffboarded(t, jane, alex2, petra)
	s.didOnce(t)
}
