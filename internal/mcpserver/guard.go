package mcpserver

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// maxBody is how large a request may be, in bytes.
const maxBody = 4 << 20

// batchRefused answers a JSON-RPC batch, which MCP has not known since its revision 2025-06-18.
const batchRefused = `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not supported: send one message a request"}}`

// guard lets only requests through that were meant for this machine. A web page can make a browser send requests to loopback
// addresses: one from a foreign site carries its Origin, and one that rebinds its own name to 127.0.0.1 carries its Host.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !loopbackHost(r.Host):
			http.Error(w, "foreign Host: this server answers to localhost only", http.StatusForbidden)
			return
		case !loopbackOrigin(r.Header.Values("Origin")):
			http.Error(w, "foreign Origin: this server does not answer web pages of other hosts", http.StatusForbidden)
			return
		}
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
			switch {
			case err != nil:
				http.Error(w, "the body broke off", http.StatusBadRequest)
				return
			case len(body) > maxBody:
				http.Error(w, "the body is larger than 4 MiB", http.StatusRequestEntityTooLarge)
				return
			}
			if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, batchRefused) // the client may have gone
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackHost reports whether a host, with or without a port, is this machine's own name for itself.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if len(host) > 1 && host[0] == '[' && host[len(host)-1] == ']' {
		host = host[1 : len(host)-1]
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// loopbackOrigin reports whether every Origin is a page of this machine, on whatever port: tools that inspect MCP servers are such pages.
// Programs that are no browsers send none.
func loopbackOrigin(origins []string) bool {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !loopbackHost(u.Host) {
			return false
		}
	}
	return true
}
