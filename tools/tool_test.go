package tools

import (
	"context"
	"strings"
	"testing"
)

func TestDefineRefusesWhatItCannotDescribe(t *testing.T) {
	for name, tt := range map[string]struct {
		define func()
		want   string
	}{
		"no description": {func() {
			define[struct {
				User string `json:"user"`
			}]("directory")
		}, "user has no description"},
		"a description that looks like an option": {func() {
			define[struct {
				User string `json:"user" jsonschema:"required=true"`
			}]("directory")
		}, "WORD="},
		"a wrong range": {func() {
			define[struct {
				Limit int `json:"limit" jsonschema:"how many" minimum:"one"`
			}]("directory")
		}, "tag minimum"},
		"not a struct":      {func() { define[string]("directory") }, "not a struct"},
		"a foreign toolset": {func() { define[toyIn]("misc") }, `toolset "misc"`},
		"confirmation without its argument": {func() {
			Define("x", "X", "lifecycle", "X.", Hints{}, func(context.Context, toyIn) (removal, error) { return removal{}, nil })
		}, `has no "confirm"`},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, tt.want) {
					t.Errorf("panic %q, want %q", got, tt.want)
				}
			}()
			tt.define()
		})
	}
}

func define[In any](toolset string) Tool {
	return Define("x", "X", toolset, "X.", Hints{}, func(context.Context, In) (toyOut, error) { return toyOut{}, nil })
}

func TestSelect(t *testing.T) {
	list := []Tool{{Name: "a", Toolset: "directory"}, {Name: "b", Toolset: "admin"}, {Name: "c", Toolset: "lifecycle"}}
	for sets, want := range map[string]string{
		"default": "a c", "all": "a b c", "admin,lifecycle": "b c", "default,admin": "a b c", "server": "",
	} {
		got, err := Select(list, strings.Split(sets, ","))
		if err != nil {
			t.Fatal(err)
		}
		names := make([]string, len(got))
		for i, tool := range got {
			names[i] = tool.Name
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: %v, want %s", sets, names, want)
		}
	}
	if _, err := Select(list, []string{"Directory"}); err == nil || !strings.Contains(err.Error(), "directory, audit") {
		t.Errorf("unknown toolset: %v", err)
	}
}
