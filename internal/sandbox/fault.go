package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The kinds of faults.
const (
	// FaultRateLimit answers 429 without effect. Reason is the RateLimit-Reason, jira-burst-based if empty.
	FaultRateLimit = "rate_limit"
	// FaultUnavailable answers 503 without effect.
	FaultUnavailable = "unavailable"
	// FaultStatus answers Status without effect, in the service's error shape.
	FaultStatus = "status"
	// FaultConflictSlow answers 409 without effect, as users/search does when it takes over ten seconds: to requests whose maxResults is
	// above Max, or to all if Max is 0.
	FaultConflictSlow = "conflict_slow"
	// FaultResetBefore resets the connection without effect.
	FaultResetBefore = "reset_before"
	// FaultResetAfter does what was asked, then resets the connection.
	FaultResetAfter = "reset_after"
	// FaultSlowBody sends half of the true body, and the rest DelayMS later.
	FaultSlowBody = "slow_body"
	// FaultCutJSON sends half of the true body as if it were all.
	FaultCutJSON = "cut_json"
	// FaultCutBody sends half of the true body and closes the connection.
	FaultCutBody = "cut_body"
	// FaultHTML answers an HTML page without effect, with Status, 200 if 0: what a proxy or a login page says.
	FaultHTML = "html"
	// FaultBigBody answers MB megabytes of JSON without effect; 64 if 0.
	FaultBigBody = "big_body"
	// FaultDelay waits DelayMS, then answers.
	FaultDelay = "delay"
	// FaultNearLimit adds the headers of a limit that is nearly reached to the true answer.
	FaultNearLimit = "near_limit"
	// FaultClampPage serves at most Max items a page, whatever the request asks for.
	FaultClampPage = "clamp_page"
	// FaultInviteQuirk makes POST /user answer 400 "User could not be created" although the account was created.
	FaultInviteQuirk = "invite_quirk"
	// FaultSCIMAccountLate makes a created SCIM user learn its account id DelayMS later; 0 is never.
	FaultSCIMAccountLate = "scim_account_late"
	// FaultCursorExpired makes the organization's cursors expired ones: 400 to requests that bring one.
	FaultCursorExpired = "cursor_expired"
	// FaultHold stops the request at Stage until [Sandbox.Release], or POST /_sandbox/holds/release, lets it go on, and for DelayMS at most, a
	// minute if 0. With Freeze all requests that come meanwhile wait, too. [Sandbox.NextHold] and GET /_sandbox/holds/next tell of it.
	FaultHold = "hold"
)

var faultKinds = []string{
	FaultRateLimit, FaultUnavailable, FaultStatus, FaultConflictSlow, FaultResetBefore, FaultResetAfter, FaultSlowBody, FaultCutJSON,
	FaultCutBody, FaultHTML, FaultBigBody, FaultDelay, FaultNearLimit, FaultClampPage, FaultInviteQuirk, FaultSCIMAccountLate, FaultCursorExpired,
	FaultHold,
}

// Fault is a rule: which requests go wrong, and how. The first rule that strikes a request decides.
type Fault struct {
	Kind string `json:"kind"`
	// Method is an HTTP method, "" any.
	Method string `json:"method,omitempty"`
	// Path is compared segment by segment with the beginning of the request's path, below the gateway's prefix: {anything} stands for one
	// segment, a $ at the end asks for the whole path. "" is every path.
	Path string `json:"path,omitempty"`
	// Query has to be part of the raw query.
	Query string `json:"query,omitempty"`
	// Skip is how many matching requests pass first; of those that follow every Every-th is struck (0 and 1: each), Times times (0: forever).
	Skip  int `json:"skip,omitempty"`
	Every int `json:"every,omitempty"`
	Times int `json:"times,omitempty"`

	Status int `json:"status,omitempty"`
	// RetryAfter is the header's value; without it there is none.
	RetryAfter string `json:"retry_after,omitempty"`
	Reason     string `json:"reason,omitempty"`
	NearLimit  bool   `json:"near_limit,omitempty"`
	DelayMS    int    `json:"delay_ms,omitempty"`
	Max        int    `json:"max,omitempty"`
	MB         int    `json:"mb,omitempty"`
	Stage      string `json:"stage,omitempty"`
	Freeze     bool   `json:"freeze,omitempty"`

	// Seen and Struck count matching requests and those that the rule struck.
	Seen   int `json:"seen"`
	Struck int `json:"struck"`
}

