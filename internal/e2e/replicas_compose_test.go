package e2e

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/config"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/pgtest"
)

// composeFile is what the documentation offers for running replicas.
const composeFile = "../../deploy/compose.yaml"

// composition is what a test needs to know of it. A variable without a value is handed on from whoever starts it.
type composition struct {
	Services map[string]struct {
		Build       string
		Environment map[string]*string
		Volumes     []string
		DependsOn   map[string]any `yaml:"depends_on"`
		NetworkMode string         `yaml:"network_mode"`
		Command     []string
	}
	Volumes map[string]any
}

func readComposition(t *testing.T) composition {
	t.Helper()
	file, err := os.Open(composeFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var c composition
	if err := yaml.NewDecoder(file).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// mounted is the path at which a service has a volume, "" when it has not.
func (c composition) mounted(service, volume string) string {
	for _, v := range c.Services[service].Volumes {
		if path, ok := strings.CutPrefix(v, volume+":"); ok {
			return path
		}
	}
	return ""
}

// TestTheComposeFile holds the arrangement against what the program reads, and then has it run as processes: with exactly its settings, but for places.
func TestTheComposeFile(t *testing.T) {
	t.Parallel()
	c := readComposition(t)
	names := slices.Sorted(maps.Keys(c.Services))
	if !slices.Equal(names, []string{"database", "replica-1", "replica-2"}) {
		t.Fatalf("services %v", names)
	}
	database, replicas := c.Services["database"], names[1:]
	known := map[string]config.Variable{}
	for _, v := range config.Variables() {
		known[v.Name] = v
	}
	used := map[string]int{}
	for _, name := range names {
		for _, v := range c.Services[name].Volumes {
			volume, path, _ := strings.Cut(v, ":")
			if _, declared := c.Volumes[volume]; !declared {
				t.Errorf("%s: the volume %s is not declared", name, volume)
			}
			if used[v]++; used[v] > 1 && path == "/state" {
				t.Errorf("%s: the volume %s is another replica's state directory", name, volume)
			}
		}
	}
	addresses := map[string]bool{}
	for _, name := range replicas {
		service := c.Services[name]
		for variable, value := range service.Environment {
			v, ok := known[variable]
			switch {
			case !ok:
				t.Errorf("%s: the program does not read %s", name, variable)
			case v.Secret && value != nil && strings.Contains(*value, "password"):
				t.Errorf("%s: %s holds a secret", name, variable)
			}
		}
		if service.NetworkMode != "host" || service.Build == "" || service.DependsOn["database"] == nil {
			t.Errorf("%s: %+v", name, service)
		}
		addresses[*service.Environment["JIRA_LIFECYCLE_LISTEN"]] = true
		state, socket := *service.Environment["JIRA_LIFECYCLE_STATE_DIR"], c.mounted(name, "socket")
		if !slices.ContainsFunc(service.Volumes, func(v string) bool { return strings.HasSuffix(v, ":"+state) }) {
			t.Errorf("%s: the state directory %s is not kept", name, state)
		}
		if socket == "" || socket != c.mounted("database", "socket") {
			t.Errorf("%s: the database's socket is not where the replica has it", name)
		}
	}
	if len(addresses) != len(replicas) {
		t.Errorf("addresses %v", addresses)
	}
	if t.Failed() {
		return
	}

	role, name := *database.Environment["POSTGRES_USER"], *database.Environment["POSTGRES_DB"]
	cluster := pgtest.Start(t)
	cluster.Exec(t, "CREATE ROLE "+role+" LOGIN", "CREATE DATABASE "+name+" OWNER "+role)
	address, err := url.Parse(cluster.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	var running []*replica
	for i, name := range replicas {
		home := t.TempDir()
		// A service's port is PostgreSQL's own, and the site is the public one.
		env := map[string]string{"HOME": home, "PGPORT": address.Query().Get("port"), "ATLASSIAN_API_URL": s.env["ATLASSIAN_API_URL"]}
		for variable, value := range c.Services[name].Environment {
			if value == nil {
				env[variable] = s.env[variable]
				continue
			}
			env[variable] = strings.ReplaceAll(*value, c.mounted("database", "socket"), cluster.Dir())
		}
		env["JIRA_LIFECYCLE_STATE_DIR"] = filepath.Join(home, "state")
		running = append(running, serving(t, env))
		if got := running[i].env["JIRA_LIFECYCLE_DATABASE_URL"]; !strings.Contains(got, cluster.Dir()) {
			t.Fatalf("%s: the database is at %s", name, got)
		}
	}
	agreed := running[0].plan(t, "offboard_user", args{"user": jane})
	done := running[1].call(t, "offboard_user", agreed)
	done.wants(t, map[string]any{"status": "succeeded"})
	for _, r := range running {
		r.call(t, "get_operation", args{"operation_id": done.id()}).wants(t, map[string]any{"operation.status": "succeeded"})
	}
	s.want(t, jane, facts{OnSite: true, InSCIM: true})
	wantVerified(t, running[0].env)
}
