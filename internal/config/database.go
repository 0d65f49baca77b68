package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// databaseForm is how the address of a database looks.
const databaseForm = "postgres://user@host:5432/name?sslmode=verify-full"

var (
	errPasswordInFlag = errors.New("--database-url holds a password, which every user of this machine can read among the arguments of a process; " +
		"set JIRA_LIFECYCLE_DATABASE_URL or JIRA_LIFECYCLE_DATABASE_URL_FILE instead, or leave the password to PGPASSWORD or ~/.pgpass. Change the password if others use this machine")
	errDatabaseTwice = errors.New("--database-url and --database-url-file are both set; keep one of them")
)

// database gives the checked address of the journal's database: the flag, else the places of a secret. An error never repeats the
// address, since it may hold a password.
func (s *Sources) database(settings Settings) (Secret, error) {
	if flag := strings.TrimSpace(settings.DatabaseURL); flag != "" {
		switch {
		case holdsPassword(flag):
			return Secret{}, errPasswordInFlag
		case settings.DatabaseURLFile != "" && strings.TrimSpace(s.Getenv("JIRA_LIFECYCLE_DATABASE_URL_FILE")) == "":
			return Secret{}, errDatabaseTwice
		}
		return Secret{flag}, checkDatabase("--database-url", flag)
	}
	secret, err := s.secret(database, "JIRA_LIFECYCLE_DATABASE_URL_FILE", settings.DatabaseURLFile)
	if err != nil || secret.IsZero() {
		return Secret{}, err
	}
	return secret, checkDatabase("database-url (JIRA_LIFECYCLE_DATABASE_URL)", secret.text)
}

// checkDatabase refuses an address that pgx can't read, and one that would let the journal (people's names, the key of the confirmations)
// cross a network in the clear. What it reads besides is what a connection reads: PGSSLMODE and its like, the password file, certificates.
func checkDatabase(setting, address string) error {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return fmt.Errorf("%s is not the address of a PostgreSQL database; write it as %s", setting, databaseForm)
	}
	if _, hosts, path, query := dissect(address); strings.Contains(hosts+path+query, "@") { // part of a password would pass for a host
		return fmt.Errorf("%s holds an @ where none belongs; write the one in a user name or password as %%40, and / as %%2F", setting)
	}
	c, err := pgconn.ParseConfig(address)
	if err != nil {
		return fmt.Errorf("%s can't be used: %s; write it as %s, with special characters of a user name or password percent-encoded", setting, whyNot(address), databaseForm)
	}
	open := crossesInTheClear(c.Host, c.Port, c.TLSConfig != nil)
	for _, f := range c.Fallbacks {
		open = open || crossesInTheClear(f.Host, f.Port, f.TLSConfig != nil)
	}
	if open {
		return fmt.Errorf("%s names another machine and allows a connection without TLS; add sslmode=verify-full, or at least sslmode=require. "+
			"Without TLS only this machine is allowed: a loopback address, or a folder with the socket (host=/var/run/postgresql)", setting)
	}
	return nil
}

func crossesInTheClear(host string, port uint16, tls bool) bool {
	network, _ := pgconn.NetworkAddress(host, port)
	return !tls && network != "unix" && !isLoopback(host)
}

// whyNot gives pgx's reason for refusing an address. Since that may quote what was written, the question is asked again with the
// parameters alone, whose passwords are told by their names.
func whyNot(address string) string {
	const unsure = "it can't be read"
	_, _, _, query := dissect(address)
	values, err := url.ParseQuery(query)
	if err != nil {
		return unsure
	}
	values.Del("password")
	values.Del("sslpassword")
	values.Del("port")
	values.Set("host", "localhost")
	_, err = pgconn.ParseConfig("postgres:///?" + values.Encode())
	if cause := errors.Unwrap(err); cause != nil {
		return cause.Error()
	}
	return unsure
}

// holdsPassword tells whether there is a password in an address of a database.
func holdsPassword(address string) bool { return len(passwords(address)) > 0 }

// passwords gives the passwords in an address of a database, as they are written there.
func passwords(address string) []string {
	user, _, _, query := dissect(address)
	var found []string
	if _, password, _ := strings.Cut(user, ":"); password != "" {
		found = append(found, password)
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && (plain == "password" || plain == "sslpassword") && value != "" {
			found = append(found, value)
		}
	}
	return found
}

// databaseSecrets are the forms of an address and its passwords that a log could hold.
func databaseSecrets(address Secret) []string {
	if address.IsZero() {
		return nil
	}
	hide := []string{address.text}
	for _, password := range passwords(address.text) {
		hide = append(hide, password)
		if plain, err := url.PathUnescape(password); err == nil && plain != password {
			hide = append(hide, plain)
		}
	}
	return hide
}

// dissect takes an address apart as pgx does: what stands before the first @, with no slash before it, is the user and the password.
func dissect(address string) (user, hosts, path, query string) {
	_, hosts, _ = strings.Cut(address, "://")
	if i := strings.IndexAny(hosts, "@/"); i >= 0 && hosts[i] == '@' {
		user, hosts = hosts[:i], hosts[i+1:]
	}
	hosts, query, _ = strings.Cut(hosts, "?")
	hosts, path, _ = strings.Cut(hosts, "/")
	return user, hosts, path, query
}
