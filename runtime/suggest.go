package runtime

import (
	"fmt"
	"strings"
)

// Suggest gives `, did you mean "grace"?` when one of the known names is close
// to the unknown one, and nothing otherwise.
func Suggest(unknown string, known []string) string {
	best, distance := "", min(len(unknown)/4+2, len(unknown), 4)
	for _, k := range known {
		d := editDistance(strings.ToLower(unknown), strings.ToLower(k))
		if d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// editDistance counts single-letter edits and swaps of neighbours (the optimal
// string alignment distance): misspelt options are mostly one of these.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return len(a) + len(b)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
