package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

// jsonResult is what --json writes: one object on one line.
type jsonResult struct {
	Run        string                 `json:"run"`
	Runbook    string                 `json:"runbook"`
	Outcome    string                 `json:"outcome"`
	DryRun     bool                   `json:"dry_run"`
	ExitCode   int                    `json:"exit_code"`
	Started    time.Time              `json:"started"`
	Seconds    float64                `json:"seconds"`
	Result     any                    `json:"result"`
	Changes    []runtime.ChangeRecord `json:"changes"`
	Problems   []string               `json:"problems,omitempty"`
	Error      *jsonError             `json:"error,omitempty"`
	Restored   []string               `json:"restored,omitempty"`
	UndoFailed []jsonUndoFailure      `json:"undo_failed,omitempty"`
}

type jsonError struct {
	Kind    string         `json:"kind"`
	Op      string         `json:"op,omitempty"`
	Message string         `json:"message"`
	Hint    string         `json:"hint,omitempty"`
	Where   string         `json:"where,omitempty"`
	Details map[string]any `json:"details,omitempty"`
}

type jsonUndoFailure struct {
	Undo  string     `json:"undo"`
	Error *jsonError `json:"error"`
}

func toJSONError(e *runtime.Error) *jsonError {
	if e == nil {
		return nil
	}
	return &jsonError{string(e.Kind), e.Op, e.Message, e.Hint, e.Where, e.Details}
}

func writeJSON(w io.Writer, res runtime.Result, code int) {
	out := jsonResult{
		Run: res.RunID, Runbook: res.Runbook, Outcome: string(res.Outcome), DryRun: res.DryRun,
		ExitCode: code, Started: res.Started, Seconds: res.Took.Seconds(),
		Result: res.Value, Changes: res.Changes, Problems: res.Problems,
		Error: toJSONError(res.Err), Restored: res.Restored,
	}
	if out.Changes == nil {
		out.Changes = []runtime.ChangeRecord{}
	}
	for _, u := range res.UndoFailed {
		out.UndoFailed = append(out.UndoFailed, jsonUndoFailure{u.Undo, toJSONError(u.Err)})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		fmt.Fprintf(w, `{"runbook":%q,"outcome":"failed","error":{"kind":"internal","message":%q}}`+"\n", res.Runbook, err)
	}
}

// writeJSONFailure writes the object of a run that did not come to be: wrong
// words, no home, no such runbook. A run that began has written its own.
func writeJSONFailure(w io.Writer, name string, err error) {
	var done exitError
	if err == nil || errors.As(err, &done) {
		return
	}
	var said strings.Builder
	code := report(&said, err)
	message, hint, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(said.String()), "cortexlua: "), "\n  next: ")
	failure := &runtime.Error{Kind: runtime.KindOf(err), Message: message, Hint: hint}
	if code == runtime.ExitUsage {
		failure.Kind = runtime.Invalid
	}
	writeJSON(w, runtime.Result{Runbook: name, Outcome: runtime.Broken, Err: failure, Started: time.Now()}, code)
}

// showResult says on standard error how a run ended.
func showResult(w io.Writer, res runtime.Result, verbose bool) {
	s := styleFor(w)
	if res.DryRun && res.Err == nil {
		fmt.Fprintf(w, "%s: %d change%s planned, none made\n", res.Runbook, len(res.Changes), plural(len(res.Changes)))
	}
	switch {
	case res.Err != nil:
		showFailure(w, s, res, verbose)
	case res.Outcome == runtime.Unhealthy:
		for _, p := range res.Problems {
			fmt.Fprintf(w, "%s %s\n", s.yellow("unhealthy:"), p)
		}
	}
}

func showFailure(w io.Writer, s style, res runtime.Result, verbose bool) {
	message, hint, _ := strings.Cut(res.Err.Error(), "\n  next: ")
	fmt.Fprintf(w, "%s %s: %s\n", s.red("failed:"), res.Runbook, message)
	if res.Err.Where != "" {
		fmt.Fprintf(w, "  at %s\n", res.Err.Where)
	}
	if res.Err.Trace != "" && (verbose || res.Err.Kind != runtime.Internal && res.Err.Where == "") {
		fmt.Fprintln(w, indent(strings.TrimSpace(res.Err.Trace), "    "))
	}
	if res.Err.Kind == runtime.Internal && !verbose {
		hint = "this is a defect of cortexlua: run it again with --verbose and report what it prints"
	}
	for _, u := range res.Restored {
		fmt.Fprintf(w, "  restored: %s\n", u)
	}
	for _, u := range res.UndoFailed {
		fmt.Fprintf(w, "  %s %s: %s\n", s.red("not restored, do it by hand:"), u.Undo, u.Err.Message)
		if u.Err.Hint != "" {
			fmt.Fprintf(w, "    next: %s\n", u.Err.Hint)
		}
	}
	if hint != "" {
		fmt.Fprintf(w, "  next: %s\n", hint)
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
