package parallel

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestAPanicIsAnError(t *testing.T) {
	group, ctx := WithContext(context.Background())
	group.Go(func() error { panic("boom") })
	if err := group.Wait(); !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "parallel_test.go") {
		t.Errorf("got %v, want the panic and where it was", err)
	}
	if ctx.Err() == nil {
		t.Error("the other parts were not told")
	}
}

func TestAnErrorStaysAsItIs(t *testing.T) {
	want := errors.New("no")
	group, _ := WithContext(context.Background())
	group.Go(func() error { return want })
	group.Go(func() error { return nil })
	if err := group.Wait(); err != want {
		t.Errorf("got %v", err)
	}
}
