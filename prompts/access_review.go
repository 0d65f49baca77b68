package prompts

import (
	_ "embed"

	"github.com/mark3labs/mcp-go/server"
)

//go:embed access_review.md
var accessReviewText string

func accessReview() server.ServerPrompt {
	return define("access-review", "Review who has access",
		"Audit every account of the site, explain the findings by severity, and prepare the changes that follow, each with its own confirmation.", accessReviewText,
		argument("focus", "what to look at first, such as external people", false))
}
