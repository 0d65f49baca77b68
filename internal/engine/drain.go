package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

var errStopped = errors.New("the engine was stopped")

// drain answers a call of Drain: what was due.
type drain struct {
	ids []string
	err error
}

// Drain takes what is due now and waits for it: until it has ended, here or in another process, or until this engine has run it without ending it,
// since it was given back for later or is not this process's to run. It starts the engine if need be: it is for commands that do one thing and exit.
func (e *Engine) Drain(ctx context.Context) error {
	taken, err := e.takeDue(ctx)
	defer e.watched.forget(taken.ids)
	if err == nil {
		err = taken.err
	}
	if err != nil {
		return err
	}
	for _, id := range taken.ids {
		if err := e.await(ctx, id); err != nil {
			return fmt.Errorf("wait for operation %s: %w", id, err)
		}
	}
	return nil
}

func (e *Engine) takeDue(ctx context.Context) (drain, error) {
	answer := make(chan drain, 1)
	if !e.start(context.WithoutCancel(ctx), answer) {
		select {
		case e.drained <- answer:
		case <-e.done:
			return drain{}, errStopped
		case <-ctx.Done():
			return drain{}, ctx.Err()
		}
	}
	select {
	case taken := <-answer:
		return taken, nil
	case <-e.done:
		return drain{}, errStopped
	case <-ctx.Done():
		return drain{}, ctx.Err()
	}
}

// await returns when the operation has ended, or has come back from a worker of this engine.
func (e *Engine) await(ctx context.Context, id string) error {
	back := e.watched.of(id)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-back:
		case <-e.done:
		case <-waiting.Done():
		}
		cancel()
	}()
	_, err := e.journal.Wait(waiting, id)
	if err == nil {
		return nil
	}
	select {
	case <-back:
		return nil
	case <-e.done:
		return errStopped
	default:
		return err
	}
}

// drain takes all that is due, however many sweeps that takes.
func (l *loop) drain(ctx context.Context) (all drain) {
	l.drains = true
	defer func() { l.drains = false }()
	for {
		ids, err := l.look(ctx)
		all.ids = append(all.ids, ids...)
		if err != nil || l.wait > 0 {
			all.err = err
			return all
		}
	}
}

// watched are operations that somebody waits for, with a channel each that is closed when a worker of this engine has come back from it.
type watched struct {
	mu   sync.Mutex
	back map[string]chan struct{}
}

func (w *watched) add(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.back == nil {
		w.back = map[string]chan struct{}{}
	}
	for _, id := range ids {
		w.back[id] = make(chan struct{})
	}
}

func (w *watched) of(id string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.back[id]
}

func (w *watched) came(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	back, ok := w.back[id]
	if !ok {
		return
	}
	select {
	case <-back: // it was run before
	default:
		close(back)
	}
}

func (w *watched) forget(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		delete(w.back, id)
	}
}
