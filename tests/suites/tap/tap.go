// Package tap prints results as the Test Anything Protocol, with as much of github.com/mndrix/tap-go's interface as
// runtime-tools' validation calls: Debian does not have that package, and a suite must build without a network.
package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// T counts and prints the results of one stream.
type T struct {
	Writer io.Writer // standard output if nil
	count  *int
	todo   bool
}

// New gives a stream on standard output.
func New() *T { return &T{count: new(int)} }

func (t *T) printf(format string, arguments ...any) {
	writer := t.Writer
	if writer == nil {
		writer = os.Stdout
	}
	fmt.Fprintf(writer, format, arguments...)
}

// Header starts the stream; with no number of tests the plan comes last, from AutoPlan.
func (t *T) Header(tests int) {
	t.printf("TAP version 13\n")
	if tests > 0 {
		t.printf("1..%d\n", tests)
	}
}

// AutoPlan ends a stream whose length was not known before.
func (t *T) AutoPlan() { t.printf("1..%d\n", *t.count) }

// Ok prints one result.
func (t *T) Ok(passed bool, description string) {
	*t.count++
	outcome, directive := "ok", ""
	if !passed {
		outcome = "not ok"
	}
	if t.todo {
		directive = " # TODO"
	}
	t.printf("%s %d - %s%s\n", outcome, *t.count, description, directive)
}

// Pass prints a success, Fail a failure.
func (t *T) Pass(description string) { t.Ok(true, description) }
func (t *T) Fail(description string) { t.Ok(false, description) }

// Skip prints that many skipped tests.
func (t *T) Skip(tests int, description string) {
	for range tests {
		*t.count++
		t.printf("ok %d # SKIP %s\n", *t.count, description)
	}
}

// Todo gives the same stream, whose next results may fail.
func (t *T) Todo() *T {
	todo := *t
	todo.todo = true
	return &todo
}

// Diagnostic prints a comment, a line at a time.
func (t *T) Diagnostic(message string) {
	for _, line := range strings.Split(strings.TrimSpace(message), "\n") {
		t.printf("# %s\n", line)
	}
}

// Diagnosticf is Diagnostic with a format.
func (t *T) Diagnosticf(format string, arguments ...any) { t.Diagnostic(fmt.Sprintf(format, arguments...)) }

// YAML prints a document with details of the result before (as JSON, which is YAML too).
func (t *T) YAML(message any) error {
	text, err := json.MarshalIndent(message, "  ", "  ")
	if err != nil {
		return err
	}
	t.printf("  ---\n  %s\n  ...\n", text)
	return nil
}
