//go:build race

package vm

// raceFactor stretches time limits: the race detector makes everything slower.
const raceFactor = 6
