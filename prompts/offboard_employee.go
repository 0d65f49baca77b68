package prompts

import (
	_ "embed"

	"github.com/mark3labs/mcp-go/server"
)

//go:embed offboard_employee.md
var offboardEmployeeText string

func offboardEmployee() server.ServerPrompt {
	return define("offboard-employee", "Offboard an employee",
		"End somebody's access: find the person, show the plan, apply it after agreement, tell what was done.", offboardEmployeeText,
		argument("user", "account id or e-mail of the person who leaves", true),
		argument("reason", "why, such as a ticket number", false))
}
