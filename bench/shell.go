package main

import "path/filepath"

// shell is the procedures that operators follow, as scripts.
func shell() *system {
	return &system{
		name:  "shell",
		needs: []string{"bash", "ps"},
		ops: map[string]func(*bed) job{
			"start": procedure("start.sh"), "stop": procedure("stop.sh"),
			"status": procedure("status.sh"), "rolling": procedure("rolling.sh"),
		},
		// Its restart of 8 sleeps for 56 s, and its status of 1,000 takes minutes.
		skip: func(op string, n, round int) bool {
			return round > 0 && (op == "rolling" || n >= 1000)
		},
	}
}

// shellVerify starts with the verification that the procedure asks for.
func shellVerify() *system {
	return &system{
		name:  "shell+verify",
		needs: []string{"bash", "ps"},
		ops:   map[string]func(*bed) job{"start": procedure("start-verify.sh")},
		skip:  func(_ string, n, _ int) bool { return n >= 1000 },
	}
}

func procedure(script string) func(*bed) job {
	return func(b *bed) job { return once("bash", filepath.Join(b.tools.shell, script)) }
}
