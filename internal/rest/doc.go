// Package rest is the one HTTP core under the typed clients: it sends a request, repeats it where that is safe,
// paces all goroutines by what the service answers, walks pages, and turns every failure into an [*Error].
//
// It knows nothing of Jira or SCIM beyond the headers and error bodies that Atlassian's services share. Credentials
// belong to the [http.RoundTripper] in [Config], see package auth.
package rest