// ParseFault reads a rule such as "kind=rate_limit,method=GET,path=/rest/api/3/users/search,every=10,retry_after=1": the JSON names of
// [Fault]'s fields.
func ParseFault(text string) (Fault, error) {
	fields := map[string]any{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return Fault{}, fmt.Errorf("fault %q: %q is not of the form name=value", text, part)
		}
		switch key {
		case "skip", "every", "times", "status", "delay_ms", "max", "mb":
			n, err := strconv.Atoi(value)
			if err != nil {
				return Fault{}, fmt.Errorf("fault %q: %s must be a whole number", text, key)
			}
			fields[key] = n
		case "near_limit", "freeze":
			if value != "true" && value != "false" {
				return Fault{}, fmt.Errorf("fault %q: %s must be true or false", text, key)
			}
			fields[key] = value == "true"
		default:
			fields[key] = value
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", text, err)
	}
	return decodeFault(data)
}

// decodeFault reads one rule from JSON and checks it.
func decodeFault(data []byte) (Fault, error) {
	var f Fault
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return Fault{}, fmt.Errorf("fault %s: %w", data, err)
	}
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return Fault{}, fmt.Errorf("fault kind %q: it must be one of %s", f.Kind, strings.Join(faultKinds, ", "))
	case f.Skip < 0 || f.Every < 0 || f.Times < 0 || f.DelayMS < 0 || f.Max < 0 || f.MB < 0:
		return Fault{}, fmt.Errorf("fault %s: numbers must not be negative", f.Kind)
	case f.Kind == FaultStatus && (f.Status < 200 || f.Status > 599):
		return Fault{}, fmt.Errorf("fault %s: status must be 200 to 599", f.Kind)
	case f.Kind == FaultHold && !slices.Contains([]string{StageBefore, StageDuring, StageAfter}, f.Stage):
		return Fault{}, fmt.Errorf("fault %s: stage %q must be %s (it takes effect), %s (its answer is not sent) or %s (the whole answer was sent)",
			f.Kind, f.Stage, StageBefore, StageDuring, StageAfter)
	case f.Kind != FaultHold && (f.Stage != "" || f.Freeze):
		return Fault{}, fmt.Errorf("fault %s: stage and freeze belong to the kind %s", f.Kind, FaultHold)
	}
	f.Seen, f.Struck = 0, 0
	return f, nil
}

// faults are the rules in force.
type faults struct {
	mu    sync.Mutex
	rules []*Fault
}

func (f *faults) add(rules ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range rules {
		f.rules = append(f.rules, &rule)
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, 0, len(f.rules))
	for _, rule := range f.rules {
		list = append(list, *rule)
	}
	return list
}

// strike returns the rule that the request falls under, or the zero Fault. Every rule that matches counts it; path is the gateway's prefix off.
func (f *faults) strike(r *http.Request, path string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var struck Fault
	for _, rule := range f.rules {
		if !rule.matches(r, path) {
			continue
		}
		rule.Seen++
		after := rule.Seen - rule.Skip
		if struck.Kind != "" || after <= 0 || after%max(rule.Every, 1) != 0 || rule.Times > 0 && rule.Struck >= rule.Times {
			continue
		}
		rule.Struck++
		struck = *rule
	}
	return struck
}

func (f *Fault) matches(r *http.Request, path string) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, r.Method) || !strings.Contains(r.URL.RawQuery, f.Query) {
		return false
	}
	if f.Kind == FaultConflictSlow && f.Max > 0 {
		// A page without a size has Jira's default of fifty.
		size, err := strconv.Atoi(r.URL.Query().Get("maxResults"))
		if err != nil {
			size = 50
		}
		if size <= f.Max {
			return false
		}
	}
	template, whole := strings.CutSuffix(f.Path, "$")
	template = strings.Trim(template, "/")
	if template == "" {
		return !whole
	}
	wanted, got := strings.Split(template, "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(got) < len(wanted) || whole && len(got) != len(wanted) {
		return false
	}
	for i, segment := range wanted {
		if segment != got[i] && !(strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}")) {
			return false
		}
	}
	return true
}
