// Package chromium drives a headless Chromium for tests and the benchmark: a file is opened in it, and what it asks of the network and complains of
// is counted. The browser reaches no network: every name is unknown to it.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Patience bounds everything that a tab does. It is for a machine that is busy with other tests.
const Patience = 2 * time.Minute

// Browser is a running Chromium with a profile of its own.
type Browser struct {
	context context.Context
	close   func()
}

// Start starts the browser that Bin names. The caller closes it.
func Start() (*Browser, error) {
	bin := Bin()
	if bin == "" {
		return nil, errors.New("chromium: not installed")
	}
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(bin),
		chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(Patience),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("font-render-hinting", "none"),
	})
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which Chromium can't have as root
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &Browser{context: ctx, close: func() { cancel(); stop() }}
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("chromium: start %s: %w", bin, err)
	}
	return b, nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() { b.close() }

// Tab is an opened file.
type Tab struct {
	context context.Context
	close   func()
	address string

	mu                 sync.Mutex
	requests, problems []string
}

// Action is something that is done in a tab and gives nothing.
type Action = chromedp.Action[chromedp.Void]

// Size makes the window so many pixels wide and high.
func Size(width, height int64) Action { return chromedp.EmulateViewport(width, height) }

// Dark prefers dark colours.
func Dark() Action { return prefer("dark") }

// Light prefers light colours.
func Light() Action { return prefer("light") }

func prefer(scheme string) Action {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

func command[P, R any](c cdp.Command[P, R], params P) Action {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, c, params)
		return err
	})
}

// Tab opens a file in a tab of its own, which the caller closes. The tab is prepared before the file is opened.
func (b *Browser) Tab(path string, prepare ...Action) (*Tab, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	t := &Tab{address: (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()}
	ctx, cancel := chromedp.NewContext(b.context, chromedp.WithListener(t.listen))
	bounded, stop := context.WithTimeout(ctx, Patience)
	t.context, t.close = bounded, func() { stop(); cancel() }
	watch := []Action{command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{})}
	// The first thing that is done in a tab opens it, under a context that has to outlive it.
	if err := errors.Join(chromedp.Do(ctx), t.Do(slices.Concat(watch, prepare, []Action{chromedp.Navigate(t.address)})...)); err != nil {
		t.Close()
		return nil, fmt.Errorf("chromium: open %s: %w", path, err)
	}
	return t, nil
}

// Close closes the tab.
func (t *Tab) Close() { t.close() }

// Do does what it is told in the tab, one after the other.
func (t *Tab) Do(actions ...Action) error { return chromedp.Do(t.context, actions...) }

// Get does something in the tab and gives its result.
func Get[T any](t *Tab, action chromedp.Action[T]) (T, error) { return chromedp.Run(t.context, action) }

// Value gives the value of an expression in the page.
func Value[T any](t *Tab, expression string) (T, error) {
	return Get(t, chromedp.Evaluate[T](expression))
}

// Wait waits until an expression in the page is true.
func (t *Tab) Wait(expression string) error {
	if _, err := Get(t, chromedp.Poll[bool]("Boolean("+expression+")", chromedp.WithPollingTimeout(Patience))); err != nil {
		return fmt.Errorf("chromium: wait for %s: %w", expression, err)
	}
	return nil
}

func (t *Tab) listen(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, t.address) {
			t.requests = append(t.requests, e.Request.URL)
		}
	case *log.EventEntryAdded:
		t.problems = append(t.problems, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, arg := range e.Args {
			words = append(words, string(arg.Value)+arg.Description)
		}
		t.problems = append(t.problems, fmt.Sprintf("console.%s: %s", e.Type, strings.Join(words, " ")))
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		t.problems = append(t.problems, "exception: "+text)
	}
}

// Requests are the addresses that the tab asked for besides its file.
func (t *Tab) Requests() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.requests)
}

// Problems is all that the console shows: errors, warnings, refusals of the content security policy, what scripts wrote.
func (t *Tab) Problems() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.problems)
}
