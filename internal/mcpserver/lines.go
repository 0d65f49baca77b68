package mcpserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// maxLine is how long one message on stdin may be, in bytes.
const maxLine = 4 << 20

// lineGate stands between stdio and mcp-go, which reads lines of any length, takes a batch for broken JSON, and drops running
// calls when its input ends. It passes on well-formed single messages, answers the rest itself, and counts what is unanswered.
type lineGate struct {
	in     *bufio.Reader
	divert func(line []byte) bool // takes the messages that are not for mcp-go; nil takes none

	write sync.Mutex // one message at a time: mcp-go writes answers and its own requests under different locks
	out   io.Writer

	open    counter // requests passed on and not answered
	streams counter // of those, the ones that end only with the connection
}

func newLineGate(in io.Reader, out io.Writer) *lineGate {
	return &lineGate{in: bufio.NewReaderSize(in, 64<<10), out: out}
}

// copyTo passes messages on to w until the input ends, and returns io.EOF or the error of either side.
func (g *lineGate) copyTo(w io.Writer) error {
	for {
		line, err := g.next()
		if len(line) > 0 {
			if refusal := g.admit(line); refusal != nil {
				if err := g.refuse(refusal); err != nil {
					return err
				}
			} else if g.divert != nil && g.divert(line) {
				// It is answered elsewhere.
			} else if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// next reads a line without its end. A line beyond maxLine is read to its end, thrown away and answered.
func (g *lineGate) next() ([]byte, error) {
	var line []byte
	tooLong := false
	for {
		chunk, err := g.in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(chunk) > maxLine; tooLong {
			line = nil
		} else {
			line = append(line, chunk...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case tooLong:
			refused := g.refuse(&refusal{code: mcp.INVALID_REQUEST, message: fmt.Sprintf("the message is longer than %d bytes", maxLine)})
			return nil, errors.Join(refused, err)
		}
		return bytes.TrimSpace(line), err
	}
}

// refusal is a protocol error that the gate answers with itself.
type refusal struct {
	id      json.RawMessage // nil = null
	code    int
	message string
}

// admit reports why a line is no message that can be passed on, or counts it and returns nil.
func (g *lineGate) admit(line []byte) *refusal {
	if !json.Valid(line) {
		return &refusal{code: mcp.PARSE_ERROR, message: "the line is not valid JSON"}
	}
	switch line[0] {
	case '{':
	case '[':
		return &refusal{code: mcp.INVALID_REQUEST, message: "batches are not supported; send one message a line"}
	default:
		return &refusal{code: mcp.INVALID_REQUEST, message: "a message must be a JSON object"}
	}
	var message struct {
		ID     json.RawMessage `json:"id"`
		Method json.RawMessage `json:"method"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(line, &message); err != nil {
		return &refusal{code: mcp.INVALID_REQUEST, message: "the message is malformed"}
	}
	id := message.ID
	switch {
	case len(id) > 0 && (id[0] == '{' || id[0] == '[' || id[0] == 't' || id[0] == 'f'):
		return &refusal{code: mcp.INVALID_REQUEST, message: "an id must be a string or a number"}
	case message.Result != nil || message.Error != nil:
		if message.Method != nil {
			return &refusal{id: id, code: mcp.INVALID_REQUEST, message: "a message is a request or an answer, not both"}
		}
		return nil
	case len(message.Method) == 0 || message.Method[0] != '"':
		return &refusal{id: id, code: mcp.INVALID_REQUEST, message: "the message has no method"}
	case len(id) == 0 || string(id) == "null":
		return nil // a notification
	}
	g.open.add(1)
	if string(message.Method) == `"`+string(mcp.MethodSubscriptionsListen)+`"` {
		g.streams.add(1)
	}
	return nil
}

func (g *lineGate) refuse(r *refusal) error {
	id := r.id
	if id == nil {
		id = json.RawMessage("null")
	}
	line, err := json.Marshal(map[string]any{
		"jsonrpc": mcp.JSONRPC_VERSION, "id": id, "error": map[string]any{"code": r.code, "message": r.message},
	})
	if err != nil {
		return err
	}
	g.write.Lock()
	defer g.write.Unlock()
	_, err = g.out.Write(append(line, '\n'))
	return err
}

// Write passes a message of the server on to stdout, in its shape.
func (g *lineGate) Write(line []byte) (int, error) {
	g.write.Lock()
	_, err := g.out.Write(inShape(line))
	g.write.Unlock()
	if isAnswer(line) {
		g.open.add(-1)
	}
	if err != nil {
		return 0, err
	}
	return len(line), nil
}

// isAnswer reports whether a message answers a request; it reads no further than the keys before that is clear.
func isAnswer(line []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if _, err := decoder.Token(); err != nil {
		return false
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return false
		}
		switch key {
		case "result", "error":
			return true
		case "method":
			return false
		}
		if _, err := decoder.Token(); err != nil { // jsonrpc and id have plain values
			return false
		}
	}
	return false
}
