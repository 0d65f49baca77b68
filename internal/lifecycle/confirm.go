package lifecycle

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/journal"
)

// confirmationAge is for how long a plan may be confirmed.
const confirmationAge = 15 * time.Minute

// Confirmation is the token that applies a plan.
type Confirmation struct {
	Token     string    `json:"token" jsonschema:"pass it as confirm with the same arguments, after a person has agreed to the plan"`
	ExpiresAt time.Time `json:"expires_at"`
}

// sealer makes confirmation tokens and checks them. A token seals (AES-256-GCM) the tool, the target, the plan, the caller, the site, when it is to be done,
// and an expiry. It works once: its use is recorded in the transaction that begins the operation. Key and use are the journal's, so that a plan
// shown by one process can be confirmed at another.
type sealer struct {
	journal *journal.Store
	site    string
	now     func() time.Time

	mu   sync.Mutex
	aead cipher.AEAD
}

// claims is what a token seals.
type claims struct {
	ID      string    `json:"id"`
	Tool    string    `json:"tool"`
	Target  string    `json:"target"`
	Plan    string    `json:"plan"`
	Caller  string    `json:"caller"`
	Site    string    `json:"site"`
	At      time.Time `json:"at,omitzero"` // the time that the plan was confirmed for
	Expires time.Time `json:"expires"`
}

// use is what spends the token.
func (c claims) use() *journal.Use {
	if c.ID == "" {
		return nil
	}
	return &journal.Use{Token: c.ID, Expires: c.Expires}
}

// tokenPurpose keeps a token of this kind from being taken for any other that the same key may ever seal.
var tokenPurpose = []byte("jira-lifecycle-mcp confirmation 2")

// seal returns a token for plan as caller saw it.
func (s *sealer) seal(ctx context.Context, plan Plan, caller string, at time.Time) (Confirmation, error) {
	aead, err := s.key(ctx)
	if err != nil {
		return Confirmation{}, err
	}
	c := claims{
		ID: rand.Text(), Tool: plan.tool, Target: plan.Target.key(), Plan: plan.ID, Caller: caller, Site: s.site, At: at,
		Expires: s.now().Add(confirmationAge).UTC().Truncate(time.Second),
	}
	content, err := json.Marshal(c)
	if err != nil {
		return Confirmation{}, err
	}
	token := base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, content, tokenPurpose))
	return Confirmation{Token: token, ExpiresAt: c.Expires}, nil
}

// maxToken bounds what is decoded; a real token has about 400 characters.
const maxToken = 4096

// open returns what a token seals, if a server on this journal made it for this tool, caller and time, and it is neither expired nor used.
func (s *sealer) open(ctx context.Context, token, tool, caller string, at time.Time) (claims, error) {
	aead, err := s.key(ctx)
	if err != nil {
		return claims{}, err
	}
	var c claims
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(token))
	if err == nil && len(token) <= maxToken {
		if raw, err = aead.Open(nil, nil, raw, tokenPurpose); err == nil {
			err = json.Unmarshal(raw, &c)
		}
	}
	switch {
	case err != nil || len(token) > maxToken:
		return claims{}, invalid("The confirmation token is not one that this server gave.")
	case c.Tool != tool:
		return claims{}, invalid("The confirmation token is for %s, not for %s.", c.Tool, tool)
	case c.Caller != caller:
		return claims{}, invalid("The confirmation token was given to another caller.")
	case c.Site != s.site:
		return claims{}, invalid("The confirmation token is for another site.")
	case !c.At.Equal(at):
		return claims{}, invalid("The confirmation token is for another effective_at.")
	case !s.now().Before(c.Expires):
		return claims{}, invalid("The confirmation token expired at %s.", c.Expires.Format(time.RFC3339))
	}
	used, err := s.journal.Used(ctx, c.ID)
	if err != nil {
		return claims{}, err
	}
	if used {
		return claims{}, errUsed
	}
	return c, nil
}

func invalid(format string, args ...any) error {
	return fault.New(fault.ConfirmationInvalid, "Nothing was changed. Call again without confirm to get the plan as it is now, and a new token.", format, args...)
}

var errUsed = invalid("The confirmation token was used already.")

func (s *sealer) key(ctx context.Context) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead != nil {
		return s.aead, nil
	}
	key, err := s.journal.Key(ctx, "confirmation")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s.aead, err = cipher.NewGCMWithRandomNonce(block)
	return s.aead, err
}
