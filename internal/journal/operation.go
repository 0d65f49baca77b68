package journal

import (
	"encoding/json"
	"slices"
	"time"
)

// Status is how far an operation is.
type Status string

// The states of an operation. The first four are on the way, the others are ends.
const (
	AwaitingApproval Status = "awaiting_approval" // confirmed, and waits for a second person
	Scheduled        Status = "scheduled"         // confirmed, and waits for its time
	Queued           Status = "queued"            // to be run by whoever is free
	Running          Status = "running"
	Succeeded        Status = "succeeded"
	Partial          Status = "partial"
	Failed           Status = "failed"
	Cancelled        Status = "cancelled"
)

// Statuses lists the states in the order in which an operation may pass them.
func Statuses() []Status {
	return []Status{AwaitingApproval, Scheduled, Queued, Running, Succeeded, Partial, Failed, Cancelled}
}

// Ended tells whether an operation in this state is over, unless somebody resumes it.
func (s Status) Ended() bool { return slices.Contains(Statuses()[4:], s) }

// StepStatus is how far a step is.
type StepStatus string

// The states of a step. Running means that its write may have been sent; unknown that it was sent and could not be seen when the time for
// reading back was over.
const (
	StepPending StepStatus = "pending"
	StepRunning StepStatus = "running"
	StepDone    StepStatus = "done"
	StepAlready StepStatus = "already"
	StepFailed  StepStatus = "failed"
	StepSkipped StepStatus = "skipped"
	StepUnknown StepStatus = "unknown"
)

// Actor is who did something, as far as this process can know.
type Actor struct {
	Caller string `json:"caller"`            // the identity that confirmations are bound to, such as "local:1000"
	Client string `json:"client,omitempty"`  // the program that called, as it introduced itself; untrusted text
	OSUser string `json:"os_user,omitempty"` // the user of this process, and its host
	Call   string `json:"call,omitempty"`    // id of the call in the log
}

// Step is one step of an operation with what became of it.
type Step struct {
	Action string     `json:"action"`
	Target string     `json:"target"`
	Via    string     `json:"via,omitempty"`
	Status StepStatus `json:"status"`
	Detail string     `json:"detail"`
	// Before and After are what reads showed of the thing that the step changes, as small JSON objects; nil = not read.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	// Denied tells of a step that failed that the service said no to it.
	Denied bool `json:"denied,omitempty"`
	// RequestIDs are the service's own ids of the requests that wrote.
	RequestIDs []string `json:"request_ids,omitempty"`
	// Attempts counts how often the write was begun. More than one means that an earlier attempt was cut off, and that a read showed no effect.
	Attempts  int       `json:"attempts,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

// Confirmation is how a plan was agreed to.
type Confirmation struct {
	Means string    `json:"means"` // "token", or "person" when the client asked its user
	By    Actor     `json:"by"`
	At    time.Time `json:"at"`
	Shown string    `json:"shown"` // the plan in the words that were shown
}

// Approval is the second person's decision.
type Approval struct {
	Approved bool      `json:"approved"`
	By       Actor     `json:"by"`
	At       time.Time `json:"at"`
	Reason   string    `json:"reason,omitempty"`
}

// Operation is one change, from the moment it was agreed to. Its journal entry is written before anything is sent.
type Operation struct {
	ID     string `json:"operation_id"`
	Parent string `json:"parent,omitempty"` // the batch that it belongs to
	Kind   string `json:"kind"`             // the tool that asked for it
	// Key names whom it changes, such as "account:…" or "email:…". No two operations with one key run, or wait, at the same time.
	Key       string `json:"key"`
	AccountID string `json:"account_id,omitempty"`
	Email     string `json:"email,omitempty"`
	Label     string `json:"target"` // for people

	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
	Actor  Actor  `json:"actor"`

	CreatedAt   time.Time `json:"created_at"`
	EffectiveAt time.Time `json:"effective_at,omitzero"` // when it shall run; zero = at once
	StartedAt   time.Time `json:"started_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`

	PlanID       string        `json:"plan_id"`
	Confirmation *Confirmation `json:"confirmation,omitempty"`
	Approval     *Approval     `json:"approval,omitempty"`
	// Problem says why an operation ended without doing what was planned: a fault of package fault as JSON.
	Problem json.RawMessage `json:"problem,omitempty"`
	// StopOnError makes a batch cancel what has not begun when one of its people fails.
	StopOnError bool `json:"stop_on_error,omitempty"`

	// Request, Plan and Snapshot belong to package lifecycle: what was asked for, what was agreed to, and the state before the first write.
	Request  json.RawMessage `json:"request,omitempty"`
	Plan     json.RawMessage `json:"plan,omitempty"`
	Snapshot json.RawMessage `json:"snapshot,omitempty"`

	// CancelBy is who asked a running operation to stop before its next step.
	CancelBy *Actor `json:"cancel_by,omitempty"`

	// Owner and Epoch are the lease: which worker has it, and for the how-manieth time it was taken. Due is when somebody must look at it again:
	// the end of the lease, the time it is scheduled for, or the end of the wait for approval.
	Owner string    `json:"owner,omitempty"`
	Epoch int64     `json:"epoch"`
	Due   time.Time `json:"due,omitzero"`

	Steps []Step `json:"steps,omitempty"`
}
