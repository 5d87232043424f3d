package archive

import (
	"bytes"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// DefaultLevel of gzip: on text logs it is near level 6 in size and clearly
// faster in this library.
const DefaultLevel = 5

// packBlock is the unit that one worker packs. Blocks become gzip members of
// their own, which every gunzip reads as one stream; at this size the ratio
// suffers by less than one percent.
const packBlock = 1 << 20

// packer is a gzip writer that uses up to two processors once there is more than
// one block, and none beside the caller's for less.
type packer struct {
	w     io.Writer
	level int
	buf   []byte
	order chan chan packed // blocks in their order; nil until the second block
	done  chan struct{}
	// Fresh memory is dear (a page fault each 4 KB), so blocks, results and
	// the tables of the packers (a megabyte each) are used again.
	packers, blocks, results sync.Pool
	mu                       sync.Mutex
	err                      error
}

type packed struct {
	data *bytes.Buffer
	err  error
}

func newPacker(w io.Writer, level int) *packer {
	if level == 0 {
		level = DefaultLevel
	}
	return &packer{w: w, level: level, buf: make([]byte, 0, packBlock)}
}

func (p *packer) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		if len(p.buf) == packBlock {
			if err := p.flush(); err != nil {
				return 0, err
			}
		}
		n := copy(p.buf[len(p.buf):packBlock], b)
		p.buf = p.buf[:len(p.buf)+n]
		b = b[n:]
	}
	return total, nil
}

// flush hands a full block to a worker.
func (p *packer) flush() error {
	if p.order == nil {
		// Capacity bounds the blocks in flight, and so memory.
		p.order = make(chan chan packed, min(2, runtime.GOMAXPROCS(0)))
		p.done = make(chan struct{})
		go p.drain()
	}
	if err := p.failed(); err != nil {
		return err
	}
	slot := make(chan packed, 1)
	block := p.buf
	p.order <- slot
	if used, ok := p.blocks.Get().(*[]byte); ok {
		p.buf = (*used)[:0]
	} else {
		p.buf = make([]byte, 0, packBlock)
	}
	go func() {
		data, err := p.packOne(block)
		p.blocks.Put(&block)
		slot <- packed{data, err}
	}()
	return nil
}

// drain writes the packed blocks in order; after a failure it only empties.
func (p *packer) drain() {
	defer close(p.done)
	for slot := range p.order {
		block := <-slot
		if p.failed() != nil {
			continue
		}
		err := block.err
		if err == nil {
			_, err = p.w.Write(block.data.Bytes())
			p.results.Put(block.data)
		}
		if err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
		}
	}
}

func (p *packer) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Close packs the rest and waits for the workers; it must be called on every
// path. It does not close the writer below.
func (p *packer) Close() error {
	if p.order != nil {
		close(p.order)
		<-p.done
		p.order = nil
	}
	if err := p.failed(); err != nil {
		return err
	}
	data, err := p.packOne(p.buf)
	if err != nil {
		return err
	}
	p.buf = p.buf[:0]
	_, err = p.w.Write(data.Bytes())
	return err
}

func (p *packer) packOne(block []byte) (*bytes.Buffer, error) {
	out, ok := p.results.Get().(*bytes.Buffer)
	if !ok {
		out = new(bytes.Buffer)
		out.Grow(len(block)/4 + 64)
	}
	out.Reset()
	gz, ok := p.packers.Get().(*gzip.Writer)
	if ok {
		gz.Reset(out)
	} else {
		var err error
		if gz, err = gzip.NewWriterLevel(out, p.level); err != nil {
			return nil, err
		}
	}
	defer p.packers.Put(gz)
	if _, err := gz.Write(block); err != nil {
		return nil, err
	}
	return out, gz.Close()
}
