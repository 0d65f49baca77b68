package journal

import "context"

// Abandon stops renewing the lease without a word to the database, which may be away. Nothing may be under way for the operation any more. The next sweep of
// this store that works has somebody take it up; if there is none, the lease lapses by itself.
func (l *Lease) Abandon() {
	l.s.leases.mu.Lock()
	l.s.leases.abandoned[l.id] = l.epoch
	l.s.leases.mu.Unlock()
	l.s.drop(l)
}

// lapse ends the leases that were abandoned, now that the database may be back. Those that were taken over meanwhile are not ours to end.
func (s *Store) lapse(ctx context.Context) error {
	s.leases.mu.Lock()
	abandoned := make(map[string]int64, len(s.leases.abandoned))
	for id, epoch := range s.leases.abandoned {
		abandoned[id] = epoch
	}
	s.leases.mu.Unlock()
	for id, epoch := range abandoned {
		err := s.write(ctx, "end an abandoned lease", func(ctx context.Context, t *tx) error {
			return t.exec(ctx, `UPDATE journal_operations SET due = ? WHERE id = ? AND owner = ? AND epoch = ? AND status = 'running'`, t.now, id, s.worker.name(), epoch)
		})
		if err != nil {
			return err
		}
		s.leases.mu.Lock()
		if s.leases.abandoned[id] == epoch {
			delete(s.leases.abandoned, id)
		}
		s.leases.mu.Unlock()
	}
	return nil
}
