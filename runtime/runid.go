package runtime

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// crockford is the alphabet of Crockford's base 32, which has no letters that
// are read as digits.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newRunID makes a ULID (github.com/ulid/spec): 48 bits of milliseconds and 80
// of randomness as 26 characters, so that ids sort by time.
func newRunID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(raw[6:]) // never fails: see crypto/rand
	hi, lo := binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])
	var id [26]byte
	for i := len(id) - 1; i >= 0; i-- {
		id[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(id[:])
}
