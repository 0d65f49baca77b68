package webpage_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/chromium"
)

var update = flag.Bool("update", false, "take the pictures of docs/img anew")

// Pictures of a report of a company of 2,400 people, for docs/access-review.md.
func TestPictures(t *testing.T) {
	const folder, largest = "../../../docs/img", 200 << 10
	pictures := []struct {
		name          string
		width, height int64
		prefer        chromium.Action
		show          string // brings there what is to be seen
	}{
		{"access-review-summary.png", 1180, 1040, chromium.Light(), ``},
		{"access-review-finding.png", 1180, 900, chromium.Light(), `document.querySelector("#findings-part tbody tr:nth-child(2) button.more").click(); document.getElementById("findings").scrollIntoView()`},
		{"access-review-dark.png", 1180, 700, chromium.Dark(), `document.getElementById("charts").scrollIntoView()`},
	}
	if !*update {
		for _, p := range pictures {
			if info, err := os.Stat(filepath.Join(folder, p.name)); err != nil || info.Size() > largest {
				t.Errorf("%s: %v, or larger than %d bytes; make pictures takes it anew", p.name, err, largest)
			}
		}
		return
	}
	b := chromium.Need(t)
	for _, p := range pictures {
		r := openCompany(t, b, 2400, chromium.Size(p.width, p.height), p.prefer)
		value[bool](r, fmt.Sprintf(`(() => { %s; return true })()`, p.show))
		png, err := chromium.Get(r.Tab, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.name), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
