package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
)

// reply is an answer that is not sent yet, so that a fault can still spoil it. It is an http.ResponseWriter.
type reply struct {
	status int
	header http.Header
	body   bytes.Buffer
}

var replies = sync.Pool{New: func() any { return &reply{header: http.Header{}} }}

func newReply() *reply {
	r := replies.Get().(*reply)
	r.status = http.StatusOK
	clear(r.header)
	r.body.Reset()
	return r
}

// release gives the reply back. Its body must not be used afterwards.
func (r *reply) release() {
	if r.body.Cap() < 4<<20 {
		replies.Put(r)
	}
}

// Header implements http.ResponseWriter.
func (r *reply) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *reply) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *reply) Write(b []byte) (int, error) { return r.body.Write(b) }

// json sets the answer to v.
func (r *reply) json(status int, v any) {
	r.status = status
	r.header.Set("Content-Type", "application/json;charset=UTF-8")
	r.body.Reset()
	encoder := json.NewEncoder(&r.body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // only types of this package get here, and they all encode
	}
	r.body.Truncate(r.body.Len() - 1)
}

// empty sets the answer to a status without a body.
func (r *reply) empty(status int) {
	r.status = status
	r.body.Reset()
	r.header.Del("Content-Type")
}
