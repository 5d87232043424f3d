package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// fleet is a bed whose daemons a system manages.
type fleet struct {
	bed    *bed
	system *system
	pids   []int
}

// do runs the commands of an operation.
func (f *fleet) do(ctx context.Context, op string) (cost, error) {
	var total cost
	j := f.system.ops[op](f.bed)
	began := now()
	for i, argv := range j.argvs {
		before := now()
		c, err := execute(ctx, f.bed.dir, f.bed.env(), argv)
		if err != nil {
			return total, err
		}
		total.add(c)
		if j.inTurn {
			if _, err := f.bed.awaitReady(f.bed.names[i], before, settleLimit); err != nil {
				return total, err
			}
		}
	}
	total.wall = now().since(began)
	return total, nil
}

// start ends when all daemons are ready and the command has returned.
func (f *fleet) start(ctx context.Context) (sample, error) {
	began := now()
	c, err := f.do(ctx, "start")
	if err != nil {
		return sample{}, err
	}
	pids, last, err := f.bed.awaitAllReady(began, settleLimit)
	if err != nil {
		return sample{}, err
	}
	f.pids = pids
	return newSample(c, last.since(began)), nil
}

// stop ends when all daemons are gone and the command has returned.
func (f *fleet) stop(ctx context.Context) (sample, error) {
	deaths, err := watchDeaths(ctx, f.pids)
	if err != nil {
		return sample{}, err
	}
	began := now()
	c, err := f.do(ctx, "stop")
	if err != nil {
		return sample{}, err
	}
	last, err := deaths.wait(settleLimit)
	if err != nil {
		return sample{}, err
	}
	return newSample(c, last.since(began)), nil
}

// rolling ends when the last daemon was replaced, is ready, and the command has
// returned. That none was replaced before the one in front of it was ready is
// proved by the moments that the daemons wrote.
func (f *fleet) rolling(ctx context.Context) (sample, error) {
	deaths, err := watchDeaths(ctx, f.pids)
	if err != nil {
		return sample{}, err
	}
	began := now()
	c, err := f.do(ctx, "rolling")
	if err != nil {
		return sample{}, err
	}
	if _, err := deaths.wait(settleLimit); err != nil {
		return sample{}, err
	}
	pids, last, err := f.bed.awaitAllReady(began, settleLimit)
	if err != nil {
		return sample{}, err
	}
	for i, pid := range pids {
		if slices.Contains(f.pids, pid) {
			return sample{}, fmt.Errorf("%s was not replaced", f.bed.names[i])
		}
	}
	f.pids = pids
	return newSample(c, last.since(began)), f.oneByOne()
}

// oneByOne checks that each daemon became ready at least the time after the one
// before it that a stop and a start take.
func (f *fleet) oneByOne() error {
	const least = 95 * time.Millisecond
	var before instant
	for _, name := range f.bed.names {
		r, err := f.bed.readReady(name)
		if err != nil {
			return err
		}
		if gap := r.at.since(before); gap < least {
			return fmt.Errorf("%s was replaced too early, it was ready %s after the one before", name, gap)
		}
		before = r.at
	}
	return nil
}

func (f *fleet) status(ctx context.Context) (sample, error) {
	c, err := f.do(ctx, "status")
	return newSample(c, 0), err
}
