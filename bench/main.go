// Command bench compares cortexlua with the ways in which daemons are managed
// otherwise: the shell procedures that operators follow, supervisor, runit, and
// a minimal program that does no more than the work itself.
//
// Everything is measured in one run, one system after the other and again from
// the first (A B C, A B C), so that what the machine does meanwhile meets all of
// them. It works in a temporary folder and ends only processes of its own.
// README.md tells how to read the tables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	runs    int
	sizes   []int
	only    []string
	systems []string
	csv     string
	check   bool
	limit   time.Duration
}

func main() {
	opts, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, opts.limit)
	defer cancel()
	if err := run(ctx, opts); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	opts := options{}
	quick := fs.Bool("quick", false, "2 rounds, 8 and 100 daemons only")
	fs.BoolVar(&opts.check, "check", false, "1 round of cortexlua and minimal with 2 daemons: does the bench work? Times are not judged")
	fs.IntVar(&opts.runs, "n", 5, "rounds")
	fs.StringVar(&opts.csv, "csv", "", "write every measurement to this file")
	sizes := fs.String("sizes", "8,100,1000", "numbers of daemons")
	only := fs.String("only", "", "measure only these: start, status, rolling, stop, startup")
	systems := fs.String("systems", "", "only these systems")
	fs.DurationVar(&opts.limit, "limit", time.Hour, "end after this time")
	if err := fs.Parse(args); err != nil {
		return opts, err
	}
	opts.only, opts.systems = words(*only), words(*systems)
	if *quick {
		opts.runs, *sizes = min(opts.runs, 2), "8,100"
	}
	if opts.check {
		opts.runs, *sizes, opts.systems = 1, "2", []string{"cortexlua", "minimal"}
	}
	for _, w := range words(*sizes) {
		var n int
		if _, err := fmt.Sscan(w, &n); err != nil || n < 1 || n > 1000 {
			return opts, fmt.Errorf("-sizes %s: write numbers from 1 to 1000", w)
		}
		opts.sizes = append(opts.sizes, n)
	}
	for _, w := range opts.only {
		if !strings.Contains(" start status rolling stop startup ", " "+w+" ") {
			return opts, fmt.Errorf("-only %s: it knows start, status, rolling, stop and startup", w)
		}
	}
	return opts, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func run(ctx context.Context, opts options) (err error) {
	work, err := os.MkdirTemp("", "clbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := adoptOrphans(); err != nil {
		return err
	}
	tools, err := build(ctx, work)
	if err != nil {
		return err
	}
	fmt.Println(machine())
	b := &bench{opts: opts, tools: tools, work: work}
	if b.wants("startup") {
		b.startup(ctx)
	}
	b.fleets(ctx)
	fmt.Println("\nload average at the end:", loadAverage())
	b.report(os.Stdout)
	if opts.csv != "" {
		if err := writeCSV(opts.csv, b.samples); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("ended before it was through: %w", context.Cause(ctx))
	}
	if len(b.failures) > 0 {
		return fmt.Errorf("%d measurements failed", len(b.failures))
	}
	return nil
}
