package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// unauthenticated tells whether the site did not take the credential. Where anybody may read, Jira answers as to an anonymous caller and says
// so in a header; such an answer is not the truth that the credential's owner would get.
func unauthenticated(req *http.Request, res *http.Response) bool {
	return res.StatusCode == http.StatusUnauthorized ||
		req.Method == http.MethodGet && strings.Contains(res.Header.Get("X-Seraph-Loginreason"), "AUTHENTICATED_FAILED")
}

// decisive tells whether an answer shows that the credential was taken. Refusals for load and errors of a server may come before it was looked at.
func decisive(res *http.Response) bool {
	return res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests
}

// scopeMissing tells whether the gateway's 401 is about a scope: then the token itself was taken. The body can be read again.
func scopeMissing(res *http.Response) bool {
	const enough = 4 << 10
	head, _ := io.ReadAll(io.LimitReader(res.Body, enough))
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}
	return bytes.Contains(bytes.ToLower(head), []byte("scope does not match"))
}

// refusal is the site's 401 with a body that says where else the token was tried.
func (s *Site) refusal(res *http.Response, elsewhere string) *http.Response {
	discard(res)
	body, err := json.Marshal(map[string][]string{"errorMessages": {
		"The API token is refused at " + s.SiteURL + ", and " + elsewhere + ".",
	}})
	if err != nil {
		return res // unreachable: strings have a JSON form
	}
	res.StatusCode, res.Status = http.StatusUnauthorized, "401 Unauthorized"
	for _, name := range []string{"Content-Encoding", "Transfer-Encoding"} {
		res.Header.Del(name)
	}
	res.Header.Set("Content-Type", "application/json")
	res.ContentLength, res.TransferEncoding, res.Uncompressed = int64(len(body)), nil, false
	res.Header.Del("Content-Length")
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}

// replay is req with a fresh body.
func replay(req *http.Request) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("the body can't be sent twice")
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := req.Clone(req.Context())
	again.Body = body
	return again, nil
}

// discard reads the rest of a small body, so that the connection can be used again, and closes it.
func discard(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
