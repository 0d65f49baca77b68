package admin

import (
	"errors"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

// Reason is why something may not be done to an account. Values that are not below are kept as they come.
type Reason string

// The reasons of the user-management API.
const (
	ReasonAdministrative Reason = "administrative"           // only for administrators
	ReasonNotMyself      Reason = "administrative.notMyself" // an administrator, but not for their own account
	ReasonMyselfOnly     Reason = "myselfOnly"               // only the owner of the account
	ReasonManagedAccount Reason = "managedAccount"           // whoever manages the account
	ReasonSCIM           Reason = "externalDirectory.scim"   // the identity provider, by SCIM
	ReasonGoogle         Reason = "externalDirectory.google" // Google Workspace
	ReasonExportControl  Reason = "blocked.exportControl"    // blocked by export control
)

var words = map[Reason]string{
	ReasonAdministrative: "only an administrator may",
	ReasonNotMyself:      "nobody may do this to their own account",
	ReasonMyselfOnly:     "only the owner of the account may",
	ReasonManagedAccount: "only an organization admin of the account may",
	ReasonSCIM:           "an identity provider manages the account by SCIM: do it there, or through SCIM",
	ReasonGoogle:         "Google Workspace manages the account: do it in Google's admin console",
	ReasonExportControl:  "the account is blocked by export control, which only Atlassian can change",
}

// Words says a reason as the end of "not possible: …".
func (r Reason) Words() string {
	if s, ok := words[r]; ok {
		return s
	}
	if r == "" {
		return "the service gives no reason"
	}
	return "the service's reason is " + string(r)
}

// Why is the detail of a refusal: the reason of a 403 forbidden.action, the codes and messages of a 409 conflict.lifecycleErrors.
type Why struct {
	Reason Reason
	Errors []LifecycleError
}

// LifecycleError is one reason why an account can't be deleted.
type LifecycleError struct{ Code, Message, Link string }

// WhyOf reads the detail of a refusal; the zero value where there is none.
func WhyOf(err error) Why {
	var e *rest.Error
	if !errors.As(err, &e) || e.Detail == nil {
		return Why{}
	}
	w := Why{Reason: Reason(e.Detail.Reason)}
	for _, c := range e.Detail.Errors {
		w.Errors = append(w.Errors, LifecycleError(c))
	}
	return w
}
