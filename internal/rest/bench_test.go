package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The walk of a large site: 100,000 accounts, 1,000 a page, as large as Jira's.
const (
	benchAccounts = 100_000
	benchPage     = 1000
	benchLatency  = 50 * time.Millisecond
)

type account struct {
	AccountID    string `json:"accountId"`
	AccountType  string `json:"accountType"`
	DisplayName  string `json:"displayName"`
	EmailAddress string `json:"emailAddress"`
	Active       bool   `json:"active"`
	TimeZone     string `json:"timeZone"`
	Locale       string `json:"locale"`
}

func benchServer(b *testing.B) string {
	b.Helper()
	pages := map[int][]byte{}
	for start := 0; start < benchAccounts; start += benchPage {
		var page bytes.Buffer
		for i := start; i < start+benchPage; i++ {
			separator := byte(',')
			if i == start {
				separator = '['
			}
			page.WriteByte(separator)
			fmt.Fprintf(&page, `{"self":"https://site.example/rest/api/3/user?accountId=712020:%08d-aaaa-bbbb-cccc-1234567890ab","accountId":"712020:%08d-aaaa-bbbb-cccc-1234567890ab",`+
				`"accountType":"atlassian","avatarUrls":{"48x48":"https://avatar.example/%08d/48.png","24x24":"https://avatar.example/%08d/24.png","16x16":"https://avatar.example/%08d/16.png","32x32":"https://avatar.example/%08d/32.png"},`+
				`"emailAddress":"user%d@example.com","displayName":"Person Number %d","active":true,"timeZone":"Europe/Berlin","locale":"en_US"}`, i, i, i, i, i, i, i, i)
		}
		page.WriteByte(']')
		pages[start] = page.Bytes()
	}
	s, _ := server(b, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(benchLatency)
		start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
		page, ok := pages[start]
		if !ok {
			page = []byte("[]")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page)
	})
	return s.URL
}

// BenchmarkWalk compares the walk with its floor: the same requests, by as many goroutines, that throw the bodies away.
func BenchmarkWalk(b *testing.B) {
	url := benchServer(b)
	b.Run("pages", func(b *testing.B) {
		c, err := New(Config{Service: "jira", BaseURL: url})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for page, err := range Pages(b.Context(), PageOptions{Size: benchPage}, nil, func(ctx context.Context, start, size int) (Page[account], error) {
				var out []account
				err := c.Do(ctx, Request{Method: "GET", Route: "/users", Query: map[string][]string{"startAt": {strconv.Itoa(start)}, "maxResults": {strconv.Itoa(size)}}}, &out)
				return Page[account]{Items: out, Total: -1}, err
			}) {
				if err != nil {
					b.Fatal(err)
				}
				n += len(page)
			}
			if n != benchAccounts {
				b.Fatalf("%d accounts", n)
			}
		}
		reportHeap(b)
	})
	b.Run("floor", func(b *testing.B) {
		client := &http.Client{Transport: NewTransport()}
		for b.Loop() {
			starts := make(chan int)
			var group sync.WaitGroup
			for range DefaultMaxParallel {
				group.Go(func() {
					for start := range starts {
						res, err := client.Get(fmt.Sprintf("%s/users?startAt=%d&maxResults=%d", url, start, benchPage))
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, res.Body)
						_ = res.Body.Close()
					}
				})
			}
			for start := 0; start <= benchAccounts; start += benchPage {
				starts <- start
			}
			close(starts)
			group.Wait()
		}
	})
}

func reportHeap(b *testing.B) {
	b.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapSys-m.HeapReleased)/(1<<20), "heap-MB")
}
