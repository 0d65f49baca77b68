package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// scimPage is how many resources a page of the directory holds at most.
const scimPage = 100

// scim serves one request to the directory.
func (c *call) scim() {
	directory, tail, _ := strings.Cut(strings.TrimPrefix(c.path, "/scim/directory/"), "/")
	base := "http://" + c.r.Host + "/scim/directory/" + directory
	authorization := c.r.Header.Get("Authorization")
	switch {
	case authorization == "":
		c.failure(http.StatusUnauthorized, "Missing authorization header.")
		return
	case authorization != "Bearer "+SCIMToken:
		c.failure(http.StatusUnauthorized, "Invalid credentials.")
		return
	case directory != DirectoryID:
		c.scimError(http.StatusNotFound, "", "Directory "+directory+" does not exist.")
		return
	}
	c.base = base
	if c.r.Method == http.MethodGet && (tail == "Users" || tail == "Groups") {
		c.s.world.read(func(shown, now *model) {
			c.shown, c.now = shown, now
			c.scimList(tail)
		})
		return
	}
	server, err := c.scimServer(base)
	if err != nil {
		c.scimError(http.StatusInternalServerError, "", err.Error())
		return
	}
	inner := c.r.Clone(c.r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(c.sent))
	inner.URL = &url.URL{Path: "/" + tail, RawQuery: c.r.URL.RawQuery}
	serve := func() { server.ServeHTTP(c.reply, inner) }
	if c.r.Method == http.MethodGet {
		c.s.world.read(func(shown, now *model) {
			c.shown, c.now = shown, now
			serve()
		})
	} else {
		c.write(serve)
	}
	c.project()
}

// failure answers in the shape of what stands before the directory (Failure in the specification).
func (c *call) failure(status int, message string) {
	c.json(status, map[string]string{"error": message, "traceId": c.trace})
}

// scimError answers with a SCIM error (RFC 7644, 3.12).
func (c *call) scimError(status int, kind, detail string) {
	body := map[string]any{"schemas": []string{scimErrorSchema}, "status": strconv.Itoa(status), "detail": detail}
	if kind != "" {
		body["scimType"] = kind
	}
	c.json(status, body)
	c.header.Set("Content-Type", "application/scim+json")
}

// project reduces the answer to what the attributes or excludedAttributes parameter asks for (RFC 7644, 3.9), which the library does not.
func (c *call) project() {
	wanted, unwanted := c.query.Get("attributes"), c.query.Get("excludedAttributes")
	if wanted == "" && unwanted == "" || c.status >= 300 || c.body.Len() == 0 {
		return
	}
	var resource map[string]any
	if json.Unmarshal(c.body.Bytes(), &resource) != nil {
		return
	}
	kind := c.header.Get("Content-Type")
	c.json(c.status, projected(resource, wanted, unwanted))
	c.header.Set("Content-Type", kind)
}

// projected keeps the wanted attributes, or drops the unwanted ones. schemas and id always stay.
func projected(resource map[string]any, wanted, unwanted string) map[string]any {
	if wanted == "" {
		for path := range strings.SplitSeq(unwanted, ",") {
			cutAttribute(resource, strings.TrimSpace(path))
		}
		return resource
	}
	kept := map[string]any{"schemas": resource["schemas"], "id": resource["id"]}
	for path := range strings.SplitSeq(wanted, ",") {
		// A sub-attribute brings its whole attribute along: more than asked for, which the protocol allows.
		top, _, _ := strings.Cut(strings.TrimSpace(path), ".")
		for name, value := range resource {
			if strings.EqualFold(name, top) || strings.EqualFold(name, strings.TrimSpace(path)) {
				kept[name] = value
			}
		}
	}
	return kept
}

// cutAttribute removes an attribute, or a sub-attribute of it.
func cutAttribute(resource map[string]any, path string) {
	top, sub, nested := strings.Cut(path, ".")
	for name, value := range resource {
		if name == "id" || name == "schemas" {
			continue
		}
		if strings.EqualFold(name, path) || !nested && strings.EqualFold(name, top) {
			delete(resource, name)
			continue
		}
		if !nested || !strings.EqualFold(name, top) {
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			cutAttribute(value, sub)
		case []any:
			for _, item := range value {
				if item, ok := item.(map[string]any); ok {
					cutAttribute(item, sub)
				}
			}
		}
	}
}
