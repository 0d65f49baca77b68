// Package sandbox is a simulated Atlassian: one Jira Cloud site and one SCIM directory behind a loopback port, for demos, tests and
// benchmarks. It behaves as the real services are known to, also where that is awkward, and shares no code with this project's clients,
// so that a wrong idea cannot agree with itself.
//
// Addresses, below the server's URL:
//
//	/rest/api/3/…                      the site (classic API tokens)
//	/_edge/tenant_info                 the site's cloud id, public
//	/ex/jira/{cloudId}/rest/api/3/…    the gateway (scoped API tokens)
//	/scim/directory/{directoryId}/…    the SCIM directory (bearer)
//	/_sandbox/state|requests|faults    what happened, and what shall go wrong; no credential, loopback only
//
// The population is computed, not stored: account number i is a function of the seed and i, and so are the groups it is in. Only accounts
// that something changed are kept in memory. A million people therefore cost nothing until they are asked for.
package sandbox
