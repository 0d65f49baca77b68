package tools

// All lists every tool, in the order in which they are shown. A new tool is one line here and one file beside it.
func All(d *Deps) []Tool {
	return []Tool{
		d.lookupUserTool(),
		d.searchUsersTool(),
		d.listGroupsTool(),
		d.listGroupMembersTool(),
		d.auditActiveUsersTool(),
		d.listLifecycleEventsTool(),
		d.provisionUserTool(),
		d.offboardUserTool(),
		d.restoreUserTool(),
		d.addUserToGroupTool(),
		d.removeUserFromGroupTool(),
		d.listOperationsTool(),
		d.getOperationTool(),
		d.updateOperationTool(),
		d.getServerStatusTool(),
		d.updateUserTool(),
		d.deleteUserTool(),
		d.createGroupTool(),
		d.deleteGroupTool(),
	}
}

// Hints of the kinds of tools. All of them deal with Atlassian, which is a world outside.
var (
	reads    = Hints{ReadOnly: true, Idempotent: true, OpenWorld: true}
	writes   = Hints{Idempotent: true, OpenWorld: true}
	destroys = Hints{Destructive: true, Idempotent: true, OpenWorld: true}
)
