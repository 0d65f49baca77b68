package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// nextHold serves GET /_sandbox/holds/next: it waits until a request is held, timeout_ms long at most (30,000 by default), and answers 204
// when none was.
func (s *Sandbox) nextHold(w http.ResponseWriter, r *http.Request) {
	patience := 30 * time.Second
	if text := r.URL.Query().Get("timeout_ms"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			http.Error(w, "sandbox: timeout_ms must be a whole number that is not negative", http.StatusBadRequest)
			return
		}
		patience = time.Duration(n) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	held, err := s.NextHold(ctx)
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, held)
}

// releaseHold serves POST /_sandbox/holds/release. Its body is {"id": 3, "execute": true}; without an id all are released, and without
// execute they are executed.
func (s *Sandbox) releaseHold(w http.ResponseWriter, r *http.Request) {
	body := struct {
		ID      *int `json:"id"`
		Execute bool `json:"execute"`
	}{Execute: true}
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil && err != io.EOF { // an empty body is the defaults
		http.Error(w, `sandbox: the body must be like {"id": 3, "execute": true}: `+err.Error(), http.StatusBadRequest)
		return
	}
	released := 1
	if body.ID == nil {
		released = s.ReleaseAll(body.Execute)
	} else if err := s.Release(*body.ID, body.Execute); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	writeJSON(w, map[string]int{"released": released})
}
