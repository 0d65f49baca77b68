package lifecycle_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"syscall"
)

// wire carries requests to the sandbox without a network: what waits for an answer then waits for nothing outside of the test, so that the test
// can have a clock of its own (synctest).
type wire struct{ handler http.Handler }

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil { // told as a transport tells it
		trace.GetConn(r.URL.Host)
		trace.GotConn(httptrace.GotConnInfo{})
	}
	var sent []byte
	if r.Body != nil {
		var err error
		sent, err = io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
	}
	in := r.Clone(r.Context())
	in.Host, in.RequestURI, in.Body = r.URL.Host, r.URL.RequestURI(), io.NopCloser(bytes.NewReader(sent))
	reader, writer := io.Pipe()
	a := &answer{header: http.Header{}, body: writer, begun: make(chan *http.Response, 1)}
	gone := context.AfterFunc(r.Context(), func() { reader.CloseWithError(context.Cause(r.Context())) })
	a.response = &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: bodyOf{reader, gone}}
	go a.serve(w.handler, in)
	select {
	case response := <-a.begun:
		if response == nil {
			gone()
			return nil, errReset
		}
		return response, nil
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

type bodyOf struct {
	*io.PipeReader
	gone func() bool
}

func (b bodyOf) Close() error { b.gone(); return b.PipeReader.Close() }

// answer is a response that is being written.
type answer struct {
	header   http.Header
	body     *io.PipeWriter
	response *http.Response
	once     sync.Once
	begun    chan *http.Response // gives nil when the connection was reset instead
}

// serve runs the handler. One that aborts resets the connection.
func (a *answer) serve(handler http.Handler, in *http.Request) {
	defer func() {
		switch aborted := recover(); aborted {
		case nil:
			a.WriteHeader(http.StatusOK)
			_ = a.body.Close() // never errs
		case http.ErrAbortHandler:
			a.once.Do(func() { a.begun <- nil })
			_ = a.body.CloseWithError(io.ErrUnexpectedEOF)
		default:
			panic(aborted)
		}
	}()
	handler.ServeHTTP(a, in)
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) Flush()              {}

func (a *answer) WriteHeader(status int) {
	a.once.Do(func() {
		a.response.StatusCode, a.response.Status = status, strconv.Itoa(status)+" "+http.StatusText(status)
		a.response.Header, a.response.ContentLength = a.header.Clone(), -1
		if length, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
			a.response.ContentLength = length
		}
		a.begun <- a.response
	})
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// A line is one process's way to Atlassian. When the process is killed nothing that it still sends arrives, and no answer reaches it any more.
type line struct {
	to http.RoundTripper
	// watch sees each request before it is sent and after it was executed, and tells whether the process is killed there.
	watch func(r *http.Request, executed bool) bool
	// killed is called once, by the kill.
	killed func()

	once   sync.Once
	dead   chan struct{} // closed by the kill
	buried chan struct{} // closed when the test is over, so that what the dead process left waiting ends
}

var errKilled = errors.New("the process was killed")

func newLine(to http.RoundTripper) *line {
	return &line{to: to, dead: make(chan struct{}), buried: make(chan struct{})}
}

func (l *line) kill() {
	l.once.Do(func() {
		close(l.dead)
		l.killed()
	})
}

func (l *line) isDead() bool {
	select {
	case <-l.dead:
		return true
	default:
		return false
	}
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.watch != nil && !l.isDead() && l.watch(r, false) {
		l.kill()
	}
	if l.isDead() {
		<-l.buried
		return nil, errKilled
	}
	response, err := l.to.RoundTrip(r)
	if l.watch != nil && !l.isDead() && l.watch(r, true) {
		l.kill()
	}
	if l.isDead() {
		<-l.buried
		if err == nil {
			_ = response.Body.Close() // nobody reads it
		}
		return nil, errKilled
	}
	return response, err
}
