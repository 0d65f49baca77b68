package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// isCloudID tells whether text can be a cloud id, which becomes part of an address: letters, digits and dashes, at most 64.
func isCloudID(text string) bool {
	return len(text) > 0 && len(text) <= 64 && text[0] != '-' && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func (s *Site) knownCloudID() string {
	if s.CloudID != "" {
		return s.CloudID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cloudID
}

// findCloudID returns the site's cloud id, which is public: GET {site}/_edge/tenant_info. It is asked once, and without credentials.
func (s *Site) findCloudID(ctx context.Context) (string, error) {
	if id := s.knownCloudID(); id != "" {
		return id, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(s.SiteURL, "/")+"/_edge/tenant_info", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/json")
	res, err := orDefault(s.Base).RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer discard(res)
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("/_edge/tenant_info answered %d", res.StatusCode)
	}
	var info struct {
		CloudID string `json:"cloudId"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&info); err != nil || !isCloudID(info.CloudID) {
		return "", errors.New("/_edge/tenant_info has no cloud id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cloudID = info.CloudID
	return info.CloudID, nil
}
