package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/explain"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// mostListed bounds how many things the detail of a step names.
const mostListed = 20

// handover is the change of one transfer: it writes what is still with the one who leaves, thing by thing, and remembers what was refused.
type handover struct {
	service *Service
	estate  estate
	transfer

	mu      sync.Mutex
	refused map[string]error
}

// transferChange is change for a step that hands things over.
func (s *Service) transferChange(step Step) change {
	e, _ := estateOf(step.Action)
	h := &handover{service: s, estate: e, transfer: *step.transfer, refused: map[string]error{}}
	return change{
		so:      h.so,
		write:   func(ctx context.Context, _ *learned) error { return h.write(ctx) },
		outcome: h.outcome,
	}
}

// so tells that nothing is left to be written: each thing was looked at, and is not with the one who leaves any more, or was refused.
func (h *handover) so(st State) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Broken != "" {
		return false
	}
	for _, t := range h.Things {
		now, read := st.Holders[h.estate.action][t.ID]
		if !read || now.holder == h.From && h.refused[t.ID] == nil {
			return false
		}
	}
	return true
}

// write reads who has the things, a chunk at a time, and gives those to the successor that the one who leaves still has. A thing that somebody else has by
// now is left alone, and no thing is ever taken from everybody.
func (h *handover) write(ctx context.Context) error {
	if h.Broken != "" {
		return fault.New(fault.Conflict, "Hand it over to somebody else: call offboard_user with another transfer_to.", "%s", h.Broken)
	}
	client, err := h.service.directory.Jira()
	if err != nil {
		return err
	}
	h.service.survey.forget()
	defer h.service.survey.forget()
	h.mu.Lock()
	clear(h.refused)
	h.mu.Unlock()
	for chunk := range slices.Chunk(h.Things, h.estate.chunk) {
		holders, err := h.estate.holders(ctx, client, h.transfer, chunk)
		if err != nil {
			h.note(chunk, func(thing) error { return fmt.Errorf("it could not be looked at: %w", err) })
			continue
		}
		theirs := slices.DeleteFunc(slices.Clone(chunk), func(t thing) bool { return holders[t.ID].holder != h.From })
		if len(theirs) == 0 {
			continue
		}
		errs := h.estate.give(ctx, client, h.transfer, theirs)
		unclear := slices.DeleteFunc(slices.Clone(theirs), func(t thing) bool { return errs[t.ID] == nil || !doubtful(errs[t.ID]) })
		if len(unclear) > 0 { // an answer was lost: what did not take effect is sent once more
			if now, err := h.estate.holders(ctx, client, h.transfer, unclear); err == nil {
				still := slices.DeleteFunc(unclear, func(t thing) bool { return now[t.ID].holder != h.From })
				again := map[string]error{}
				if len(still) > 0 {
					again = h.estate.give(ctx, client, h.transfer, still)
				}
				for _, t := range still {
					errs[t.ID] = again[t.ID]
				}
			}
		}
		for _, err := range errs {
			if errors.Is(err, errStale) {
				return errStale
			}
		}
		h.note(theirs, func(t thing) error {
			if err := errs[t.ID]; err != nil && !doubtful(err) { // what is in doubt is read back
				return err
			}
			return nil
		})
	}
	return nil
}

func (h *handover) note(things []thing, why func(thing) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range things {
		if err := why(t); err != nil {
			h.refused[t.ID] = err
		}
	}
}

