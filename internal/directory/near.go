package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
)

// nearMatches searches for the start of what was asked and ranks what comes back by edit distance.
func nearMatches(ctx context.Context, client *jira.Client, asked string) ([]Candidate, error) {
	local, _, isEmail := strings.Cut(asked, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == ' ' || r == '.' || r == '_' || r == '-' })
	if len(words) == 0 {
		return nil, nil
	}
	prefix := []rune(words[0])
	users, err := client.SearchUsers(ctx, string(prefix[:min(len(prefix), 3)]), 0, searchDepth)
	if err != nil {
		return nil, err
	}
	type scored struct {
		user     jira.User
		distance int
	}
	var near []scored
	for _, u := range users {
		distance := editDistance(strings.ToLower(asked), strings.ToLower(u.DisplayName))
		if isEmail {
			distance = editDistance(strings.ToLower(strings.Join(words, " ")), strings.ToLower(u.DisplayName))
			if u.EmailAddress != "" {
				distance = min(distance, editDistance(strings.ToLower(asked), strings.ToLower(u.EmailAddress)))
			}
		}
		if distance <= max(2, len(asked)/4) {
			near = append(near, scored{u, distance})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return a.distance - b.distance })
	list := make([]jira.User, len(near))
	for i, n := range near {
		list[i] = n.user
	}
	return candidates(list[:min(len(list), 5)]), nil
}

// editDistance is Levenshtein's: the fewest insertions, deletions and replacements of runes that turn a into b.
func editDistance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(to)]
}
