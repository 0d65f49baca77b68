package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/consoleexport"
	"github.com/jira-lifecycle/jira-lifecycle-mcp/internal/roster"
)

// The files that people give: an export as the admin console writes it, and a roster as Okta does. Each person has a row.
const (
	exportHeader = "User id,User name,email,User status,Added to org,Org role,Group name,Last seen in Jira Service Management - mysite,Last seen in Jira - mysite,Last seen in Confluence - mysite\n"
	rosterHeader = "id,status,profile.firstName,profile.lastName,profile.login,profile.email,terminationDate\n"
)

func exportRow(b []byte, i int) []byte {
	return fmt.Appendf(b, "712020:%08x-2367-4092-a7f6-7cc1b9043bdd,Person %d,person%d@example.com,Active,%d Jan 2024,User,\"jira-users,confluence-users,team-%d\",Never accessed,%d Apr 2024,%d May 2024\n",
		i, i, i, 1+i%31, i%100, 1+i%30, 1+i%31)
}

func rosterRow(b []byte, i int) []byte {
	status, day := "ACTIVE", ""
	if i%50 == 0 {
		status, day = "DEPROVISIONED", fmt.Sprintf("2024-03-%02d", 1+i%31)
	}
	return fmt.Appendf(b, "00u%017d,%s,Person,Number %d,person%d@example.com,Person%d@example.com,%s\n", i, status, i, i, i, day)
}

// measureExport compares reading the files of people, with everything understood, with what encoding/csv takes to tell the cells of the same file apart.
func measureExport(_ context.Context, b *bench) ([]row, error) {
	people := b.pick(1_000_000, 100_000)
	readers := []struct {
		name    string
		against against
		header  string
		row     func([]byte, int) []byte
		read    func(*os.File) (int, error)
	}{
		{"export", ratio, exportHeader, exportRow, func(file *os.File) (int, error) {
			export, err := consoleexport.Read(file, "export.csv")
			if err != nil {
				return 0, err
			}
			return count(export.Rows())
		}},
		{"roster", nothing, rosterHeader, rosterRow, func(file *os.File) (int, error) {
			list, err := roster.Read(file, "roster.csv", time.Now())
			if err != nil {
				return 0, err
			}
			return count(list.Rows())
		}},
	}
	var rows []row
	for _, reader := range readers {
		path := filepath.Join(b.dir, reader.name+".csv")
		size, err := writePeople(path, people, reader.header, reader.row)
		if err != nil {
			return rows, err
		}
		time := row{
			measure: fmt.Sprintf("reading the %s of %s people", reader.name, thousands(people)), unit: milliseconds, against: reader.against, bar: 2,
			note: fmt.Sprintf("A file of %d MB; the floor is encoding/csv, which uses its record again.", size>>20),
		}
		for range b.pick(7, 3) {
			if err := timed(path, &time.value, people, reader.read); err != nil {
				return rows, err
			}
			if err := timed(path, &time.floor, people+1, bareCSV); err != nil { // it counts the header
				return rows, err
			}
		}
		rows = append(rows, time)
	}
	memory, err := measureExportMemory(b)
	return append(rows, memory), err
}

// measureExportMemory reads an export that is made while it is read, and looks at what is held meanwhile.
func measureExportMemory(b *bench) (row, error) {
	size := int64(b.pick(1<<30, 100<<20))
	memory := row{measure: fmt.Sprintf("reading an export of %s MB, memory held", thousands(int(size>>20))), unit: megabytes, against: value, bar: 2}
	in, out := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(out, 64<<10)
		_, err := w.WriteString(exportHeader)
		var line []byte
		for i, written := 0, int64(0); written < size && err == nil; i++ {
			line = exportRow(line[:0], i)
			written += int64(len(line))
			_, err = w.Write(line)
		}
		if err == nil {
			err = w.Flush()
		}
		_ = out.CloseWithError(err) // which never fails; nil is the end of the file
	}()
	defer func() { _ = in.Close() }()
	before := held()
	export, err := consoleexport.Read(in, "export.csv")
	if err != nil {
		return memory, err
	}
	rows, most := 0, uint64(0)
	for _, err := range export.Rows() {
		if err != nil {
			return memory, err
		}
		if rows++; rows%500_000 == 1 {
			most = max(most, held())
		}
	}
	memory.value.add(float64(most-min(before, most)) / (1 << 20))
	return memory, nil
}

// held is the memory of what can be reached.
func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func writePeople(path string, people int, header string, row func([]byte, int) []byte) (size int64, err error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	_, _ = w.WriteString(header) // Flush tells
	var line []byte
	for i := range people {
		line = row(line[:0], i)
		_, _ = w.Write(line)
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), file.Close()
}

func timed(path string, s *sample, want int, read func(*os.File) (int, error)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was read only
	runtime.GC()
	start := time.Now()
	n, err := read(file)
	s.time(time.Since(start))
	if err == nil && n != want {
		err = fmt.Errorf("%s: %d rows of %d", filepath.Base(path), n, want)
	}
	return err
}

func count[R any](rows iter.Seq2[R, error]) (n int, err error) {
	for _, err := range rows {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func bareCSV(file *os.File) (n int, err error) {
	r := csv.NewReader(file)
	r.ReuseRecord = true
	for {
		switch _, err := r.Read(); err {
		case nil:
			n++
		case io.EOF:
			return n, nil
		default:
			return n, err
		}
	}
}
