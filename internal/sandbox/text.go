package sandbox

import "strings"

func trimJoin(parts ...string) string { return strings.TrimSpace(strings.Join(parts, " ")) }

func fold(s string) string { return strings.ToLower(s) }

// ownDomain tells whether the address is on the organization's verified domain.
func ownDomain(email string) bool {
	return strings.HasSuffix(fold(email), "@"+verifiedDomain)
}
