package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// load reads settings as the program does: from a command line, an environment and, in the environment's home, files.
func load(t *testing.T, args []string, env map[string]string) (Config, error) {
	t.Helper()
	sources := &Sources{Getenv: func(name string) string { return env[name] }}
	var cli struct {
		Serve struct {
			Settings `embed:""`
		} `cmd:"" default:"withargs"`
		Other struct {
			Listen string
		} `cmd:""`
	}
	parser, err := kong.New(&cli, sources.Option(), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		return Config{}, err
	}
	return sources.Load(cli.Serve.Settings)
}

// home makes an environment whose home has the settings file.
func home(t *testing.T, file string, env map[string]string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": filepath.Join(dir, "settings"), "XDG_STATE_HOME": filepath.Join(dir, "state")}
	for k, v := range env {
		all[k] = v
	}
	if file != "" {
		path := defaultFile(func(name string) string { return all[name] })
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestDefaults(t *testing.T) {
	env := home(t, "", nil)
	got, err := load(t, nil, env)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Transport: "stdio", Listen: "127.0.0.1:8710", Toolsets: []string{"default"},
		StateDir: filepath.Join(env["XDG_STATE_HOME"], "jira-lifecycle-mcp"),
		LogLevel: slog.LevelInfo, LogFormat: "auto", Products: []string{"jira-software"},
		VerifyTimeout: 20 * time.Second, MaxConcurrency: 16,
		Wait: 25 * time.Second, Confirmation: Token, ApprovalTimeout: 24 * time.Hour, BatchLimit: 25, EventsInterval: time.Minute, OrganizationSuspend: true,
		Jira: Jira{APIURL: "https://api.atlassian.com"}, SCIM: SCIM{BaseURL: "https://api.atlassian.com"},
		Organization: Organization{BaseURL: "https://api.atlassian.com"},
	}
	ignore := cmp.Options{cmpopts.IgnoreFields(Jira{}, "Missing", "Token"), cmpopts.IgnoreFields(SCIM{}, "Missing", "Token"), cmpopts.IgnoreFields(Organization{}, "Missing", "Key"), cmp.AllowUnexported(Secret{})}
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if !fault.Is(got.Jira.Missing, fault.NotConfigured) || !fault.Is(got.SCIM.Missing, fault.NotConfigured) || !fault.Is(got.Organization.Missing, fault.NotConfigured) {
		t.Errorf("missing: %v, %v, %v", got.Jira.Missing, got.SCIM.Missing, got.Organization.Missing)
	}
	if p := got.Problems(); len(p) != 0 {
		t.Errorf("nothing set is no problem, got %q", p)
	}
}

func TestFlagBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	file := "listen: 127.0.0.1:1\nlog-level: warn\ntoolsets: [audit, server]\nread-only: true\nverify-timeout: 30s\n"
	env := home(t, file, map[string]string{"JIRA_LIFECYCLE_LISTEN": "127.0.0.1:2", "JIRA_LIFECYCLE_LOG_LEVEL": "debug", "JIRA_LIFECYCLE_TRANSPORT": " "})
	got, err := load(t, []string{"--listen=127.0.0.1:3"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:3" {
		t.Errorf("listen %s: the flag must win", got.Listen)
	}
	if got.LogLevel != slog.LevelDebug {
		t.Errorf("log level %s: the environment must win over the file", got.LogLevel)
	}
	if !got.ReadOnly || !cmp.Equal(got.Toolsets, []string{"audit", "server"}) || got.VerifyTimeout != 30*time.Second {
		t.Errorf("read only %v, toolsets %v, time-out %s: the file must win over defaults", got.ReadOnly, got.Toolsets, got.VerifyTimeout)
	}
	if got.Transport != "stdio" {
		t.Errorf("transport %s: a blank variable is not set", got.Transport)
	}
}

func TestEverySettingWorksFromTheEnvironment(t *testing.T) {
	values := map[string]string{
		"transport": "http", "listen": "127.0.0.1:9", "toolsets": "audit", "read-only": "true", "sandbox": "false", "state-dir": "/state",
		"log-level": "error", "log-format": "json", "confirmation": "second_person", "protected-users": "id-1,ceo@example.com",
		"protected-groups": "admins", "protected-domains": "@Board.example", "scim-domains": "example.com", "products": "jira-core",
		"verify-timeout": "5s", "max-concurrency": "3", "site-url": "https://x.atlassian.net/", "email": "a@example.com",
		"cloud-id": "c-1", "api-url": "https://api.example", "scim-directory-id": "d-1", "api-token": "t-1", "scim-token": "t-2",
		"org-id": "o-1", "org-api-key": "t-3", "events-interval": "2m", "organization-suspend": "false", "allow-account-deletion": "true",
		"wait": "3s", "approval-timeout": "1h", "batch-limit": "7", "csv-dir": "/lists", "review": "/review.yaml", "database-url": "postgres://u:pw@localhost/db",
	}
	env := home(t, "", nil)
	for _, v := range Variables() {
		if value, ok := values[v.Key]; ok && !v.Alias {
			env[v.Name] = value
		} else if v.Key != "config" && !v.Alias && !strings.HasSuffix(v.Key, "-file") {
			t.Errorf("%s is not tried", v.Name)
		}
	}
	got, err := load(t, nil, env)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Transport: "http", Listen: "127.0.0.1:9", Toolsets: []string{"audit"}, ReadOnly: true, StateDir: "/state",
		LogLevel: slog.LevelError, LogFormat: "json", Confirmation: SecondPerson,
		Wait: 3 * time.Second, ApprovalTimeout: time.Hour, EventsInterval: 2 * time.Minute, BatchLimit: 7, CSVDir: "/lists", Review: "/review.yaml", DatabaseURL: NewSecret("postgres://u:pw@localhost/db"), AllowAccountDeletion: true,
		Protected:   Protected{Users: []string{"id-1", "ceo@example.com"}, Groups: []string{"admins"}, Domains: []string{"board.example"}},
		SCIMDomains: []string{"example.com"}, Products: []string{"jira-core"}, VerifyTimeout: 5 * time.Second, MaxConcurrency: 3,
		Jira:         Jira{SiteURL: "https://x.atlassian.net", APIURL: "https://api.example", CloudID: "c-1", Email: "a@example.com", Token: NewSecret("t-1")},
		SCIM:         SCIM{BaseURL: "https://api.example", DirectoryID: "d-1", Token: NewSecret("t-2")},
		Organization: Organization{BaseURL: "https://api.example", ID: "o-1", Key: NewSecret("t-3")},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestAliases(t *testing.T) {
	got, err := load(t, nil, home(t, "", map[string]string{
		"JIRA_URL": "https://x.atlassian.net", "JIRA_USERNAME": "a@example.com", "JIRA_API_TOKEN": "old", "ATLASSIAN_EMAIL": "b@example.com",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Jira.Missing != nil || got.Jira.Email != "b@example.com" || got.Jira.Token.Reveal() != "old" {
		t.Errorf("jira %+v", got.Jira)
	}
}

func TestWrongServerSettingsEndTheStart(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		file string
		want string
	}{
		"transport":         {[]string{"--transport=ws"}, "", `--transport must be one of "stdio","sse","http" but got "ws"`},
		"listen":            {[]string{"--transport=http", "--listen=8710"}, "", `"8710" is not host:port`},
		"port":              {[]string{"--transport=http", "--listen=127.0.0.1:99999"}, "", "no port between 0 and 65535"},
		"open to all":       {[]string{"--transport=http", "--listen=0.0.0.0:8710"}, "", `"0.0.0.0:8710" can be reached from other machines, and this server has no authentication; use 127.0.0.1:8710`},
		"open by no host":   {[]string{"--transport=sse", "--listen=:8710"}, "", "can be reached from other machines"},
		"by name":           {[]string{"--transport=sse", "--listen=example.com:8710"}, "", "can be reached from other machines"},
		"product":           {[]string{"--products=confluence"}, "", "--products must be one of"},
		"domain":            {[]string{"--protected-domains=joe@example.com"}, "", `"joe@example.com" is not a domain`},
		"time-out":          {[]string{"--verify-timeout=1h"}, "", "--verify-timeout (JIRA_LIFECYCLE_VERIFY_TIMEOUT) is 1h0m0s; it must be between 1s and 10m"},
		"concurrency":       {[]string{"--max-concurrency=0"}, "", "--max-concurrency (JIRA_LIFECYCLE_MAX_CONCURRENCY) is 0"},
		"wait":              {[]string{"--wait=-1s"}, "", "--wait (JIRA_LIFECYCLE_WAIT) is -1s; it must be between 0s and 10m"},
		"approval":          {[]string{"--approval-timeout=721h"}, "", "--approval-timeout (JIRA_LIFECYCLE_APPROVAL_TIMEOUT) is 721h0m0s; it must be between 1m and 720h, which is 30 days"},
		"batch":             {[]string{"--batch-limit=0"}, "", "--batch-limit (JIRA_LIFECYCLE_BATCH_LIMIT) is 0; it must be between 1 and 1000"},
		"confirmation":      {[]string{"--confirmation=second"}, "", `--confirmation must be one of "token","human","second_person"`},
		"unknown key":       {nil, "tokn: x", `unknown key "tokn"; known are transport, listen`},
		"no YAML":           {nil, "a: [", "settings file"},
		"value of the file": {nil, "log-level: loud", "--log-level must be one of"},
		"missing file":      {[]string{"--config=/does/not/exist.yaml"}, "", "settings file: open /does/not/exist.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.args, home(t, tt.file, nil))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := load(t, nil, nil); err == nil || !strings.Contains(err.Error(), "JIRA_LIFECYCLE_STATE_DIR") {
		t.Errorf("no home: %v", err)
	}
}

func TestWrongCredentialsAreKeptAsReasons(t *testing.T) {
	full := map[string]string{
		"ATLASSIAN_SITE_URL": "https://x.atlassian.net", "ATLASSIAN_EMAIL": "a@example.com", "ATLASSIAN_API_TOKEN": "t-1",
		"ATLASSIAN_SCIM_DIRECTORY_ID": "d-1", "ATLASSIAN_SCIM_TOKEN": "t-2",
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		set  map[string]string
		jira string // what the reason holds; "" = configured
		scim string
	}{
		"all well":        {nil, "", ""},
		"loopback":        {map[string]string{"ATLASSIAN_SITE_URL": "http://127.0.0.1:8711/", "ATLASSIAN_API_URL": "http://[::1]:1"}, "", ""},
		"nothing":         {map[string]string{"ATLASSIAN_SITE_URL": "", "ATLASSIAN_EMAIL": "", "ATLASSIAN_API_TOKEN": ""}, "ATLASSIAN_SITE_URL, ATLASSIAN_EMAIL and ATLASSIAN_API_TOKEN are not set", ""},
		"no token":        {map[string]string{"ATLASSIAN_API_TOKEN": ""}, "ATLASSIAN_API_TOKEN is not set", ""},
		"no scheme":       {map[string]string{"ATLASSIAN_SITE_URL": "x.atlassian.net"}, "ATLASSIAN_SITE_URL has no scheme; write https://x.atlassian.net", ""},
		"plain http":      {map[string]string{"ATLASSIAN_SITE_URL": "http://x.atlassian.net"}, "ATLASSIAN_SITE_URL is http, which would send the token in the clear; use https://x.atlassian.net", ""},
		"other scheme":    {map[string]string{"ATLASSIAN_SITE_URL": "ftp://x"}, "scheme ftp; use https", ""},
		"a page":          {map[string]string{"ATLASSIAN_SITE_URL": "https://x.atlassian.net/jira/your-work"}, "has more than the host; write https://x.atlassian.net", ""},
		"no host":         {map[string]string{"ATLASSIAN_SITE_URL": "https://"}, "ATLASSIAN_SITE_URL has no scheme", ""},
		"password in it":  {map[string]string{"ATLASSIAN_SITE_URL": "https://me:hunter2@x.atlassian.net"}, "leave name and password out", ""},
		"no e-mail":       {map[string]string{"ATLASSIAN_EMAIL": "hunter2"}, "ATLASSIAN_EMAIL is not an e-mail address", ""},
		"two lines":       {map[string]string{"ATLASSIAN_API_TOKEN": "hunter2\nhunter2"}, "ATLASSIAN_API_TOKEN holds spaces, line breaks", ""},
		"cloud id":        {map[string]string{"ATLASSIAN_CLOUD_ID": "a/../b"}, "ATLASSIAN_CLOUD_ID is not an id", ""},
		"api address":     {map[string]string{"ATLASSIAN_API_URL": "http://api.example"}, "ATLASSIAN_API_URL is http", "ATLASSIAN_API_URL is http"},
		"directory's URL": {map[string]string{"ATLASSIAN_SCIM_DIRECTORY_ID": "https://api.atlassian.com/scim/directory/d-1"}, "", "use only what follows /scim/directory/"},
		"no SCIM token":   {map[string]string{"ATLASSIAN_SCIM_TOKEN": ""}, "", "ATLASSIAN_SCIM_TOKEN is not set"},
		"no such file":    {map[string]string{"ATLASSIAN_SCIM_TOKEN": "", "ATLASSIAN_SCIM_TOKEN_FILE": "/no/such"}, "", "ATLASSIAN_SCIM_TOKEN_FILE can't be read: open /no/such"},
		"an empty file":   {map[string]string{"ATLASSIAN_API_TOKEN": "", "JIRA_API_TOKEN_FILE": empty}, "names " + empty + ", which is empty", ""},
		"token twice":     {map[string]string{"ATLASSIAN_API_TOKEN_FILE": empty}, "ATLASSIAN_API_TOKEN and ATLASSIAN_API_TOKEN_FILE are both set", ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := home(t, "", full)
			for k, v := range tt.set {
				env[k] = v
			}
			c, err := load(t, nil, env)
			if err != nil {
				t.Fatalf("the start must go on: %v", err)
			}
			problems := 0
			for service, reason := range map[string][2]any{"Jira": {tt.jira, c.Jira.Missing}, "SCIM": {tt.scim, c.SCIM.Missing}} {
				want := reason[0].(string)
				got, _ := reason[1].(error)
				switch {
				case want == "" && got != nil:
					t.Errorf("%s: %v, want it configured", service, got)
				case want != "" && (!fault.Is(got, fault.NotConfigured) || !strings.Contains(got.Error(), want)):
					t.Errorf("%s: %v, want a not_configured fault with %q", service, got, want)
				case want != "":
					problems++
				}
			}
			if name == "nothing" {
				problems = 0
			}
			if got := c.Problems(); len(got) != problems || strings.Contains(fmt.Sprint(got), "hunter2") {
				t.Errorf("problems %q, want %d without what was typed", got, problems)
			}
		})
	}
}

// The form of a person's token is a hint: it is said at the start, and the key is tried.
func TestAnOrganizationKeyThatLooksLikeAPersonsToken(t *testing.T) {
	c, err := load(t, nil, home(t, "", map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "ATATT3xFfGF0hunter2"}))
	if err != nil || c.Organization.Missing != nil || !c.Organization.PersonsToken() {
		t.Fatalf("%v, %v", err, c.Organization.Missing)
	}
	if got := c.Problems(); len(got) != 1 || !strings.Contains(got[0], "looks like the API token of a person") || strings.Contains(got[0], "hunter2") {
		t.Errorf("problems %q", got)
	}
}

func TestTheOrganizationsCredential(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		set     map[string]string
		want    string // what the reason holds; "" = configured
		problem bool   // told when the server starts
	}{
		"all well":        {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "t-3"}, "", false},
		"a file":          {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY_FILE": key}, "", false},
		"nothing":         {nil, "ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY are not set", false},
		"no key":          {map[string]string{"ATLASSIAN_ORG_ID": "o-1"}, "ATLASSIAN_ORG_API_KEY is not set", true},
		"no id":           {map[string]string{"ATLASSIAN_ORG_API_KEY": "hunter2"}, "ATLASSIAN_ORG_ID is not set", true},
		"console address": {map[string]string{"ATLASSIAN_ORG_ID": "https://admin.atlassian.com/o/1b2c/overview", "ATLASSIAN_ORG_API_KEY": "hunter2"}, "use only what follows /o/", true},
		"key twice":       {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "hunter2", "ATLASSIAN_ORG_API_KEY_FILE": key}, "are both set", true},
		"two lines":       {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "hunter2\nhunter2"}, "holds spaces, line breaks", true},
		"a Jira token":    {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "hunter2", "JIRA_API_TOKEN": "hunter2"}, "a person's API token opens no organization", true},
		"a SCIM token":    {map[string]string{"ATLASSIAN_ORG_ID": "o-1", "ATLASSIAN_ORG_API_KEY": "hunter2", "ATLASSIAN_SCIM_TOKEN": "hunter2"}, "a directory's token opens no organization", true},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, nil, home(t, "", tt.set))
			if err != nil {
				t.Fatalf("the start must go on: %v", err)
			}
			o := c.Organization
			switch {
			case tt.want == "" && o.Missing != nil:
				t.Errorf("%v, want it configured", o.Missing)
			case tt.want != "" && (!fault.Is(o.Missing, fault.NotConfigured) || !strings.Contains(o.Missing.Error(), tt.want)):
				t.Errorf("%v, want a not_configured fault with %q", o.Missing, tt.want)
			}
			if got := c.Problems(); slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, "The organization") }) != tt.problem || strings.Contains(fmt.Sprint(got), "hunter2") {
				t.Errorf("problems %q, want one: %v, without what was typed", got, tt.problem)
			}
			if tt.want == "" && !slices.Contains(c.Secrets(), o.Key.Reveal()) {
				t.Error("the key would show in a log")
			}
		})
	}
}

