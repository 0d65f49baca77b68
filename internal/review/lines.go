package review

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// lines are those of a review file on which its keys stand and its rules begin.
type lines struct {
	keys  map[string]int
	rules []int
}

// linesOf finds the lines of a file that could be read.
func linesOf(data []byte) lines {
	at := lines{keys: map[string]int{}}
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil || len(doc.Content) != 1 {
		return at
	}
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		at.keys[key.Value] = key.Line
		if value.Alias != nil {
			value = value.Alias
		}
		if key.Value == "rules" {
			for _, rule := range value.Content {
				at.rules = append(at.rules, rule.Line)
			}
		}
	}
	return at
}

// key gives the line of a key as an error begins with it, "" where the file leaves the key out.
func (l lines) key(name string) string {
	if line, ok := l.keys[name]; ok {
		return fmt.Sprintf("line %d: ", line)
	}
	return ""
}

// rule names the rule of that index as an error does, with its line.
func (l lines) rule(i int) string {
	if i < len(l.rules) {
		return fmt.Sprintf("line %d, rule %d", l.rules[i], i+1)
	}
	return fmt.Sprintf("rule %d", i+1)
}
