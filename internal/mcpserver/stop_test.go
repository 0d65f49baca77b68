package mcpserver

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestFinishCallsWaitsForTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		s.running.add(1)
		start := time.Now()
		go func() {
			time.Sleep(5 * time.Second)
			s.running.add(1)
			s.running.add(-2)
		}()
		s.finishCalls(t.Context())
		if took := time.Since(start); took != 5*time.Second+answerTime {
			t.Errorf("returned after %s", took)
		}
	})
}

func TestFinishCallsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Server
		s.running.add(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		s.finishCalls(ctx)
		if took := time.Since(start); took != time.Minute {
			t.Errorf("returned after %s", took)
		}
	})
}
