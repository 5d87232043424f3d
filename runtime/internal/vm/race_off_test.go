//go:build !race

package vm

const raceFactor = 1
