package lifecycle

import "sync"

// inflight counts what runs in this process, so that a stop can wait for it. The zero value is ready.
type inflight struct {
	mu      sync.Mutex
	group   sync.WaitGroup
	stopped bool
}

// begin runs work in a goroutine of its own, unless a stop has begun.
func (f *inflight) begin(work func()) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return false
	}
	f.group.Go(work)
	return true
}

// stop lets nothing begin any more. The channel is closed when all has ended.
func (f *inflight) stop() <-chan struct{} {
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	done := make(chan struct{})
	go func() { f.group.Wait(); close(done) }()
	return done
}
