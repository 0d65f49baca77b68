// Package lifecycle is the write side: it plans a change, has it confirmed, applies it step by step and proves it by reading back.
//
// The parts are kept apart. An intent is what somebody asked for (intent.go); pure functions make its plan from facts and policy (plan_*.go). A step
// knows how to see whether its change is so and how to write it once (step.go). The executor runs the steps of a plan in order and records each
// in the journal (execute.go). Who runs an operation, at once or later, is run.go's; what people do with operations is in operations.go.
package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/directory"
)

// Action is what one step does.
type Action string

// The actions, in the order in which a plan may hold them: see stageOf.
const (
	Deactivate          Action = "deactivate"
	Reactivate          Action = "reactivate"
	Suspend             Action = "suspend"
	RestoreAccess       Action = "restore_access"
	CreateUser          Action = "create_user"
	InviteUser          Action = "invite_user"
	UpdateUser          Action = "update_user"
	AwaitAccount        Action = "await_account"
	RevokeToken         Action = "revoke_token"
	AddToGroup          Action = "add_to_group"
	RemoveFromGroup     Action = "remove_from_group"
	RemoveFromSite      Action = "remove_from_site"
	RemoveFromDirectory Action = "remove_from_directory"
	DeleteAccount       Action = "delete_account"
	CancelDeletion      Action = "cancel_account_deletion"
	CreateGroup         Action = "create_group"
	DeleteGroup         Action = "delete_group"
	Verify              Action = "verify"
)

// Via names the side that a step writes to.
type Via string

// The sides.
const (
	ViaSCIM         Via = "scim"
	ViaJira         Via = "jira"
	ViaOrganization Via = "organization"
	ViaNone         Via = ""
)

// Step is one planned change.
type Step struct {
	Action Action `json:"action"`
	Target string `json:"target" jsonschema:"the person or group that the step changes"`
	Detail string `json:"detail" jsonschema:"what the step does, in words"`
	Via    Via    `json:"via,omitempty" jsonschema:"the side that is written to: scim, jira or organization"`
	Person string `json:"person,omitempty" jsonschema:"in a batch: whose step it is"`

	group directory.Group
	token string // the id of the API token that is revoked
	from  string // the ids of the directories that somebody is removed from
	// transfer is what the step hands over, nil where it hands over nothing.
	transfer *transfer
}

// Subject is whom or what a plan changes.
type Subject struct {
	AccountID string `json:"account_id,omitempty"`
	SCIMID    string `json:"scim_id,omitempty"`
	GroupID   string `json:"group_id,omitempty"`
	Email     string `json:"email,omitempty"`
	Label     string `json:"label" jsonschema:"name and e-mail or id, for people"`

	// seekSCIM makes a read look the person up in SCIM by e-mail while the SCIM id is not known.
	seekSCIM bool
	// seekOrg and seekTokens make a read ask the organization for the account, and for its API tokens.
	seekOrg, seekTokens bool
	// group is the group that a plan creates or deletes, nil where the subject is a person.
	group *directory.Group
	// batch is a digest of the people of a batch, "" for one subject.
	batch string
}

// key names the subject in confirmations and in the journal: by the id that can't mean anybody else, or by the name of what is yet to be created.
func (s Subject) key() string {
	switch {
	case s.batch != "":
		return batchKey + s.batch
	case s.GroupID != "":
		return "group:" + s.GroupID
	case s.group != nil:
		return "groupname:" + strings.ToLower(s.group.Name)
	case s.AccountID != "":
		return "account:" + s.AccountID
	case s.SCIMID != "":
		return "scim:" + s.SCIMID
	}
	return "email:" + strings.ToLower(s.Email)
}

// Plan is what a call would change, for a person to read first.
type Plan struct {
	ID       string   `json:"plan_id"`
	Target   Subject  `json:"target"`
	Steps    []Step   `json:"steps" jsonschema:"in the order in which they run"`
	Warnings []string `json:"warnings"`
	Blockers []string `json:"blockers" jsonschema:"reasons why it can't be applied; empty when it can"`
	Undo     []string `json:"undo" jsonschema:"what can be put back afterwards, and what cannot"`
	// EffectiveAt is when it begins, in the zone in which it was asked for; zero is now.
	EffectiveAt time.Time `json:"effective_at,omitzero" jsonschema:"when it begins, if not now"`

	// Owned is what the person leaves behind. It is not part of what the plan changes: a new issue does not make another plan of it.
	Owned *Owned `json:"owned,omitempty" jsonschema:"of an offboarding: what the person leaves behind"`

	tool      string
	about     string // the phrase of what was asked for, where it is not the tool's
	successor string // account id of who takes over what is left behind, "" where nobody does
	site      string // where it is to be done
	org       string // the organization that has a part in it, "" where none has
	message   string // what somebody whose account is deactivated is shown
	followUps []string
	attrs     map[string]string // attributes that create_user and update_user write
	products  []string          // products of an invitation
	noGroups  bool              // the goal is that no group is left, not only that those of the plan are gone
	noTokens  bool              // the same of API tokens
	from      State             // what the plan was made from
	left      int               // how many people are left out of it, with the reason among the warnings
	powerless string            // why an account stays active that should not
	// tokensStay is why API tokens of the account are not revoked, where that is the key's fault or as it was asked for.
	tokensStay string
	widens     []string  // ids of groups by which an undo gives more access than the operation took
	adminOf    []string  // ids of the administrators' groups that the person leaves
	asked      time.Time // before anything was read for it
	people     []Plan    // of a batch: a plan a person, in the order in which they were named
}

// writes tells whether the plan changes anything.
func (p Plan) writes() bool {
	for _, s := range p.Steps {
		if s.Via != ViaNone {
			return true
		}
	}
	return false
}

// seal gives the plan its id: a digest of all that it would change, and of nothing else. Two plans with one id have the same effect.
func (p Plan) seal() Plan {
	type effect struct {
		Action Action
		Via    Via
		Group  string
		SCIM   string
		Token  string `json:",omitempty"`
		To     string `json:",omitempty"`
	}
	effects := make([]effect, 0, len(p.Steps))
	for _, s := range p.Steps {
		if s.Via == ViaNone {
			continue
		}
		e := effect{s.Action, s.Via, s.group.ID, s.group.SCIMID, s.token, ""}
		if s.from != "" {
			e.To = s.from
		}
		if s.transfer != nil { // of which kind, from whom and to whom: which things these are may change until it is done
			e.To = s.transfer.From + " " + s.transfer.To
		}
		if s.transfer == nil || len(effects) == 0 || effects[len(effects)-1] != e {
			effects = append(effects, e)
		}
	}
	p.Target.seekOrg = hasVia(p.Steps, ViaOrganization)
	p.Target.seekTokens = hasAction(p.Steps, RevokeToken)
	content, _ := json.Marshal([]any{p.tool, p.Target.key(), p.Target.SCIMID, effects, p.attrs, p.products, p.widens}) // strings only: always marshals
	sum := sha256.Sum256(content)
	p.ID = "plan-" + hex.EncodeToString(sum[:])[:32]
	for _, list := range []*[]string{&p.Warnings, &p.Blockers, &p.Undo} {
		if *list == nil {
			*list = []string{}
		}
	}
	if p.Steps == nil {
		p.Steps = []Step{}
	}
	return p
}

func subjectOf(p directory.Person) Subject {
	s := Subject{AccountID: p.AccountID, Email: p.Email, Label: p.Label()}
	if p.SCIM != nil {
		s.SCIMID = p.SCIM.ID
	}
	return s
}
