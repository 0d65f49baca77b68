package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"
	"gopkg.in/yaml.v3"
)

// Sources is where settings come from besides flags.
type Sources struct {
	// Getenv reads the environment; os.Getenv in the program.
	Getenv func(string) string

	file     map[string]any // the YAML file
	filePath string
	exposed  bool // others may read the file
}

// Option teaches kong the precedence of the sources, and its help their names. It looks for the settings file when a command
// with Settings is parsed: --config, then JIRA_LIFECYCLE_CONFIG, then the default place, where it may be missing.
func (s *Sources) Option() kong.Option {
	return kong.OptionFunc(func(k *kong.Kong) error {
		for _, option := range []kong.Option{
			kong.ValueFormatter(help),
			kong.WithBeforeResolve(func(ctx *kong.Context, path *kong.Path) error { return s.addResolver(ctx, path) }),
		} {
			if err := option.Apply(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// help gives a flag's help with its environment variable. Kong's own env tag is not used: it would let the file win over the
// environment.
func help(value *kong.Value) string {
	text := kong.DefaultHelpValueFormatter(value)
	if value.Tag.Has("setting") {
		variable, _, _ := strings.Cut(value.Tag.Get("setting"), ",")
		text += " ($" + variable + ")"
	}
	return text
}

// addResolver reads the file and has kong ask the sources for each flag that was not given.
func (s *Sources) addResolver(ctx *kong.Context, path *kong.Path) error {
	if path.App == nil { // the hook runs for every element of the command line; once is enough
		return nil
	}
	var file *kong.Flag
	for _, flag := range ctx.Flags() {
		if flag.Tag.Has("setting") && flag.Name == "config" {
			file = flag
		}
	}
	if file == nil {
		return nil // a command without settings
	}
	name, _ := ctx.FlagValue(file).(string)
	resolve, err := s.read(name)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if !flag.Tag.Has("setting") {
			return nil, nil
		}
		for variable := range strings.SplitSeq(flag.Tag.Get("setting"), ",") {
			if value := strings.TrimSpace(s.Getenv(variable)); value != "" {
				return value, nil
			}
		}
		// An empty path: the file's keys are flags, whatever the command.
		return resolve.Resolve(ctx, &kong.Path{}, flag)
	}))
	return nil
}

// read loads the settings file named name, by the environment, or found at the default place.
func (s *Sources) read(name string) (kong.Resolver, error) {
	if name == "" {
		name = strings.TrimSpace(s.Getenv("JIRA_LIFECYCLE_CONFIG"))
	}
	optional := name == ""
	if optional {
		name = defaultFile(s.Getenv)
	}
	raw, err := os.ReadFile(name)
	switch {
	case optional && (name == "" || errors.Is(err, fs.ErrNotExist)):
		raw = nil
	case err != nil:
		return nil, fmt.Errorf("settings file: %w", err)
	default:
		s.filePath = name
		if info, err := os.Stat(name); err == nil {
			s.exposed = readableByOthers(info)
		}
	}
	if err := yaml.Unmarshal(raw, &s.file); err != nil {
		return nil, fmt.Errorf("settings file %s: %w", name, err)
	}
	known := keys()
	for key := range s.file {
		if !slices.Contains(known, key) {
			return nil, fmt.Errorf("settings file %s: unknown key %q; known are %s", name, key, strings.Join(known, ", "))
		}
	}
	return kongyaml.Loader(bytes.NewReader(raw))
}

// secret finds a secret: its variable, else the file that fileSetting names, else the YAML file. The error names the setting.
func (s *Sources) secret(which secretSetting, fileSetting, file string) (Secret, error) {
	for _, variable := range which.variables {
		value := strings.TrimSpace(s.Getenv(variable))
		if value == "" {
			continue
		}
		if strings.TrimSpace(s.Getenv(fileSetting)) != "" {
			return Secret{}, fmt.Errorf("%s and %s are both set; keep one of them", variable, fileSetting)
		}
		return clean(value, variable)
	}
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return Secret{}, fmt.Errorf("%s can't be read: %w", fileSetting, err)
		}
		if len(bytes.TrimSpace(raw)) == 0 {
			return Secret{}, fmt.Errorf("%s names %s, which is empty", fileSetting, file)
		}
		return clean(string(raw), fileSetting)
	}
	value, ok := s.file[which.key]
	if !ok || value == nil {
		return Secret{}, nil
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return Secret{}, fmt.Errorf("%s in %s must be a text in quotes", which.key, s.filePath)
	case s.exposed && (which.key != database.key || holdsPassword(text)):
		return Secret{}, fmt.Errorf("%s is in %s, which others may read; run: chmod 600 %s", which.key, s.filePath, s.filePath)
	}
	return clean(text, which.key+" in "+s.filePath)
}

// clean trims a secret and refuses one that can't be right, without showing it.
func clean(text, source string) (Secret, error) {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return Secret{}, fmt.Errorf("%s holds spaces, line breaks or other characters that do not belong there; paste it alone", source)
	}
	return Secret{text}, nil
}
