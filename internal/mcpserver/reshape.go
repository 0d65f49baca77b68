package mcpserver

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
)

// reshaped is the key, in the _meta of a tool's result, of the answer that is sent instead: mcp-go's handlers can return nothing but
// a tool's result. It also marks the text of an error that has a code of its own (refused). No text from elsewhere can hold it, since it is of this process and leaves it never.
var reshaped = "reshaped/" + rand.Text()

// reshape makes a tool's result that leaves this process as the answer with that result, or with that error.
func reshape(result any, refusal *mcp.JSONRPCErrorDetails) *mcp.CallToolResult {
	return &mcp.CallToolResult{Result: mcp.Result{Meta: &mcp.Meta{AdditionalFields: map[string]any{
		reshaped: form{Result: result, Error: refusal},
	}}}}
}

type form struct {
	Result any                      `json:"result,omitempty"`
	Error  *mcp.JSONRPCErrorDetails `json:"error,omitempty"`
}

// response is a JSON-RPC response. Its keys are in this order, which lineGate relies on.
type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   any             `json:"error,omitempty"`
}

// inShape gives what a transport writes with the reshaped answer in its place. written is one whole message of mcp-go, which
// writes each at once, with what the transport puts around it; most are returned as they are.
func inShape(written []byte) []byte {
	if !bytes.Contains(written, []byte(reshaped)) {
		return written
	}
	from, to := bytes.IndexByte(written, '{'), bytes.LastIndexByte(written, '}')+1
	var message struct {
		ID     json.RawMessage `json:"id"`
		Result struct {
			Meta map[string]json.RawMessage `json:"_meta"`
		} `json:"result"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	var answer struct {
		Result map[string]any  `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if from < 0 || json.Unmarshal(written[from:to], &message) != nil {
		return written
	}
	refusal, isRefused := readRefused(message.Error.Message)
	if !isRefused && json.Unmarshal(message.Result.Meta[reshaped], &answer) != nil {
		return written
	}
	out := response{Version: mcp.JSONRPC_VERSION, ID: message.ID}
	switch {
	case isRefused:
		out.Error = refusal
	case answer.Error != nil:
		out.Error = answer.Error
	default:
		if delete(message.Result.Meta, reshaped); len(message.Result.Meta) > 0 {
			meta, _ := answer.Result["_meta"].(map[string]any)
			if meta == nil {
				meta = map[string]any{}
			}
			for key, value := range message.Result.Meta { // what mcp-go says of this server
				meta[key] = value
			}
			answer.Result["_meta"] = meta
		}
		out.Result = answer.Result
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return written
	}
	return bytes.Join([][]byte{written[:from], raw, written[to:]}, nil)
}

// shaper puts reshaped answers in their place on their way to an HTTP client. 2026-07-28 (modern) wants the error in the HTTP status too, and mcp-go, which
// knows nothing of the code of a refused read, writes 200: that is left to the first Write.
type shaper struct {
	http.ResponseWriter

	modern bool
}

func (w shaper) WriteHeader(status int) {
	if !w.modern || status != http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w shaper) Write(message []byte) (int, error) {
	if w.modern && w.Header().Get("Content-Type") == "application/json" && isRefusedRead(message) {
		w.ResponseWriter.WriteHeader(http.StatusBadRequest)
	}
	if _, err := w.ResponseWriter.Write(inShape(message)); err != nil {
		return 0, err
	}
	return len(message), nil
}

// Flush lets mcp-go stream.
func (w shaper) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap serves http.ResponseController.
func (w shaper) Unwrap() http.ResponseWriter { return w.ResponseWriter }
