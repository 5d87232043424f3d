package bindings

import (
	"errors"
	"sync/atomic"

	"github.com/cortexlua/cortexlua/bindings/internal/archive"
	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
	"github.com/cortexlua/cortexlua/runtime"
)

// This file holds the budgets of a run (see runtime.Limits) that primitives keep.

// programs counts the programs of process.run that are under way.
type programs struct{ n atomic.Int64 }

// enter takes a place, and gives the function that frees it.
func (p *programs) enter(c *runtime.Call) (leave func(), err error) {
	limit := int64(c.Limits().Processes)
	if n := p.n.Add(1); n > limit {
		p.n.Add(-1)
		return nil, runtime.LimitError("processes", limit, n)
	}
	return func() { p.n.Add(-1) }, nil
}

// fitsFile refuses a text that is too large for one file.
func fitsFile(c *runtime.Call, text string) error {
	if limit := int64(c.Limits().FileSize); int64(len(text)) > limit {
		return runtime.LimitError("file_size", limit, int64(len(text)))
	}
	return nil
}

// readWhole bounds what is read of a file: by what the caller asked for, which
// may be 0, and by the budget.
func readWhole(c *runtime.Call, asked int64) (limit int64, explain func(error) error) {
	budget := int64(c.Limits().FileSize)
	if asked > 0 && asked < budget {
		return asked, fileError
	}
	return budget, func(err error) error {
		if errors.Is(err, files.ErrTooLarge) {
			return runtime.LimitError("file_size", budget, 0)
		}
		return fileError(err)
	}
}

// jsonLimits are the budgets of a JSON text.
func jsonLimits(c *runtime.Call) jsonq.Limits {
	return jsonq.Limits{MaxBytes: int64(c.Limits().FileSize), MaxDepth: c.Limits().JSONDepth}
}

// jsonBudget turns a text that nests too deep into the error of that budget.
func jsonBudget(c *runtime.Call, err error) error {
	var over *jsonq.LimitError
	if errors.As(err, &over) && over.Depth > 0 {
		return runtime.LimitError("json_depth", int64(over.Depth), 0)
	}
	return nil
}

// fitsUnpacked refuses a backup that says it unpacks to more than the budget.
// What it says is proved while it is read, so it cannot unpack to more.
func fitsUnpacked(c *runtime.Call, m archive.Manifest) error {
	if limit := int64(c.Limits().Decompressed); m.Bytes() > limit {
		return runtime.LimitError("decompressed", limit, m.Bytes())
	}
	return nil
}
