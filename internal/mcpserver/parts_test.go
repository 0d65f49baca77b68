package mcpserver

import (
	"strings"
	"testing"
)

func TestThePartsOfAFileAreTheFile(t *testing.T) {
	line := func(length int) string { return strings.Repeat("x", length-1) + "\n" }
	for name, c := range map[string]struct {
		content string
		parts   int64
	}{
		"nothing":                               {"", 1},
		"less than a part":                      {line(10), 1},
		"a line that ends with a part":          {line(partSize), 1},
		"two lines that end with parts":         {line(partSize) + line(partSize), 2},
		"a line that begins before the border":  {line(partSize-1) + line(5), 1},
		"a line that begins behind it":          {line(partSize+1) + line(5), 2},
		"a last line over the border":           {line(5) + line(2*partSize), 1},
		"a line that is longer than two parts":  {line(5) + line(2*partSize) + line(5), 3},
		"a last line without an end":            {line(partSize) + "end", 2},
		"many lines":                            {strings.Repeat(line(997), 5000), 5},
		"lines of which none ends at the block": {strings.Repeat(line(64<<10+1), 40), 3},
	} {
		t.Run(name, func(t *testing.T) {
			f, size := strings.NewReader(c.content), int64(len(c.content))
			parts, err := countParts(f, size)
			if err != nil || parts != c.parts {
				t.Fatalf("%d parts, %v; want %d", parts, err, c.parts)
			}
			var joined strings.Builder
			for n := range parts {
				text, err := readPart(f, size, n+1)
				if err != nil {
					t.Fatal(err)
				}
				if n < parts-1 && text != "" && !strings.HasSuffix(text, "\n") {
					t.Errorf("part %d ends within a line", n+1)
				}
				joined.WriteString(text)
			}
			if joined.String() != c.content {
				t.Errorf("the parts have %d bytes, the file %d", joined.Len(), size)
			}
		})
	}
}
