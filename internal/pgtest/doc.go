// Package pgtest gives tests a real PostgreSQL: a cluster in a temporary folder, on a unix socket and a free loopback port, made with initdb
// and run with fsync as in production. Where PostgreSQL is not installed such a test is skipped, and fails if CI=true is in the environment.
//
// A package whose tests need databases shares one cluster among them:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
//	func TestSomething(t *testing.T) { pool, err := pgxpool.New(t.Context(), pgtest.URL(t)) … }
//
// A test that stops the database, or changes what belongs to all of it, has a cluster of its own: [Start].
package pgtest
