package webpage_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/chromium"
)

// axe-core, which `make axe` fetches. It is not kept in the tree: it is large, and under the Mozilla Public License.
const (
	axeFile = "../../../bin/axe-core-4.14.1.min.js"
	axeSum  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axe gives the text of axe-core, or ends the test when it is not there.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(axeFile)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("axe-core is not there, and CI=true asks for it: make axe (%v)", err)
		}
		t.Skip("axe-core is not there (make axe fetches it), so accessibility is not checked")
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s is not axe-core as it was published: its SHA-256 is %x", axeFile, sum)
	}
	return string(text)
}

// accessible runs all rules of axe-core, those of best practice too, over a page with everything open; by night those about colours.
func accessible(t *testing.T, b *chromium.Browser) {
	script := axe(t)
	for name, size := range map[string]chromium.Action{"wide": chromium.Size(1280, 900), "narrow": chromium.Size(360, 740)} {
		t.Run(name, func(t *testing.T) {
			r := openCompany(t, b, 30, size, chromium.Light())
			value[bool](r, `([...document.querySelectorAll("button.more, summary")].slice(0, 12).forEach((button) => button.click()), document.querySelector("#people-part button.more").click(), true)`)
			value[any](r, script+"\n;null")
			if passed := r.violations(`{}`); passed < 30 {
				t.Errorf("only %d rules were applied", passed)
			}
			if wide := value[int](r, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
				t.Errorf("the page is %d pixels too wide", wide)
			}
			r.do(chromium.Dark())
			if passed := r.violations(`{runOnly: ["color-contrast"]}`); passed != 1 {
				t.Errorf("%d rules about colours were applied by night", passed)
			}
		})
	}
}

// violations reports what axe-core complains of, and gives how many rules the page passed.
func (r *report) violations(options string) (passed int) {
	r.t.Helper()
	value[bool](r, `(delete window.result, axe.run(`+options+`).then((result) => { window.result = JSON.stringify({passes: result.passes.length, violations: result.violations, incomplete: result.incomplete}); }), true)`)
	r.wait(`"result" in window`)
	type rule struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	var result struct {
		Passes                 int
		Violations, Incomplete []rule
	}
	if err := json.Unmarshal([]byte(r.text("window.result")), &result); err != nil {
		r.t.Fatal(err)
	}
	for _, rule := range append(result.Violations, result.Incomplete...) {
		for i, node := range rule.Nodes {
			// What is behind a text of a chart can't be told by a program. It is the page's own background.
			if i > 2 || rule.ID == "color-contrast" && strings.HasPrefix(node.HTML, "<text ") {
				continue
			}
			r.t.Errorf("%s (%s, %d times): %s\n%s", rule.ID, rule.Help, len(rule.Nodes), node.HTML, node.FailureSummary)
		}
	}
	return result.Passes
}
