// Package sandbox is a simulated Atlassian: one Jira Cloud site, one SCIM directory and the organization of both behind a loopback port, for
// demos, tests and benchmarks. It behaves as the real services are known to, also where that is awkward, and shares no code with this project's clients,
// so that a wrong idea cannot agree with itself.
//
// Addresses, below the server's URL:
//
//	/rest/api/3/…                      the site (classic API tokens)
//	/_edge/tenant_info                 the site's cloud id, public
//	/ex/jira/{cloudId}/rest/api/3/…    the gateway (scoped API tokens)
//	/scim/directory/{directoryId}/…    the SCIM directory (bearer)
//	/admin/…                           the organization (bearer: an organization key)
//	/users/{accountId}/manage…         the management of a managed account (the same key)
//	/_sandbox/state|requests|faults    what happened, and what shall go wrong; no credential, loopback only
//	/_sandbox/organization             what the organization is like ([OrgKnobs]): GET, PUT
//	/_sandbox/holds[/next|/release]    requests that a fault of kind hold stopped: which, the next one once there is one, let it go on
//
// What is awkward on purpose: addresses are hidden in three ways (absent, null, ""); the list of all users has short pages, clamps maxResults,
// and names previously deleted, corrupted ("unknown"), app and customer accounts; a search finds active people by prefixes of what is visible and
// ends at the 1000th match; without the permission to browse users it is empty; account ids may hold a colon; group names are not unique once
// SCIM brought a group; GET /user expands fifty groups; POST /user answers 201 for somebody who has access and 400 for somebody who exists
// without; adding a member twice is 400 and removing one who is not in is 404; Jira refuses to change what SCIM manages; SCIM pages hold a
// hundred; a SCIM user outside the verified domain can be deactivated there without its account being so; a deleted SCIM user is 404 for good.
//
// The organization is awkward in its own ways: keys with scopes lack some; accounts of others, of a Google directory, of SCIM and with an
// unverified address are refused, each with its reason; suspending needs a JSON body; removals are queued; an organization admin is left alone;
// invitations fail for some of their addresses; what ended in June 2026 is 410; activity is a day late, of two sites, and absent for who never came;
// the audit log takes ten questions a minute and keeps 180 days; and DELETE on the list of API tokens revokes all of them. [OrgKnobs] say more.
//
// The options and the faults ([Fault]) add lag, latency, limits and failures.
//
// The population is computed, not stored: account number i is a function of the seed and i, and so are the groups it is in. Only accounts
// that something changed are kept in memory. A million people therefore cost nothing until they are asked for.
package sandbox
