package lifecycle

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/jira"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/parallel"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/rest"
)

const (
	// surveyAge is for how long it is believed who leads what. It is read as a whole, since Jira can't be asked by lead, and so once for all of a batch.
	surveyAge = time.Minute
	// mostProjects is how many projects are looked through for their leads, and mostComponents how many components are asked for theirs one by one: so many at once
	// as take a single round trip.
	mostProjects, mostComponents = 5000, 12
)

// survey is who leads the projects and components of a site, remembered for a while.
type survey struct {
	// The first request of a process finds out where the site takes the credential, and the others wait for it. It shall be the one with the most behind it:
	// the first of the pages of projects. begun is closed when that is sent.
	begun chan struct{}
	once  sync.Once

	projects   recent[[]jira.Project]
	components recent[[]jira.Component]
}

func (s *survey) begin() { s.once.Do(func() { close(s.begun) }) }

// wait waits until the survey is begun, which is at once but for the first plan of a process.
func (s *survey) wait(ctx context.Context) {
	select {
	case <-s.begun:
	case <-ctx.Done():
	}
}

// sending returns a context whose first request begins the survey as it is sent.
func (s *survey) sending(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { s.begin() }})
}

// forget makes the next question be asked anew, after leads were changed.
func (s *survey) forget() {
	s.projects.forget()
	s.components.forget()
}

// tooMany is the error of a list that is not read to its end.
type tooMany struct {
	what  string
	limit int
}

func (e tooMany) Error() string {
	return fmt.Sprintf("the site has more than %d %s, which are not all looked through", e.limit, e.what)
}

// surveyProjects reads the live projects with their leads.
func surveyProjects(ctx context.Context, client *jira.Client) ([]jira.Project, error) {
	var list []jira.Project
	for page, err := range client.Projects(ctx, nil, rest.PageOptions{}) {
		if err != nil {
			return nil, err
		}
		if list = append(list, page...); len(list) > mostProjects {
			return nil, tooMany{"projects", mostProjects}
		}
	}
	return list, nil
}

// surveyComponents reads the components with their leads, which a list does not tell: each is asked for its own.
func surveyComponents(ctx context.Context, client *jira.Client) ([]jira.Component, error) {
	var list []jira.Component
	untold := 0
	for page, err := range client.Components(ctx, rest.PageOptions{}) {
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if c.Lead == nil {
				untold++
			}
		}
		if list = append(list, page...); untold > mostComponents {
			return nil, tooMany{"components, whose leads are told one by one", mostComponents}
		}
	}
	all, all1 := parallel.WithContext(ctx)
	for i := range list {
		if list[i].Lead != nil {
			continue
		}
		all.Go(func() error {
			one, err := client.Component(all1, list[i].ID)
			if rest.IsStatus(err, 404) { // it has just been deleted, or can't be seen
				return nil
			}
			list[i] = one
			return err
		})
	}
	return list, all.Wait()
}

// recent keeps an answer for a while; a failed question is asked again by the next. Those who ask at the same time share one question.
type recent[T any] struct {
	mu    sync.Mutex
	value T
	at    time.Time
}

func (r *recent[T]) get(ask func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < surveyAge {
		return r.value, nil
	}
	value, err := ask()
	if err != nil {
		var none T
		return none, err
	}
	r.value, r.at = value, time.Now()
	return value, nil
}

func (r *recent[T]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = time.Time{}
}