func TestSecretsFromFiles(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := load(t, []string{"--api-token-file", token}, home(t, "scim-token: \"from-yaml\"\n", nil))
	if err != nil {
		t.Fatal(err)
	}
	if got.Jira.Token.Reveal() != "from-file" || got.SCIM.Token.Reveal() != "from-yaml" {
		t.Errorf("tokens %q, %q", got.Jira.Token.Reveal(), got.SCIM.Token.Reveal())
	}
}

func TestSecretInAFileThatOthersReadIsNotUsed(t *testing.T) {
	env := home(t, "api-token: abc\n", nil)
	file := defaultFile(func(name string) string { return env[name] })
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := load(t, nil, env)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Jira.Token.IsZero() || !strings.Contains(got.Jira.Missing.Error(), "chmod 600 "+file) {
		t.Errorf("token %v, missing %v", got.Jira.Token, got.Jira.Missing)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "hunter2"
	c := Config{Jira: Jira{Token: NewSecret(secret)}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", c.Jira.Token, "config", c)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", c.Jira.Token, "config", c)
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c.Jira.Token, c.Jira.Token, c.Jira.Token, c.Jira.Token) + string(raw) + log.String()
	if strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) {
		t.Errorf("printed: %s", printed)
	}
	for form, text := range map[string]string{"formatted": printed, "JSON": string(raw), "log": log.String()} {
		if !strings.Contains(text, "[hidden]") {
			t.Errorf("%s: no placeholder in %s", form, text)
		}
	}
}

func TestSandboxReplacesCredentials(t *testing.T) {
	c, err := load(t, nil, home(t, "", map[string]string{"JIRA_LIFECYCLE_SANDBOX": "true", "ATLASSIAN_SITE_URL": "https://real.atlassian.net", "ATLASSIAN_API_TOKEN": "real", "ATLASSIAN_SCIM_TOKEN": "real"}))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(c.StateDir) != "sandbox" {
		t.Errorf("state in %s, want a folder of its own", c.StateDir)
	}
	err = c.UseSandbox(map[string]string{
		"ATLASSIAN_SITE_URL": "http://127.0.0.1:1", "ATLASSIAN_API_URL": "http://127.0.0.1:1", "ATLASSIAN_EMAIL": "admin@example.com",
		"ATLASSIAN_API_TOKEN": "sim", "ATLASSIAN_SCIM_DIRECTORY_ID": "d", "ATLASSIAN_SCIM_TOKEN": "sim",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Jira.SiteURL != "http://127.0.0.1:1" || c.Jira.Token.Reveal() != "sim" || c.SCIM.Token.Reveal() != "sim" || len(c.Problems()) != 0 {
		t.Errorf("credentials %+v %+v", c.Jira, c.SCIM)
	}
}
