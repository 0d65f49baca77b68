package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const databaseVariable = "JIRA_LIFECYCLE_DATABASE_URL"

// noPostgresEnvironment takes away what a developer's own PostgreSQL tools may have set.
func noPostgresEnvironment(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "PG") {
			t.Setenv(name, "") // so that it is put back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PGPASSFILE", filepath.Join(t.TempDir(), "none"))
}

func TestDatabaseAddresses(t *testing.T) {
	noPostgresEnvironment(t)
	const refused, clear = "can't be used", "allows a connection without TLS; add sslmode=verify-full"
	for name, tt := range map[string]struct{ address, want string }{
		"a socket":                         {"postgres:///db?host=/var/run/postgresql", ""},
		"the default socket or loopback":   {"postgresql:///db", ""},
		"loopback without TLS":             {"postgres://jira:hunter2@127.0.0.1:5433/db?sslmode=disable", ""},
		"loopback by name":                 {"postgres://jira:hunter2@localhost/db", ""},
		"loopback IPv6":                    {"postgres://jira@[::1]:5432/db", ""},
		"another machine with TLS":         {"postgres://jira:hunter2@db.example.com/db?sslmode=require", ""},
		"another machine, checked":         {"postgres://jira:hunter2@db.example.com/db?sslmode=verify-full", ""},
		"two machines with TLS":            {"postgres://jira:hunter2@a.example.com:5432,b.example.com:5432/db?sslmode=verify-full", ""},
		"an encoded password":              {"postgres://jira:hunter2%40%2F@localhost/db", ""},
		"a password with a question mark":  {"postgres://jira:hunter2?x@localhost/db", ""},
		"another machine":                  {"postgres://jira:hunter2@db.example.com/db", clear},
		"another machine, TLS if it can":   {"postgres://jira:hunter2@db.example.com/db?sslmode=prefer", clear},
		"another machine, TLS if it must":  {"postgres://jira:hunter2@db.example.com/db?sslmode=allow", clear},
		"another machine without TLS":      {"postgres://jira:hunter2@10.0.0.5/db?sslmode=disable", clear},
		"another machine as a parameter":   {"postgres:///db?host=db.example.com&password=hunter2", clear},
		"one of two is another machine":    {"postgres://localhost,db.example.com/db?sslmode=disable", clear},
		"another database":                 {"mysql://jira:hunter2@localhost/db", "is not the address of a PostgreSQL database; write it as postgres://user@host"},
		"keywords":                         {"host=localhost password=hunter2", "holds spaces"},
		"one keyword":                      {"password=hunter2", "is not the address of a PostgreSQL database"},
		"no scheme":                        {"jira:hunter2@localhost/db", "is not the address of a PostgreSQL database"},
		"an @ in the password":             {"postgres://jira:x@hunter2@localhost/db", "holds an @ where none belongs; write the one in a user name or password as %40"},
		"an @ behind a slash":              {"postgres://jira:1/hunter2@localhost/db", "holds an @ where none belongs"},
		"a slash in the password":          {"postgres://jira:hunter2/x@localhost/db", "holds an @ where none belongs"},
		"the port is no number":            {"postgres://jira:hunter2", refused},
		"half an encoding":                 {"postgres://jira:hunter2%4@localhost/db", refused},
		"half an encoding as a parameter":  {"postgres:///db?password=hunter2%4", refused},
		"an unknown mode":                  {"postgres://jira:hunter2@localhost/db?sslmode=maybe", "can't be used: sslmode is invalid"},
		"a certificate that is not there":  {"postgres://jira:hunter2@localhost/db?sslmode=verify-full&sslrootcert=/no/such", "/no/such"},
		"a port that is no number":         {"postgres://jira:hunter2@localhost:x/db", refused},
		"a password parameter and a fault": {"postgres://localhost/db?password=hunter2&sslmode=maybe", "sslmode is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, nil, home(t, "", map[string]string{databaseVariable: tt.address}))
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want == "" && c.DatabaseURL.Reveal() != tt.address:
				t.Errorf("kept %q", c.DatabaseURL.Reveal())
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), databaseVariable)):
				t.Errorf("error %v, want %q and the setting", err, tt.want)
			}
			if printed := fmt.Sprintf("%v %+v %#v", err, c, c); strings.Contains(printed, "hunter2") {
				t.Errorf("the password is printed: %s", printed)
			}
		})
	}
}