// outcome says what a transfer came to: done where nothing is left with whoever had it, failed where anything was refused, each with its reason, and
// unknown where what was accepted does not show.
func (h *handover) outcome(st State, err error) (StepStatus, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	holders := st.Holders[h.estate.action]
	var moved, others, open int
	var refused, renamed []string
	for _, t := range h.Things {
		switch now, read := holders[t.ID]; {
		case !read:
			open++
		case now.holder == h.To:
			moved++
			if now.name != "" && now.name != t.Name {
				renamed = append(renamed, "“"+t.Name+"” is called “"+now.name+"” now")
			}
		case now.holder != h.From:
			others++
		case h.refused[t.ID] != nil:
			refused = append(refused, t.Name+" ("+explain.Fault(h.refused[t.ID]).Message+")")
		default:
			open++
		}
	}
	if err != nil && moved == 0 && open == len(h.Things) && !doubtful(err) {
		return StepFailed, explainText(err)
	}
	text := h.estate.amount(moved) + " " + be(moved) + " with " + h.ToLabel
	if len(renamed) > 0 {
		text += "; " + listed(renamed)
	}
	if others > 0 {
		text += "; " + fmt.Sprint(others) + " went to somebody else meanwhile, or are gone, and were left alone"
	}
	if open > 0 {
		text += "; " + fmt.Sprint(open) + " may still come to show: look again in some minutes"
	}
	if len(refused) == 0 && open == 0 {
		return StepDone, text
	}
	if len(refused) == 0 {
		return StepUnknown, text
	}
	text += "; " + fmt.Sprint(len(refused)) + " refused: " + listed(refused)
	return StepFailed, text
}

// listed names the first of many.
func listed(texts []string) string {
	text := strings.Join(texts[:min(len(texts), mostListed)], ", ")
	if more := len(texts) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// amount is a number of things in words.
func (e estate) amount(n int) string {
	if n == 1 {
		return "1 " + e.one
	}
	return fmt.Sprintf("%d %s", n, e.its)
}

func be(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// held is what the record keeps of a transfer's things at one moment: which of them were with whom, under which names.
type held struct {
	From  []thing `json:"with_from"`
	To    []thing `json:"with_to"`
	Other []thing `json:"with_others,omitempty"`
}

// transferFacet is facet for a transfer, nil where the things were not looked at.
func transferFacet(step Step, st State) json.RawMessage {
	holders := st.Holders[step.Action]
	shown := held{From: []thing{}, To: []thing{}}
	for _, t := range step.transfer.Things {
		now, read := holders[t.ID]
		if now.name != "" {
			t.Name = now.name
		}
		switch {
		case !read:
			return nil
		case now.holder == step.transfer.From:
			shown.From = append(shown.From, t)
		case now.holder == step.transfer.To:
			shown.To = append(shown.To, t)
		default:
			shown.Other = append(shown.Other, t)
		}
	}
	data, _ := json.Marshal(shown) // texts only: always marshals
	return data
}

// movedBy reads from a step's record what it has handed over: what was with the one who leaves before it was written, and with the successor afterwards.
// Where it could not be read back it may be all of it.
func movedBy(step journal.Step) []thing {
	var before, after held
	if json.Unmarshal(step.Before, &before) != nil {
		return nil
	}
	if len(step.After) == 0 || json.Unmarshal(step.After, &after) != nil {
		return before.From
	}
	return slices.DeleteFunc(slices.Clone(before.From), func(t thing) bool {
		stays := slices.ContainsFunc(after.From, func(a thing) bool { return a.ID == t.ID })
		elsewhere := slices.ContainsFunc(after.Other, func(a thing) bool { return a.ID == t.ID })
		return elsewhere || stays && step.Status != StepUnknown
	})
}

// isTransfer tells whether an action hands things over.
func isTransfer(a Action) bool { _, ok := estateOf(a); return ok }

// sameTransfer tells whether two steps hand over the same kind of things from and to the same people. Which things these are may change until it is done.
func sameTransfer(a, b Step) bool {
	if a.transfer == nil || b.transfer == nil {
		return a.transfer == b.transfer
	}
	return a.transfer.From == b.transfer.From && a.transfer.To == b.transfer.To
}

// sameThings tells whether two plans hand over the very same things.
func sameThings(a, b Plan) bool {
	things := func(p Plan) map[string]bool {
		set := map[string]bool{}
		for _, s := range p.Steps {
			if s.transfer != nil {
				for _, t := range s.transfer.Things {
					set[string(s.Action)+" "+t.ID] = true
				}
			}
		}
		return set
	}
	return maps.Equal(things(a), things(b))
}
