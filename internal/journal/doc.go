// Package journal is the durable record of every change: operations with their steps, the use of confirmation tokens, approvals, and an
// append-only, hash-chained list of events that an auditor can check. It is SQLite in the state directory, or PostgreSQL for several replicas.
//
// It stores and guards; it decides nothing about people. Three rules hold for whoever uses it:
//
//   - An operation is on disk before its first write is sent.
//   - An operation belongs to one worker at a time. What a worker records commits only under the epoch of its lease; a late worker gets [ErrLost].
//   - Every transaction that changes what an operation is, or what became of it, appends an event in the same transaction. Renewing a lease and
//     handing out an operation change neither.
package journal
