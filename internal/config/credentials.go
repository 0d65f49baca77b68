package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// credentials gathers those of all services.
func (c *Config) credentials(s *Sources, settings Settings) {
	c.Jira, c.SCIM, c.Organization = s.jira(settings), s.scim(settings), s.organization(settings)
	if key := c.Organization.Key; !key.IsZero() && c.Organization.Missing == nil {
		switch key {
		case c.Jira.Token:
			c.Organization.Missing = notConfigured("The organization", []string{"ATLASSIAN_ORG_API_KEY is the same text as ATLASSIAN_API_TOKEN, and a person's API token opens no organization; " + howToMakeKeys})
		case c.SCIM.Token:
			c.Organization.Missing = notConfigured("The organization", []string{"ATLASSIAN_ORG_API_KEY is the same text as ATLASSIAN_SCIM_TOKEN, and a directory's token opens no organization; " + howToMakeKeys})
		}
	}
}

const howToMakeKeys = "an organization admin makes a key at admin.atlassian.com, Settings, API keys"

// jira gathers the site's credential.
func (s *Sources) jira(settings Settings) Jira {
	j := Jira{SiteURL: strings.TrimSpace(settings.SiteURL), Email: strings.TrimSpace(settings.Email), CloudID: strings.TrimSpace(settings.CloudID)}
	var problems, unset []string
	note := func(err error) {
		if err != nil {
			problems = append(problems, err.Error())
		}
	}
	var err error
	switch {
	case j.SiteURL == "":
		unset = append(unset, "ATLASSIAN_SITE_URL")
	default:
		j.SiteURL, err = address("ATLASSIAN_SITE_URL", j.SiteURL)
		note(err)
	}
	switch {
	case j.Email == "":
		unset = append(unset, "ATLASSIAN_EMAIL")
	case strings.Count(j.Email, "@") != 1 || strings.ContainsFunc(j.Email, func(r rune) bool { return r <= ' ' }) || strings.Contains(j.Email, ":"):
		note(errors.New("ATLASSIAN_EMAIL is not an e-mail address"))
	}
	j.Token, err = s.secret(apiToken, "ATLASSIAN_API_TOKEN_FILE", settings.APITokenFile)
	if note(err); err == nil && j.Token.IsZero() {
		unset = append(unset, "ATLASSIAN_API_TOKEN")
	}
	if j.CloudID != "" && !plainID(j.CloudID) {
		note(errors.New("ATLASSIAN_CLOUD_ID is not an id; leave it out to have it found"))
	}
	j.APIURL, err = address("ATLASSIAN_API_URL", settings.APIURL)
	note(err)
	if problems = append(problems, notSet(unset)...); len(problems) > 0 {
		j.Missing = notConfigured("Jira", problems)
	}
	return j
}

// scim gathers the directory's credential.
func (s *Sources) scim(settings Settings) SCIM {
	c := SCIM{DirectoryID: strings.TrimSpace(settings.SCIMDirectoryID)}
	var problems, unset []string
	var err error
	switch {
	case c.DirectoryID == "":
		unset = append(unset, "ATLASSIAN_SCIM_DIRECTORY_ID")
	case !plainID(c.DirectoryID):
		problems = append(problems, "ATLASSIAN_SCIM_DIRECTORY_ID is not an id; of the directory's base URL use only what follows /scim/directory/")
	}
	if c.Token, err = s.secret(scimToken, "ATLASSIAN_SCIM_TOKEN_FILE", settings.SCIMTokenFile); err != nil {
		problems = append(problems, err.Error())
	} else if c.Token.IsZero() {
		unset = append(unset, "ATLASSIAN_SCIM_TOKEN")
	}
	if c.BaseURL, err = address("ATLASSIAN_API_URL", settings.APIURL); err != nil {
		problems = append(problems, err.Error())
	}
	if problems = append(problems, notSet(unset)...); len(problems) > 0 {
		c.Missing = notConfigured("SCIM", problems)
	}
	return c
}

// organization gathers the organization's credential.
func (s *Sources) organization(settings Settings) Organization {
	o := Organization{ID: strings.TrimSpace(settings.OrgID)}
	var problems, unset []string
	var err error
	switch {
	case o.ID == "":
		unset = append(unset, "ATLASSIAN_ORG_ID")
	case !plainID(o.ID):
		problems = append(problems, "ATLASSIAN_ORG_ID is not an id; of the address of admin.atlassian.com use only what follows /o/, up to the next slash")
	}
	if o.Key, err = s.secret(orgKey, "ATLASSIAN_ORG_API_KEY_FILE", settings.OrgAPIKeyFile); err != nil {
		problems = append(problems, err.Error())
	} else if o.Key.IsZero() {
		unset = append(unset, "ATLASSIAN_ORG_API_KEY")
	}
	if o.BaseURL, err = address("ATLASSIAN_API_URL", settings.APIURL); err != nil {
		problems = append(problems, err.Error())
	}
	if problems = append(problems, notSet(unset)...); len(problems) > 0 {
		o.Missing = notConfigured("The organization", problems)
	}
	return o
}

// plainID reports whether a text looks, loosely, like the id of a site, a directory or an organization.
func plainID(text string) bool {
	return text != "" && len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
}

// notSet says in one sentence which settings are missing.
func notSet(names []string) []string {
	switch len(names) {
	case 0:
		return nil
	case 1:
		return []string{names[0] + " is not set"}
	}
	return []string{strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are not set"}
}

// address checks the address of a service: https, or http on loopback, and nothing but scheme and host. It returns the
// address without a slash at the end, and never repeats one that may hold a password.
func address(setting, text string) (string, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "/")
	u, err := url.Parse(text)
	host := strings.TrimPrefix(text, "//")
	switch {
	case strings.Contains(text, "@"):
		return "(hidden)", fmt.Errorf("%s holds an @; leave name and password out of it", setting)
	case !strings.Contains(text, "://"):
		return text, fmt.Errorf("%s has no scheme; write https://%s", setting, host)
	case err != nil || u.Host == "" || u.Hostname() == "":
		return text, fmt.Errorf("%s is not an address such as https://your-domain.atlassian.net", setting)
	case u.Scheme != "https" && u.Scheme != "http":
		return text, fmt.Errorf("%s has the scheme %s; use https", setting, u.Scheme)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return text, fmt.Errorf("%s is http, which would send the token in the clear; use https://%s", setting, u.Host)
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return text, fmt.Errorf("%s has more than the host; write %s://%s", setting, u.Scheme, u.Host)
	}
	return u.Scheme + "://" + u.Host, nil
}

// CheckLoopback refuses a listen address that is not host:port on this machine's loopback: there is no authentication yet.
func CheckLoopback(listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%q is not host:port, such as 127.0.0.1:8710", listen)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port between 0 and 65535", listen)
	} else if !isLoopback(host) {
		return fmt.Errorf("%q can be reached from other machines, and this server has no authentication; use 127.0.0.1:%d", listen, n)
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
