package journal

import (
	"fmt"
	"sync"
	"testing"
)

func TestANoteIsSwappedByOneOfSeveral(t *testing.T) {
	each(t, func(t *testing.T, open func(...func(*Options)) *Store) {
		if text, err := open().Note(t.Context(), "turn"); err != nil || text != "" {
			t.Fatalf("before anybody wrote: %q, %v", text, err)
		}
		var all sync.WaitGroup
		won := make([]bool, 6)
		for i := range won {
			s := open()
			all.Go(func() {
				swapped, err := s.SwapNote(t.Context(), "turn", "", fmt.Sprintf("worker %d", i))
				if err != nil {
					t.Error(err)
				}
				won[i] = swapped
			})
		}
		all.Wait()
		text, err := open().Note(t.Context(), "turn")
		if err != nil {
			t.Fatal(err)
		}
		for i, swapped := range won {
			if mine := text == fmt.Sprintf("worker %d", i); swapped != mine {
				t.Errorf("worker %d was told %v, and the note is %q", i, swapped, text)
			}
		}
		if swapped, err := open().SwapNote(t.Context(), "turn", "stale", "x"); err != nil || swapped {
			t.Errorf("a stale swap: %v, %v", swapped, err)
		}
		if swapped, err := open().SwapNote(t.Context(), "other", "", "y"); err != nil || !swapped {
			t.Errorf("another name: %v, %v", swapped, err)
		}
	})
}
