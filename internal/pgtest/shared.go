package pgtest

import (
	"sync"
	"testing"
)

// shared is the cluster that the tests of one binary have in common.
var shared struct {
	sync.Mutex
	running bool // inside Run
	cluster *Cluster
	err     error
}

// Run runs the tests and then stops the cluster that they shared, if one was started. TestMain calls it and exits with its result.
func Run(m *testing.M) int {
	shared.Lock()
	shared.running = true
	shared.Unlock()
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	shared.running = false
	if shared.cluster != nil {
		shared.cluster.remove()
		shared.cluster = nil
	}
	return code
}

// URL returns the URL of a fresh, empty database in the cluster that this test binary shares, which the first call starts (about a
// second). The role in it owns the database and is no superuser. The database is dropped when the test ends, whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	bin := need(t)
	shared.Lock()
	if !shared.running {
		shared.Unlock()
		t.Fatal("pgtest: this package's TestMain has to call pgtest.Run, so that the cluster is stopped at the end")
	}
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = create(bin)
	}
	cluster, err := shared.cluster, shared.err
	shared.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return cluster.URL(t)
}
