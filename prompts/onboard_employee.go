package prompts

import (
	_ "embed"

	"github.com/mark3labs/mcp-go/server"
)

//go:embed onboard_employee.md
var onboardEmployeeText string

func onboardEmployee() server.ServerPrompt {
	return define("onboard-employee", "Onboard an employee",
		"Give somebody access: check who is there already, show what would happen, create or invite, add groups, verify.", onboardEmployeeText,
		argument("email", "work e-mail of the new person", true),
		argument("name", "given and family name", true),
		argument("groups", "groups that the person shall be in, separated by commas", false))
}