func TestWhereTheDatabaseAddressComesFrom(t *testing.T) {
	noPostgresEnvironment(t)
	file := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(file, []byte("postgres://u:hunter2@localhost/file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const fromEnv, fromFlag, fromYAML = "postgres://u:hunter2@localhost/env", "postgres://u@localhost/flag", "database-url: postgres://u:hunter2@localhost/yaml\n"
	for name, tt := range map[string]struct {
		args []string
		yaml string
		env  map[string]string
		want string // the end of the address, or what the error holds
	}{
		"nowhere":                     {nil, "", nil, ""},
		"the flag":                    {[]string{"--database-url", fromFlag}, fromYAML, map[string]string{databaseVariable: fromEnv}, "/flag"},
		"the environment":             {nil, fromYAML, map[string]string{databaseVariable: fromEnv}, "/env"},
		"a file":                      {[]string{"--database-url-file", file}, fromYAML, nil, "/file"},
		"a file by the environment":   {nil, "", map[string]string{databaseVariable + "_FILE": file}, "/file"},
		"the settings file":           {nil, fromYAML, nil, "/yaml"},
		"a flag beats the file's":     {[]string{"--database-url", fromFlag}, "", map[string]string{databaseVariable + "_FILE": file}, "/flag"},
		"two flags":                   {[]string{"--database-url", fromFlag, "--database-url-file", file}, "", nil, "are both set; keep one"},
		"two variables":               {nil, "", map[string]string{databaseVariable: fromEnv, databaseVariable + "_FILE": file}, "are both set; keep one"},
		"a password in the flag":      {[]string{"--database-url", "postgres://u:hunter2@localhost/x"}, "", nil, "--database-url holds a password, which every user of this machine can read"},
		"a password as a parameter":   {[]string{"--database-url", "postgres:///x?passw%6Frd=hunter2"}, "", nil, "--database-url holds a password"},
		"a key's password":            {[]string{"--database-url", "postgres:///x?sslpassword=hunter2"}, "", nil, "--database-url holds a password"},
		"a flag that can't be right":  {[]string{"--database-url", "db.example.com"}, "", nil, "--database-url is not the address"},
		"the sandbox has none":        {[]string{"--sandbox"}, "", map[string]string{databaseVariable: "mysql://"}, ""},
		"a file that is not there":    {[]string{"--database-url-file", "/no/such"}, "", nil, "JIRA_LIFECYCLE_DATABASE_URL_FILE can't be read: open /no/such"},
		"an address over two lines":   {nil, "", map[string]string{databaseVariable: "postgres://u:hunter2@localhost/\nx"}, "holds spaces, line breaks"},
		"an empty password is no one": {[]string{"--database-url", "postgres://u:@localhost/empty"}, "", nil, "/empty"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, tt.args, home(t, tt.yaml, tt.env))
			got := fmt.Sprint(err)
			if err == nil {
				got = c.DatabaseURL.Reveal()
			} else if strings.Contains(got, "hunter2") {
				t.Errorf("the password is printed: %s", got)
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %q", got, tt.want)
			}
		})
	}
}

func TestSettingsFileThatOthersReadMayNameADatabaseWithoutAPassword(t *testing.T) {
	noPostgresEnvironment(t)
	for address, want := range map[string]string{"postgres://u@localhost/db": "", "postgres://u:hunter2@localhost/db": "chmod 600"} {
		env := home(t, "database-url: "+address+"\n", nil)
		if err := os.Chmod(defaultFile(func(name string) string { return env[name] }), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := load(t, nil, env)
		if want == "" && (err != nil || c.DatabaseURL.IsZero()) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, %v", address, c.DatabaseURL, err)
		}
	}
}

func TestLogsHideTheDatabasePassword(t *testing.T) {
	c := Config{DatabaseURL: NewSecret("postgres://u:hunt%40er@localhost/db?sslpassword=key"), Jira: Jira{Token: NewSecret("t-1")}}
	hidden := strings.Join(c.Secrets(), " ")
	for _, want := range []string{"postgres://u:hunt%40er@localhost/db?sslpassword=key", "hunt%40er", "hunt@er", "key", "t-1"} {
		if !strings.Contains(" "+hidden+" ", " "+want+" ") {
			t.Errorf("%q is not hidden: %q", want, hidden)
		}
	}
}

// Whatever is wrong with an address, no error repeats a password in it.
func TestNoErrorRepeatsADatabasePassword(t *testing.T) {
	noPostgresEnvironment(t)
	rapid.Check(t, func(t *rapid.T) {
		const secret = "hunter2"
		around := rapid.StringMatching(`[a-z0-9:/?#%&=@,\[\] ]{0,6}`)
		place := rapid.SampledFrom([]string{"postgres://u:%s@h.example/db", "postgres://u:%s@localhost:1/db", "postgres:///db?password=%s", "postgres://%s", "u:%s@h/db", "postgres://u:1/%s@h/db", "password=%s"})
		address := fmt.Sprintf(place.Draw(t, "place"), around.Draw(t, "before")+secret+around.Draw(t, "after")) + rapid.SampledFrom([]string{"", "?sslmode=x", "&sslmode=x", "?connect_timeout=x"}).Draw(t, "end")
		s := Sources{Getenv: func(name string) string { return map[string]string{databaseVariable: address}[name] }}
		if _, err := s.database(Settings{}); err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("%s: %v", address, err)
		}
	})
}
