// Package jsonq reads and writes JSON and runs jq programs on it.
//
// Numbers stay exact: an integer is an int, or a *big.Int where an int cannot
// hold it, all through decoding, a query and encoding. Everything that comes
// from outside is bounded: the size of a text, how deep it nests, how long a
// number is, how many results a program gives. Time is bounded by the context;
// the memory that a program uses between its input and its results is not
// (gojq has no such limit), so a hostile program is left to the limits of the
// process.
//
// The language is jq as gojq speaks it. Differences that matter: keys come out
// sorted, integers are exact where jq rounds, the texts of caught errors are
// gojq's own, and env, input, debug and import are closed.
//
// The package is the only owner of gojq.
package jsonq
