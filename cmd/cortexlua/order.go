package main

import (
	"context"
	"slices"

	"github.com/cortexlua/cortexlua/runtime"
)

// order turns flags into what the run is allowed and given.
func (s *session) order(ctx context.Context, rb *runtime.Runbook, given map[string]any) (runtime.Order, error) {
	o, _, err := s.allowed(ctx, rb)
	if err != nil {
		return o, err
	}
	o.Params = given
	if s.flags.timeout != "" {
		if o.Timeout, err = runtime.ParseDuration(s.flags.timeout); err != nil || o.Timeout <= 0 {
			return o, usagef("--timeout %s: write a duration above zero, such as 5m", s.flags.timeout)
		}
	}
	return o, nil
}

// allowed says what the machine's policies and the flags allow a runbook, and what
// it asks for: its needs, or what a script without a header is given.
func (s *session) allowed(ctx context.Context, rb *runtime.Runbook) (o runtime.Order, asked []runtime.Permission, err error) {
	all, err := loadPolicies(ctx, s.machine, s.flags.policy)
	if err != nil {
		return o, nil, err
	}
	name := ""
	if rb.Header != nil {
		name = rb.Header.Name
	}
	o.Policy = all.layers(name)
	o.Operator = runtime.Layer{Name: "the operator (--deny)", Remedy: "leave out the --deny that covers %s", Allow: runtime.Everything()}
	if o.Operator.Deny, err = runtime.ParsePermissions(s.flags.deny); err != nil {
		return o, nil, usageError{err}
	}
	more, err := runtime.ParsePermissions(s.flags.allow)
	switch {
	case err != nil:
		return o, nil, usageError{err}
	case rb.Header != nil && len(more) > 0:
		return o, nil, usagef("--allow is for scripts without a header: add the permission to needs in %s", rb.Path)
	case rb.Header != nil:
		return o, rb.Header.Layer(rb.Path).Allow, nil
	}
	asked = slices.Concat(runtime.ReadOnly, more)
	script := runtime.Layer{Name: "a script without a header, which may only look", Remedy: "run it with --allow %s", Allow: asked}
	o.Policy = slices.Insert(o.Policy, 0, script)
	return o, asked, nil
}
