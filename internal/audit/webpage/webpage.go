// Package webpage writes the report of an access audit as one HTML file for the person who has to decide: what was found, most severe
// first, who must act, the evidence and what to do about it, with tables of all findings and all people.
//
// The file needs nothing besides itself. Its content security policy forbids every request and every script but its own, known by
// its hash. Headline figures, charts and the list of what to do are plain HTML and inline SVG, made here; the tables are made in the browser from a
// compact copy of the data (see columns.go), which is compressed while it is read, so that memory does not grow with the people.
//
// Names are hostile text. What is written into the page goes through html/template; the data is base64, which can't end an element, and
// the script shows it with textContent alone.
//
// The package knows nothing of audits: package audit hands it what it is to show.
package webpage

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"iter"
)

// The parts of the page, to be read in this order: page.html is all that stands there before any script runs.
var (
	//go:embed page.html
	pageHTML string
	//go:embed style.css
	styleCSS string
	//go:embed script/data.js
	dataJS string
	//go:embed script/order.js
	orderJS string
	//go:embed script/table.js
	tableJS string
	//go:embed script/parts.js
	partsJS string
	//go:embed script/findings.js
	findingsJS string
	//go:embed script/people.js
	peopleJS string
	//go:embed script/print.js
	printJS string
	//go:embed script/main.js
	mainJS string
)

var (
	script = "\n" + dataJS + orderJS + tableJS + partsJS + findingsJS + peopleJS + printJS + mainJS
	style  = "\n" + styleCSS
	page   = template.Must(template.New("page").Parse(pageHTML))
)

// dataElement begins the element that holds the data. Everything else in the page is escaped, so that it occurs once.
const dataElement = `<script type="text/plain" id="data">`

// Write writes the page. It asks people and others once, in turn, and ends with the first error that they give. The people may come in any
// order; others are the findings that are about none of them: about a group, the site, a SCIM user without an account.
func Write(w io.Writer, h Header, people iter.Seq2[Person, error], others iter.Seq2[Finding, error]) error {
	h = h.clean()
	var text bytes.Buffer
	if err := page.Execute(&text, newView(h)); err != nil {
		return fmt.Errorf("lay out the report: %w", err)
	}
	head, tail, ok := bytes.Cut(text.Bytes(), []byte(dataElement))
	if !ok {
		return errors.New("lay out the report: the page has no place for the data")
	}
	if _, err := w.Write(append(head, dataElement...)); err != nil {
		return err
	}
	if err := writeData(w, h, people, others); err != nil {
		return err
	}
	_, err := w.Write(tail)
	return err
}

// writeData writes the lines of columns.go, compressed and in base64.
func writeData(w io.Writer, h Header, people iter.Seq2[Person, error], others iter.Seq2[Finding, error]) error {
	encoded := base64.NewEncoder(base64.StdEncoding, w)
	compressed, err := flate.NewWriter(encoded, flate.DefaultCompression)
	if err != nil {
		return err
	}
	lines := newColumns(compressed, h)
	for p, err := range people {
		if err != nil {
			return err
		}
		if err := lines.person(p); err != nil {
			return err
		}
	}
	for f, err := range others {
		if err != nil {
			return err
		}
		if err := lines.other(f); err != nil {
			return err
		}
	}
	if err := lines.end(); err != nil {
		return err
	}
	return errors.Join(compressed.Close(), encoded.Close())
}

// hash is a source of the content security policy: the script or style with that text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
