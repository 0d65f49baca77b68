package lifecycle

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/fault"
)

// confirmationAge is for how long a plan may be confirmed.
const confirmationAge = 15 * time.Minute

// Confirmation is the token that applies a plan.
type Confirmation struct {
	Token     string    `json:"token" jsonschema:"pass it as confirm with the same arguments, after a person has agreed to the plan"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Sealer makes confirmation tokens and checks them. A token seals (AES-256-GCM) the tool, the target, the plan, the caller and an expiry;
// it works once. The key and the marks of used tokens live in the state directory, so that several processes on one state agree.
type Sealer struct {
	dir string
	now func() time.Time

	mu   sync.Mutex
	aead cipher.AEAD
}

// NewSealer returns a sealer that keeps its key under stateDir. It reads and writes nothing until it is used.
func NewSealer(stateDir string, now func() time.Time) *Sealer {
	if now == nil {
		now = time.Now
	}
	return &Sealer{dir: filepath.Join(stateDir, "confirmations"), now: now}
}

// claims is what a token seals.
type claims struct {
	ID      string    `json:"id"`
	Tool    string    `json:"tool"`
	Target  string    `json:"target"`
	Plan    string    `json:"plan"`
	Caller  string    `json:"caller"`
	Expires time.Time `json:"expires"`
}

// tokenPurpose keeps a token of this kind from being taken for any other that the same key may ever seal.
var tokenPurpose = []byte("jira-lifecycle-mcp confirmation 1")

// Seal returns a token for plan as caller saw it.
func (s *Sealer) Seal(plan Plan, caller string) (Confirmation, error) {
	aead, err := s.key()
	if err != nil {
		return Confirmation{}, err
	}
	c := claims{ID: rand.Text(), Tool: plan.tool, Target: plan.Target.key(), Plan: plan.ID, Caller: caller, Expires: s.now().Add(confirmationAge).UTC().Truncate(time.Second)}
	content, err := json.Marshal(c)
	if err != nil {
		return Confirmation{}, err
	}
	token := base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, content, tokenPurpose))
	return Confirmation{Token: token, ExpiresAt: c.Expires}, nil
}

// maxToken bounds what is decoded; a real token has about 400 characters.
const maxToken = 4096

// open returns what a token seals, if this server made it for this tool and caller and it is neither expired nor used.
func (s *Sealer) open(token, tool, caller string) (claims, error) {
	aead, err := s.key()
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
	case !s.now().Before(c.Expires):
		return claims{}, invalid("The confirmation token expired at %s.", c.Expires.Format(time.RFC3339))
	case s.used(c.ID):
		return claims{}, invalid("The confirmation token was used already.")
	}
	return c, nil
}

func invalid(format string, args ...any) error {
	return fault.New(fault.ConfirmationInvalid, "Nothing was changed. Call again without confirm to get the plan as it is now, and a new token.", format, args...)
}

// spend marks a token as used, and refuses one that is used already. Creating the mark is atomic, so of two processes that present one token
// at the same moment one wins.
func (s *Sealer) spend(c claims) error {
	mark, err := os.OpenFile(s.mark(c.ID), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return invalid("The confirmation token was used already.")
	}
	if err == nil {
		err = cmp.Or(mark.Sync(), mark.Close())
	}
	if err != nil {
		return s.storage(err)
	}
	s.prune()
	return nil
}

func (s *Sealer) used(id string) bool {
	_, err := os.Lstat(s.mark(id))
	return err == nil
}

func (s *Sealer) mark(id string) string { return filepath.Join(s.dir, "used-"+id) }

// prune forgets marks of tokens that have expired long ago. What can't be read or removed now is left for the next time.
func (s *Sealer) prune() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), "used-") && s.now().Sub(info.ModTime()) > 4*confirmationAge {
			_ = os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
}

// key reads the key, making it when this state has none yet. Of several processes that make one at the same moment all use the same:
// the key is written whole under another name and linked into place, which only the first can.
func (s *Sealer) key() (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead != nil {
		return s.aead, nil
	}
	path := filepath.Join(s.dir, "key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeKey(path); err == nil {
			key, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, s.storage(err)
	}
	if len(key) != 32 {
		return nil, fault.New(fault.Internal, "Remove it: plans that were shown before can then not be confirmed any more, nothing else is lost.", "The key file %s is damaged.", path)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s.aead, err = cipher.NewGCMWithRandomNonce(block)
	return s.aead, err
}

func (s *Sealer) makeKey(path string) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.dir, "key-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // a leftover is harmless: nothing reads it
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	_, err = file.Write(key)
	if err = cmp.Or(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (s *Sealer) storage(err error) error {
	return fault.New(fault.Internal, "Check that the state directory (JIRA_LIFECYCLE_STATE_DIR) exists, belongs to you and has room.", "The confirmation can't be kept in %s: %v.", s.dir, rootCause(err)).
		Because(fmt.Errorf("confirmations: %w", err))
}

// rootCause drops the path that os errors repeat.
func rootCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
