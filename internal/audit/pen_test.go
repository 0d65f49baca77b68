package audit

import (
	"errors"
	"os"
	"testing"
)

// TestAReportThatCanNotBeWrittenIsAnError and keeps nobody waiting, whoever finds out.
func TestAReportThatCanNotBeWrittenIsAnError(t *testing.T) {
	for name, rows := range map[string]int{"at the end": 1, "while accounts are judged": 100 * pageSize} {
		t.Run(name, func(t *testing.T) {
			f, err := createFiles(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range f.open { // as if the disk had gone
				if err := file.Close(); err != nil {
					t.Fatal(err)
				}
			}
			p := newPen(f)
			for range rows {
				if err = p.row(Row{AccountID: "1", Findings: []Code{}}); err != nil {
					break
				}
			}
			if err == nil {
				err = p.flush()
			}
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("got %v", err)
			}
			_ = p.close() // the files are closed
		})
	}
}
