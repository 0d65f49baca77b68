package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage"
	madeup "github.com/jira-lifecycle/jira-lifecycle-mcp/internal/audit/webpage/sample"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/chromium"
)

// sortAll clicks the head of every column that sorts, twice, and gives the longest time from a click until the new rows are laid out, in milliseconds.
const sortAll = `(() => {
	let longest = 0;
	for (const button of document.querySelectorAll("th button.sort")) {
		for (let i = 0; i < 2; i++) {
			const start = performance.now();
			button.click();
			document.body.getBoundingClientRect();
			longest = Math.max(longest, performance.now() - start);
		}
	}
	return longest;
})()`

// measurePage takes the size of the HTML report of a made-up company, how long Chromium takes from opening the file until its tables can be used,
// and the slowest sort.
func measurePage(ctx context.Context, b *bench) ([]row, error) {
	people := b.pick(100_000, 10_000)
	name := "HTML report of " + thousands(people) + " people"
	size := row{measure: name, unit: megabytes, against: value, bar: 8}
	write := row{measure: name + ", written", unit: milliseconds}
	ready := row{measure: name + ", ready", unit: milliseconds, against: value, bar: 1500}
	sorted := row{measure: name + ", slowest sort", unit: milliseconds, against: value, bar: 200}

	path := filepath.Join(b.dir, "report.html")
	company := madeup.New(people)
	start := time.Now()
	if err := writePage(path, company); err != nil {
		return nil, err
	}
	write.value.time(time.Since(start))
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	size.value.add(float64(info.Size()) / (1 << 20))
	rows := []row{size, write}
	if chromium.Bin() == "" {
		return append(rows, leftOut(ready.measure, "Chromium is not installed"), leftOut(sorted.measure, "Chromium is not installed")), nil
	}
	browser, err := chromium.Start()
	if err != nil {
		return rows, err
	}
	defer browser.Close()
	for range b.pick(5, 2) {
		if err := ctx.Err(); err != nil {
			return rows, err
		}
		if err := openPage(browser, path, &ready, &sorted); err != nil {
			return rows, err
		}
	}
	return append(rows, ready, sorted), nil
}

func writePage(path string, c *madeup.Company) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	return errors.Join(webpage.Write(w, c.Header, c.People(), c.Others()), w.Flush(), f.Close())
}

// openPage opens the page in a tab of its own and measures there.
func openPage(browser *chromium.Browser, path string, ready, sorted *row) error {
	tab, err := browser.Tab(path)
	if err != nil {
		return err
	}
	defer tab.Close()
	if err := tab.Wait(`document.documentElement.dataset.state`); err != nil {
		return err
	}
	at, err := chromium.Value[float64](tab, `performance.getEntriesByName("ready")[0]?.startTime ?? 0`)
	if err != nil {
		return err
	}
	if at == 0 {
		return fmt.Errorf("the page failed: %q", tab.Problems())
	}
	longest, err := chromium.Value[float64](tab, sortAll)
	if err != nil {
		return err
	}
	ready.value.add(at)
	sorted.value.add(longest)
	return nil
}
